"""Rasters in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from napari_thunder.analysis.population.raster import RasterOrder
from tests.analysis.runner import compute, make_context
from tests.examples import Case

OF_GROUPS = {"raster_order": {"edge": 1.0}}
LEAST_FRAMES = {"raster_order": 3}


def waves(n: int = 300, noise: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Series (300, n) that peak one after the other, five times, shuffled; and when each does, from 0 to 1."""
    rng = np.random.default_rng(4)
    place = rng.permutation(n) / n
    phase = np.arange(300)[:, None] % 60
    bump = np.exp(-0.5 * ((phase - 5 - 50 * place) / 4) ** 2)
    return 100 + bump * rng.uniform(1, 4, n) + noise * rng.normal(size=(300, n)), place


def _sequence(noise: float, lag: float) -> float:
    series, place = waves(noise=noise)
    context = make_context(300, frame_times=np.arange(300.0))
    found = compute(RasterOrder(edge=1.0, n_nodes=50, lag=lag), context, series)["position"]
    return float(1 - spearmanr(found, place).statistic)


CASES = [
    Case(
        "raster_order", "planted order, 1 − Spearman's ρ", "300 rows in a sequence", lambda: _sequence(0.3, 0.0), 0.01
    ),
    Case("raster_order", "planted order, 1 − Spearman's ρ", "the same in noise", lambda: _sequence(1.0, 0.0), 0.05),
    Case("raster_order", "planted order, 1 − Spearman's ρ", "with a lag of 3 s", lambda: _sequence(0.3, 3.0), 0.01),
]
