import numpy as np
import pytest

from napari_thunder.registration import Shifts
from napari_thunder.registration.quality.traces import low_pass, shift_traces

SPACE = (3, 20, 30)


def test_drift_halves_the_power_of_changes_at_the_period():
    t = np.arange(4000)
    trace = np.sin(2 * np.pi * t / 100)[:, None]
    smooth = low_pass(trace, np.sqrt(np.log(2)) / (2 * np.pi) * 100)
    assert np.abs(smooth[1000:3000]).max() == pytest.approx(np.sqrt(0.5), rel=1e-3)


def test_drift_and_jitter_add_up_to_the_shift_and_keep_slow_and_quick_apart():
    t = np.arange(600)
    slow = 3 * np.sin(2 * np.pi * t / 600)
    quick = np.where(t % 2, 0.5, -0.5)
    values = np.zeros((600, 3))
    values[:, 1] = slow + quick
    traces = shift_traces(Shifts.rigid(values, SPACE), np.ones(600, bool), 60)
    np.testing.assert_allclose(traces.drift + traces.jitter, traces.shift)
    np.testing.assert_allclose(traces.jitter[100:500, 1], quick[100:500], atol=0.06)
    np.testing.assert_allclose(traces.speed[1:, 1], np.abs(np.diff(slow + quick)), atol=1e-6)
    assert np.isnan(traces.speed[0]).all()


def test_missing_frames_stay_missing_and_do_not_bend_the_drift():
    values = np.tile([0.0, 2.0, -1.0], (200, 1))
    values[50] = np.nan
    keep = np.ones(200, bool)
    keep[120:140] = False
    traces = shift_traces(Shifts.rigid(values, SPACE), keep, 30)
    known = keep.copy()
    known[50] = False
    assert np.isnan(traces.drift[~known]).all()
    np.testing.assert_allclose(traces.drift[known], np.broadcast_to([0, 2, -1], (known.sum(), 3)), atol=1e-9)
    assert np.isnan(traces.speed[51]).all()
    assert np.isnan(traces.speed[140]).all()


def test_spread_is_the_standard_deviation_over_blocks():
    rng = np.random.default_rng(0)
    planes = rng.standard_normal((5, 3, 2))
    traces = shift_traces(Shifts.of_planes(planes, SPACE), np.ones(5, bool), 3)
    np.testing.assert_allclose(traces.spread[:, 1:], planes.std(axis=1), rtol=1e-5)
    np.testing.assert_allclose(traces.shift[:, 1:], planes.mean(axis=1), atol=1e-6)


def test_recordings_without_any_estimated_frame_have_no_traces():
    traces = shift_traces(Shifts.rigid(np.full((4, 3), np.nan), SPACE), np.ones(4, bool), 60)
    assert np.isnan(traces.drift).all()
