"""Summary images keep their digits and say where voxels are saturated."""

from __future__ import annotations

import numpy as np

from napari_thunder.analysis import SummaryImages
from tests.analysis.runner import compute


def test_a_large_baseline_costs_no_digits(tiny, series):
    near, far = compute(SummaryImages(), tiny, series), compute(SummaryImages(), tiny, series + 1e6)
    np.testing.assert_allclose(far["std"], near["std"], rtol=1e-9)
    np.testing.assert_allclose(far["skewness"], near["skewness"], rtol=1e-7)
    np.testing.assert_allclose(far["slow_share"], near["slow_share"], rtol=1e-7)


def test_noise_is_what_is_new_in_every_frame(tiny):
    rng = np.random.default_rng(0)
    noise = rng.normal(100, 3, (260, 12))
    found = compute(SummaryImages(), tiny, noise + 200 * np.linspace(0, 1, 260)[:, None] ** 2)
    np.testing.assert_allclose(found["noise"], 3, rtol=0.2)
    assert (found["slow_share"] > 0.98).all()
    assert np.abs(compute(SummaryImages(), tiny, noise)["slow_share"]).max() < 0.2


def test_saturated_frames_are_counted(tiny, series):
    series[10:36, 3], series[:, 4] = 4095, 4095
    found = compute(SummaryImages(saturated_at=4095), tiny, series)["saturated"]
    assert found[3] == 0.1
    assert np.isnan(found[4]), "it is constant"
    assert not np.delete(found, [3, 4]).any()
