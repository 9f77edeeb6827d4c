"""Preprocessing."""

from __future__ import annotations

STEPS = {"remove_signals": {"signals": ("swim",)}}
