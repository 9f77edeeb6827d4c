"""Correlation."""

from __future__ import annotations

import numpy as np
from scipy.stats import pearsonr

from napari_thunder.analysis.correlation.signals import Correlation
from tests.analysis.runner import compute, make_context
from tests.examples import Case

MADE = {"correlation": {"events_by": (), "signals": ("swim",), "max_lag": 1.0}}
ON_FISH = {"correlation": {"events_by": (), "signals": ("swim",), "max_lag": 2.0}}
LEAST_FRAMES = {"correlation": 3}


def _against_pearson() -> float:
    import pandas as pd

    rng = np.random.default_rng(0)
    swim, series = rng.normal(size=200), rng.normal(size=(200, 20)).cumsum(axis=0)
    signals = pd.DataFrame({"swim": swim}, index=pd.RangeIndex(200, name="frame"))
    context = make_context(200, frame_times=np.arange(200.0), signals=signals)
    found = compute(Correlation(signals=("swim",)), context, series)["r"].ravel()
    return float(np.abs(found - [pearsonr(swim, one).statistic for one in series.T]).max())


A9 = np.array([1, 2, -4, 5, 8, 3, 4.1, 0.9, 2.3])
B9 = np.array([2, 2, -4, 5, 3.1, 4.5, 8.2, 8.1, 9.1])
S9 = np.array([1.5, 2.1, -4.2, 5.6, 8.1, 3.9, 4.2, 0.3, 2.1])


def _thunder() -> float:
    import pandas as pd

    signals = pd.DataFrame({"s": S9}, index=pd.RangeIndex(9, name="frame"))
    context = make_context(9, frame_times=np.arange(9.0), signals=signals)
    analysis = Correlation(signals=("s",), max_lag=2.0, overlap=False)
    found = compute(analysis, context, np.column_stack([A9, B9]))["r_lagged"][0]
    wanted = [[-0.18512, 0.03817, 0.99222, 0.06567, -0.25751], [-0.35119, -0.14190, 0.44778, -0.00408, 0.45436]]
    return float(np.abs(found.T - wanted).max())


CASES = [
    Case("correlation", "scipy.stats.pearsonr", "20 random walks with a signal", _against_pearson),
    Case("correlation", "Thunder's known answers 11 and 12", "two of 9 numbers, lags −2 to 2", _thunder, 1e-5),
]
