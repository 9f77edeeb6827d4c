"""What is taken out before an analysis: frequencies as in scipy, signals as by least squares, silent voxels."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from napari_thunder.analysis.preprocessing import RemoveSignals, Squelch, TemporalFilter
from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import make_context

Series = NDArray[np.float64]


def done(step: object, context: Context, movie: Series) -> Series:
    function = pickle.loads(pickle.dumps(step.bind(context)))  # type: ignore[attr-defined]
    return function(movie[context.keep].copy())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("low", "high", "kind", "cutoff"),
    [(0, 0.3, "lowpass", 0.3), (0.05, 0, "highpass", 0.05), (0.05, 0.3, "bandpass", (0.05, 0.3))],
)
def test_a_filter_is_scipy_s(tiny: Context, series: Series, low: float, high: float, kind: str, cutoff: object) -> None:
    found = done(TemporalFilter(low=low, high=high, order=3, keep_mean=False), tiny, series)
    sections = signal.butter(3, cutoff, kind, fs=2, output="sos")
    expected = signal.sosfiltfilt(sections, series - series.mean(0), axis=0, padlen=3 * (2 * len(sections) + 1))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_slow_wave_passes_and_a_fast_one_does_not() -> None:
    times = np.arange(400) / 4
    slow, fast = np.sin(2 * np.pi * 0.02 * times), np.sin(2 * np.pi * 1.0 * times)
    context = make_context(400, frame_times=times)
    found = done(TemporalFilter(high=0.2), context, (100 + slow + fast)[:, None])
    np.testing.assert_allclose(found[20:-20, 0], 100 + slow[20:-20], atol=0.02)


def test_excluded_frames_do_not_count_in_a_filter(tiny: Context, series: Series) -> None:
    keep = np.ones(260, bool)
    keep[[0, 77, 78]] = False
    spoilt = series.copy()
    spoilt[~keep] = 1e6
    context = make_context(260, keep, frame_times=tiny.frame_times)
    found = done(TemporalFilter(high=0.3), context, spoilt)
    assert found.shape == (257, 12)
    np.testing.assert_array_equal(found, done(TemporalFilter(high=0.3), context, series))
    assert np.abs(found - series[keep]).max() < 5


def test_voxels_that_are_constant_or_have_nan_stay_so(tiny: Context, series: Series) -> None:
    series[:, 1] = 3
    series[5, 2] = np.nan
    found = done(TemporalFilter(), tiny, series)
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


@pytest.mark.parametrize("derivatives", [False, True])
def test_what_signals_explain_is_taken_out_as_by_least_squares(
    tiny: Context, series: Series, derivatives: bool
) -> None:
    found = done(RemoveSignals(signals=("swim", "tail"), derivatives=derivatives), tiny, series)
    x = tiny.signals.to_numpy()
    if derivatives:
        x = np.concatenate([x, np.gradient(x, axis=0)], axis=1)
    x = x - x.mean(0)
    expected = series - x @ np.linalg.lstsq(x, series - series.mean(0), rcond=None)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_motion_is_taken_out_where_it_is_known(series: Series) -> None:
    motion = np.random.default_rng(0).normal(size=(260, 3))
    moved = series + motion @ np.ones((3, 12)) * 20
    found = done(RemoveSignals(motion=True), make_context(260, motion=motion), moved)
    assert np.abs(np.corrcoef(motion.T, found.T)[:3, 3:]).max() < 1e-9
    with pytest.raises(AnalysisError, match="Register it first"):
        RemoveSignals(motion=True).bind(make_context(260))
    motion[7] = np.nan
    with pytest.raises(AnalysisError, match="frame 7"):
        RemoveSignals(motion=True).bind(make_context(260, motion=motion))
    done(RemoveSignals(motion=True), make_context(260, np.arange(260) != 7, motion=motion), moved)


def test_nothing_to_take_out_is_said(tiny: Context) -> None:
    with pytest.raises(AnalysisError, match="give signals="):
        RemoveSignals().bind(tiny)


def test_silent_voxels_are_squelched(tiny: Context, series: Series) -> None:
    threshold = float(np.median(series.max(0)))
    found = done(Squelch(threshold=threshold), tiny, series)
    loud = series.max(0) >= threshold
    assert 0 < loud.sum() < 12
    np.testing.assert_array_equal(found[:, loud], series[:, loud])
    assert not found[:, ~loud].any()
