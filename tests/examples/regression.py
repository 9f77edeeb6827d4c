"""Regression."""

from __future__ import annotations

MADE = {"regression": {"events_by": ("direction",), "signals": ("swim",), "kernel": "GCaMP6s"}}
ON_FISH = {"regression": {"events_by": ("direction",), "signals": ("swim",), "kernel": "GCaMP6s"}}
