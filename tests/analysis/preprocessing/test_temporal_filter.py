"""Frequencies go as with scipy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from napari_thunder.analysis import TemporalFilter
from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import make_context, stepped

Series = NDArray[np.float64]


@pytest.mark.parametrize(
    ("low", "high", "kind", "cutoff"),
    [(0, 0.3, "lowpass", 0.3), (0.05, 0, "highpass", 0.05), (0.05, 0.3, "bandpass", (0.05, 0.3))],
)
def test_a_filter_is_scipy_s(tiny: Context, series: Series, low: float, high: float, kind: str, cutoff: object) -> None:
    found = stepped(TemporalFilter(low=low, high=high, order=3, keep_mean=False), tiny, series)
    sections = signal.butter(3, cutoff, kind, fs=2, output="sos")
    expected = signal.sosfiltfilt(sections, series - series.mean(0), axis=0, padlen=3 * (2 * len(sections) + 1))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_slow_wave_passes_and_a_fast_one_does_not() -> None:
    times = np.arange(400) / 4
    slow, fast = np.sin(2 * np.pi * 0.02 * times), np.sin(2 * np.pi * 1.0 * times)
    context = make_context(400, frame_times=times)
    found = stepped(TemporalFilter(high=0.2), context, (100 + slow + fast)[:, None])
    np.testing.assert_allclose(found[20:-20, 0], 100 + slow[20:-20], atol=0.02)


def test_excluded_frames_do_not_count_in_a_filter(tiny: Context, series: Series) -> None:
    keep = np.ones(260, bool)
    keep[[0, 77, 78]] = False
    spoilt = series.copy()
    spoilt[~keep] = 1e6
    context = make_context(260, keep, frame_times=tiny.frame_times)
    found = stepped(TemporalFilter(high=0.3), context, spoilt)
    assert found.shape == (257, 12)
    np.testing.assert_array_equal(found, stepped(TemporalFilter(high=0.3), context, series))
    assert np.abs(found - series[keep]).max() < 5


def test_voxels_that_are_constant_or_have_nan_stay_so(tiny: Context, series: Series) -> None:
    series[:, 1] = 3
    series[5, 2] = np.nan
    found = stepped(TemporalFilter(), tiny, series)
    np.testing.assert_array_equal(found[:, 1], 3)
    assert np.isnan(found[:, 2]).all()
    assert np.isfinite(np.delete(found, 2, 1)).all()


def test_what_cannot_be_filtered_is_said(tiny: Context) -> None:
    for step, message in (
        (TemporalFilter(high=0), "give low=, high= or both"),
        (TemporalFilter(low=0.5, high=0.2), "must be below"),
        (TemporalFilter(high=1), "not below half the frame rate, 1 Hz"),
    ):
        with pytest.raises(AnalysisError, match=message):
            step.bind(tiny)
    with pytest.raises(MissingMetadataError):
        TemporalFilter().bind(make_context(10))
