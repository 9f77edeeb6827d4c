"""Summary images."""

from __future__ import annotations

MADE = {"summary_images": {}}
