"""Correlation of and with regions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.correlation.matrix import CorrelationMatrix
from napari_thunder.analysis.correlation.seed import SeedCorrelation
from napari_thunder.regions import Region, region_of_mask
from tests.analysis.runner import compute, dataset, make_context
from tests.examples import Case

MADE = {"seed_correlation": {"spare": 0.0, "max_lag": 1.0, "inside": "others"}}
OF_GROUPS = {"correlation_matrix": {}}
LEAST_FRAMES = {"seed_correlation": 4, "correlation_matrix": 3}


def side_by_side(n_regions: int, width: int, n_voxels: int) -> tuple[Region, ...]:
    """Regions of so many of the voxels in a row, from the first on."""
    at = np.arange(n_voxels).reshape(1, 1, -1) // width
    return tuple(region_of_mask(at == i, f"region {i + 1}", "#ff0000") for i in range(n_regions))


def together(n_voxels: int = 40) -> NDArray[np.float64]:
    """Series (300, voxels) that change slowly and share something."""
    rng = np.random.default_rng(6)
    shared = rng.normal(size=(300, 3)).cumsum(axis=0)
    return 50 + shared @ rng.normal(size=(3, n_voxels)) / 3 + rng.normal(size=(300, n_voxels))


def _matrix() -> float:
    context = make_context(300, regions=side_by_side(8, 4, 40))
    found = compute(CorrelationMatrix(order="as drawn"), context, together())["r"]
    means = together()[:, :32].reshape(300, 8, 4).mean(axis=2)
    return float(np.abs(found - np.corrcoef(means.T)).max())


def _partial() -> float:
    """Correlation of what is left of two when all others are taken out, by least squares."""
    context = make_context(300, regions=side_by_side(6, 4, 40))
    found = compute(CorrelationMatrix(partial=True, order="as drawn"), context, together())["r"]
    means = together()[:, :24].reshape(300, 6, 4).mean(axis=2)
    others = np.column_stack([np.ones(300), means[:, [1, 2, 4, 5]]])
    left = means[:, [0, 3]] - others @ np.linalg.lstsq(others, means[:, [0, 3]], rcond=None)[0]
    return float(abs(found[0, 3] - np.corrcoef(left.T)[0, 1]))


def _seed(without_global: bool) -> float:
    context = make_context(300, regions=side_by_side(1, 5, 40))
    series = together()
    found = compute(SeedCorrelation(without_global=without_global), context, series)["r"]
    if without_global:
        shared = np.column_stack([np.ones(300), series.mean(axis=1)])
        series = series - shared @ np.linalg.lstsq(shared, series, rcond=None)[0]
    wanted = np.corrcoef(series[:, :5].mean(axis=1), series.T)[0, 1:]
    return float(np.abs(found - wanted).max())


def _leave_one_out() -> float:
    context = make_context(300, regions=side_by_side(1, 5, 40))
    found = dataset(SeedCorrelation(spare=0, inside="others"), context, together())["r"].values.ravel()[:5]
    own = together()[:, :5]
    wanted = [np.corrcoef(np.delete(own, i, axis=1).mean(axis=1), own[:, i])[0, 1] for i in range(5)]
    return float(np.abs(found - wanted).max())


CASES = [
    Case("correlation_matrix", "numpy.corrcoef", "means of 8 regions", _matrix),
    Case("correlation_matrix", "numpy.corrcoef of residuals", "partial, two of 6 regions", _partial),
    Case("seed_correlation", "numpy.corrcoef", "40 slow series", lambda: _seed(False)),
    Case("seed_correlation", "numpy.corrcoef of residuals", "without the global mean", lambda: _seed(True)),
    Case("seed_correlation", "numpy.corrcoef", "voxels of the seed with the mean of the others", _leave_one_out, 1e-6),
]
