"""By frequency."""

from __future__ import annotations

MADE = {"band_power": {}, "fourier": {}}
LEAST_FRAMES = {"band_power": 4, "fourier": 6}
