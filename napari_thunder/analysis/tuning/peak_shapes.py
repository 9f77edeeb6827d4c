"""Shapes of peaks that are fitted to tuning curves; see `fitting.Shape`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_thunder.analysis.tuning.angles import Values
from napari_thunder.analysis.tuning.fitting import Peaks

_WIDEST, _NARROWEST = 0.1, 20.0
"""Bounds of the concentration k."""

_TURNS = 24
_CONCENTRATIONS = 6

_PLACES_PER_STEP = 2
_WIDTHS = 6


@dataclass(frozen=True, slots=True)
class VonMisesPeaks:
    """exp(k (cos(θ - μ - iπ) - 1)) for peaks i = 0 … n_peaks - 1; the place is μ in rad, the width 1 / k.

    `radians` (conditions,) are θ of directions, twice θ of orientations.
    """

    radians: Values
    n_peaks: int

    @property
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """See `Shape.bounds`; the log width is here log k."""
        return (-np.inf, np.inf), (float(np.log(_WIDEST)), float(np.log(_NARROWEST)))

    @property
    def positive_baseline(self) -> bool:
        """See `Shape.positive_baseline`."""
        return True

    @property
    def grid(self) -> tuple[Values, Values]:
        """See `Shape.grid`: with two peaks, half a turn holds all there is."""
        n = _TURNS // self.n_peaks
        places = np.arange(n) * 2 * np.pi / _TURNS
        return places, np.log(np.geomspace(2 * _WIDEST, 0.8 * _NARROWEST, _CONCENTRATIONS))

    def peaks(self, place: Values, log_width: Values) -> Values:
        """See `Shape.peaks`."""
        return np.asarray(np.exp(np.exp(log_width) * (np.cos(self._away(place)) - 1)))

    def with_derivatives(self, place: Values, log_width: Values) -> Peaks:
        """See `Shape.with_derivatives`."""
        away, k = self._away(place), np.exp(log_width)
        cos, ksin = np.cos(away), k * np.sin(away)
        drop = k * (cos - 1)
        value = np.exp(drop)
        return Peaks(
            value,
            ksin * value,
            drop * value,
            (ksin**2 - k * cos) * value,
            ksin * (1 + drop) * value,
            drop * (1 + drop) * value,
        )

    def _away(self, place: Values) -> Values:
        """(conditions, peaks, n) rad from each peak."""
        peak = np.arange(self.n_peaks)[:, None] * np.pi
        return np.asarray(self.radians[:, None, None] - place - peak)


@dataclass(frozen=True, slots=True)
class GaussianPeak:
    """exp(-(x - x₀)² / (2 s²)), x in steps between values; the place is x₀, the width s.

    `x` (conditions,) rises from 0.
    """

    x: Values

    @property
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """See `Shape.bounds`: a step beyond the values; from a third of a step to all of them."""
        last = float(self.x[-1])
        return (-1.0, last + 1), (float(np.log(1 / 3)), float(np.log(last)))

    @property
    def positive_baseline(self) -> bool:
        """See `Shape.positive_baseline`."""
        return False

    @property
    def grid(self) -> tuple[Values, Values]:
        """See `Shape.grid`."""
        (low, high), (narrow, wide) = self.bounds
        return np.linspace(low, high, int(_PLACES_PER_STEP * (high - low)) + 1), np.linspace(narrow, wide, _WIDTHS)

    def peaks(self, place: Values, log_width: Values) -> Values:
        """See `Shape.peaks`."""
        return np.asarray(np.exp(-(self._away(place, log_width) ** 2) / 2))

    def with_derivatives(self, place: Values, log_width: Values) -> Peaks:
        """See `Shape.with_derivatives`."""
        q, s = self._away(place, log_width), np.exp(log_width)
        square = q * q
        value = np.exp(-square / 2)
        return Peaks(
            value,
            q / s * value,
            square * value,
            (square - 1) / s**2 * value,
            (square - 2) * q / s * value,
            (square - 2) * square * value,
        )

    def _away(self, place: Values, log_width: Values) -> Values:
        """(conditions, 1, n) distance from the peak in widths."""
        return np.asarray((self.x[:, None, None] - place) / np.exp(log_width))
