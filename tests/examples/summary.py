"""Summary images and the baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

import napari_thunder as nt
from tests.examples import Case

MADE: dict[str, dict[str, Any]] = {"summary_images": {}, "baseline": {"floor": 4.0, "floor_unit": "noise"}}

Values = NDArray[np.float64]


def _movie() -> Values:
    movie = np.random.default_rng(2).gamma(2, 50, (90, 3, 8, 9))
    movie[:, 0, 0, 0] += ndimage.gaussian_filter1d(movie[:, 1, 1, 1], 5) * 10
    return movie


def _of(name: str, analysis: Any, expected: Values) -> float:
    found = nt.run(analysis, nt.Recording.from_array(_movie(), frame_rate=1.0))[name].values
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _steps(movie: Values) -> Values:
    return np.diff(movie, axis=0)


_EXPECTED = {
    "mean": ("numpy", lambda m: m.mean(0)),
    "std": ("numpy", lambda m: m.std(0)),
    "max": ("numpy", lambda m: m.max(0)),
    "min": ("numpy", lambda m: m.min(0)),
    "max_minus_mean": ("numpy", lambda m: m.max(0) - m.mean(0)),
    "tsnr": ("numpy", lambda m: m.mean(0) / m.std(0)),
    "skewness": ("scipy.stats.skew", lambda m: stats.skew(m, axis=0)),
    "noise": ("numpy", lambda m: np.sqrt((_steps(m) ** 2).mean(0) / 2)),
    "slow_share": ("numpy", lambda m: 1 - (_steps(m) ** 2).mean(0) / 2 / m.var(0)),
    "saturated": ("numpy", lambda m: (m >= 250).mean(0)),
}

CASES = [
    *(
        Case(
            "summary_images",
            oracle,
            f"{name} of gamma noise",
            lambda name=name, expected=expected: _of(  # type: ignore[misc]
                name, nt.SummaryImages(saturated_at=250), expected(_movie())
            ),
            1e-6,
        )
        for name, (oracle, expected) in _EXPECTED.items()
    ),
    Case(
        "baseline",
        "numpy.percentile",
        "percentile 20 of gamma noise",
        lambda: _of("f0", nt.Baseline(), np.percentile(_movie(), 20, axis=0)),
        1e-6,
    ),
    Case(
        "baseline",
        "scipy.stats.median_abs_deviation",
        "noise of gamma noise",
        lambda: _of(
            "noise", nt.Baseline(), stats.median_abs_deviation(_steps(_movie()), center=_zero) * 1.4826 / np.sqrt(2)
        ),
        1e-6,
    ),
]


def _zero(values: Values, axis: int) -> Values:
    return np.zeros(np.delete(values.shape, axis))
