"""Event averages."""

from __future__ import annotations

MADE = {"event_average": {"by": ("direction",), "time_course": True}}
