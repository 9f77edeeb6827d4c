"""Tuning."""

from __future__ import annotations

MADE = {"direction_tuning": {}}
