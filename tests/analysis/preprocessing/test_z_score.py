"""z-scores are those of scipy; what has none becomes NaN."""

from __future__ import annotations

import numpy as np
from scipy import stats

from napari_thunder.analysis import DeltaFOverF, Detrend, SummaryImages, ZScore
from tests.analysis.preprocessing.applied import applied
from tests.analysis.runner import make_context


def test_z_score_is_that_of_scipy(series):
    np.testing.assert_allclose(applied(ZScore(), series), stats.zscore(series, axis=0), rtol=1e-9, atol=1e-12)
    assert np.isnan(applied(ZScore(), np.full((9, 2), 0.1))).all()


def test_a_chain_ends_in_nan_maps_where_nothing_is_left():
    context = make_context(50, frame_times=np.arange(50.0))
    series = np.column_stack([100 + 3 * np.arange(50.0), np.full(50, 8.0), np.zeros(50)])
    for step in (Detrend(), DeltaFOverF(), ZScore()):
        series = step.bind(context)(series)
    assert np.isnan(SummaryImages().plan(context).compute(series)["std"]).all()
