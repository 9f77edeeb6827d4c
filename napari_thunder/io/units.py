"""Lengths and times in the units that files give them in."""

from __future__ import annotations

import math
from typing import Any

_MICROMETRES = {
    "angstrom": 1e-4,
    "å": 1e-4,
    "nanometer": 1e-3,
    "nanometers": 1e-3,
    "nm": 1e-3,
    "micrometer": 1.0,
    "micrometers": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "um": 1.0,
    "µm": 1.0,
    "\\u00b5m": 1.0,
    "millimeter": 1e3,
    "millimeters": 1e3,
    "mm": 1e3,
    "centimeter": 1e4,
    "centimeters": 1e4,
    "cm": 1e4,
    "meter": 1e6,
    "meters": 1e6,
    "m": 1e6,
    "inch": 25_400.0,
}
_SECONDS = {
    "nanosecond": 1e-9,
    "ns": 1e-9,
    "microsecond": 1e-6,
    "µs": 1e-6,
    "us": 1e-6,
    "millisecond": 1e-3,
    "ms": 1e-3,
    "msec": 1e-3,
    "second": 1.0,
    "sec": 1.0,
    "s": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "h": 3600.0,
}


def micrometres(length: Any, unit: str | None) -> float | None:
    """A length in µm, or None if it is not a positive number or the unit is not one of length."""
    return _converted(length, unit, _MICROMETRES)


def seconds(time: Any, unit: str | None) -> float | None:
    """A time in s, or None if it is not a positive number or the unit is not one of time."""
    return _converted(time, unit, _SECONDS)


def _converted(number: Any, unit: str | None, units: dict[str, float]) -> float | None:
    factor = units.get(str(unit).strip().lower().replace("μ", "µ"))
    try:
        found = float(number) * factor if factor else 0.0
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) and found > 0 else None
