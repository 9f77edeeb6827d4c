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


CASES = [Case("correlation", "scipy.stats.pearsonr", "20 random walks with a signal", _against_pearson)]
