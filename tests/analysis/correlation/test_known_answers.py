"""Thunder's known answers for correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis.correlation.signals import Correlation
from napari_thunder.analysis.registry import steps
from tests.analysis.runner import compute, make_context
from tests.examples.correlation import A9, B9, S9


def _r(signal, series, **options):
    signals = pd.DataFrame({"s": signal}, index=pd.RangeIndex(len(signal), name="frame"))
    context = make_context(len(signal), frame_times=np.arange(float(len(signal))), signals=signals)
    return compute(Correlation(signals=("s",), **options), context, series)


def test_11_correlation_at_once():
    assert _r(S9, A9[:, None])["r"][0, 0] == pytest.approx(0.992218, abs=1e-6)


def test_12_correlation_with_a_lag():
    found = _r(S9, np.column_stack([A9, B9]), max_lag=2.0, overlap=False)["r_lagged"][0]
    expected = [[-0.18512, 0.03817, 0.99222, 0.06567, -0.25751], [-0.35119, -0.14190, 0.44778, -0.00408, 0.45436]]
    np.testing.assert_allclose(found.T, expected, atol=1e-5)


def test_24_a_series_correlates_with_itself_by_one():
    assert _r(A9, A9[:, None])["r"][0, 0] == pytest.approx(1, abs=1e-12)


def test_24_a_threshold_above_all_values_leaves_zeros():
    context = make_context(9)
    squelched = steps()["squelch"](threshold=10.0).bind(context)(A9[:, None].copy())
    assert (squelched == 0).all()


def test_24_z_scores_have_mean_0_and_sd_1():
    scored = steps()["z_score"]().bind(make_context(9))(np.column_stack([A9, B9]))
    np.testing.assert_allclose(scored.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scored.std(axis=0), 1, rtol=1e-12)
