"""Summary images and the baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage, stats

import napari_thunder as nt
from tests.examples import Case

MADE: dict[str, dict[str, Any]] = {
    "summary_images": {},
    "baseline": {"floor": 4.0, "floor_unit": "noise"},
    "projection": {"of": "std", "axis": "y"},
    "weighted_sums": {"signals": ("swim", "tail")},
}
OF_GROUPS: dict[str, dict[str, Any]] = {"frame_similarity": {}}
ON_FISH: dict[str, dict[str, Any]] = {"weighted_sums": {"signals": ("swim",)}}

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


_A = np.array([[1, 2, 3], [4, 5, 6]])

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
    *(
        Case("frame_similarity", oracle, "voxels of two brightnesses", lambda m=m, e=e: _between_frames(m, e), 1e-9)  # type: ignore[misc]
        for m, oracle, e in (
            ("correlation", "numpy.corrcoef", np.corrcoef),
            ("covariance", "numpy.cov", np.cov),
            ("gramian", "numpy", lambda y: y @ y.T),
        )
    ),
    *(
        Case("frame_similarity", "Thunder's known answer 47", m, lambda m=m, e=e: _thunder_47(m, e))  # type: ignore[misc]
        for m, e in (("gramian", _A.T @ _A), ("covariance", np.cov(_A.T)))
    ),
    Case("weighted_sums", "Thunder's known answer 47", "A B", lambda: _times()),
    *(
        Case("projection", "Thunder's known answer 48", how, lambda how=how: _thunder_48(how))  # type: ignore[misc]
        for how in ("max", "max_plus_min")
    ),
]


def _between_frames(measure: str, expected: Any) -> float:
    movie = _movie() + 1e4 * (np.arange(9) > 4)
    result = nt.run(nt.FrameSimilarity(measure=measure), nt.Recording.from_array(movie), preprocess=["downsample"])
    whole = expected(movie.reshape(45, 2, -1).mean(axis=1))
    return float(np.abs(result["similarity"].values - whole).max() / np.abs(whole).max())


def _of_rows(rows: Values) -> nt.Recording:
    """A recording of voxels whose series are the rows."""
    return nt.Recording.from_array(rows.T[:, None, None, :].astype(float))


def _thunder_47(measure: str, expected: Values) -> float:
    found = nt.run(nt.FrameSimilarity(measure=measure), _of_rows(_A))["similarity"].values
    return float(np.abs(found - expected).max())


def _times() -> float:
    weights = pd.DataFrame([[7, 8], [9, 10], [11, 12]], columns=["a", "b"])
    found = nt.run(nt.WeightedSums(design=weights), _of_rows(_A))["weighted_sum"].values[:, 0, 0]
    return float(np.abs(found.T - [[58, 64], [139, 154]]).max())


def _thunder_48(how: str) -> float:
    """The picture of 4 × 6 voxels, every second one, seen through three planes the middle one of which is brightest."""
    plane = np.arange(24.0).reshape(4, 6)
    volume = np.stack([plane - 3, plane, plane - 1])
    movie = np.stack([volume - 50, volume])  # the maximum over time is the volume
    found = nt.run(nt.Projection(how=how, step=2), nt.Recording.from_array(movie))["projection"].values
    expected = np.array([[0, 2, 4], [12, 14, 16]])
    return float(np.abs(found - (expected if how == "max" else 2 * expected - 3)).max())


def _zero(values: Values, axis: int) -> Values:
    return np.zeros(np.delete(values.shape, axis))
