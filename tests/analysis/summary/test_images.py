"""Summary images are those of numpy and scipy."""

from __future__ import annotations

import numpy as np
from scipy import stats

from napari_thunder.analysis import SummaryImages
from tests.analysis.runner import compute


def test_summary_images_are_those_of_numpy_and_scipy(tiny, series):
    found = compute(SummaryImages(), tiny, series)
    expected = {
        "mean": series.mean(0),
        "std": series.std(0),
        "max": series.max(0),
        "tsnr": series.mean(0) / series.std(0),
        "skewness": stats.skew(series, axis=0),
    }
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, err_msg=name)


def test_a_large_baseline_costs_no_digits(tiny, series):
    near, far = compute(SummaryImages(), tiny, series), compute(SummaryImages(), tiny, series + 1e6)
    np.testing.assert_allclose(far["std"], near["std"], rtol=1e-9)
    np.testing.assert_allclose(far["skewness"], near["skewness"], rtol=1e-7)
