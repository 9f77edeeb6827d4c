"""After steps that average or cut out trials, what follows sees a recording of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.analysis import AveragePanels, AverageTrials, CutTrials, EventAverage, SelectFrames
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import compute, make_context


def test_the_average_trial_is_that_of_the_event_average(tiny, series):
    step = AverageTrials(("direction",), first_lag=-1, last_lag=3, baseline=1)
    found = step.bind(tiny)(series.copy()).reshape(4, 9, 12)
    analysis = EventAverage(("direction",), baseline=1, before=1, after=3, time_course=True)
    np.testing.assert_allclose(found, compute(analysis, tiny, series)["average"], rtol=1e-10, atol=1e-10)


def test_average_trials_have_an_event_each_and_signals_of_their_own(tiny, series):
    step = AverageTrials(("direction",), first_lag=-1, last_lag=3)
    after = step.after(tiny)
    assert (after.n_frames, after.n_kept) == (36, 36)
    np.testing.assert_allclose(np.diff(after.frame_times), 0.5)
    assert after.events["direction"].tolist() == [0, 90, 180, 270]
    np.testing.assert_allclose(after.events["start_time"], 1 + 4.5 * np.arange(4))
    np.testing.assert_allclose(after.events["stop_time"], 4 + 4.5 * np.arange(4))
    expected = step.bind(tiny)(tiny.signals[["swim"]].to_numpy().copy())
    np.testing.assert_allclose(after.signals["swim"], expected[:, 0])
    again = compute(EventAverage(("direction",), baseline=1), after, step.bind(tiny)(series.copy()))
    once = compute(EventAverage(("direction",), baseline=1), tiny, series)
    np.testing.assert_allclose(again["response"], once["response"], rtol=1e-9, atol=1e-9)


def test_cut_trials_keep_the_columns_of_their_events_and_the_motion(tiny):
    motion = np.arange(780.0).reshape(260, 3)
    context = dataclasses.replace(tiny, motion=motion)
    after = CutTrials(only=("speed=2",), first_lag=0, last_lag=2.5).after(context)
    assert after.n_frames == 8 * 6
    assert after.events["direction"].tolist() == [0, 90, 180, 270] * 2
    starts = (2 * tiny.events["start_time"][8:].to_numpy()).astype(int)
    np.testing.assert_allclose(after.motion, np.concatenate([motion[s : s + 6] for s in starts]))


def test_lags_without_a_kept_frame_are_excluded_frames(series):
    events = pd.DataFrame({"start_time": [10.0, 20], "stop_time": [12.0, 22], "kind": ["a", "b"]})
    keep = np.ones(260, bool)
    keep[11] = False
    context = make_context(260, keep, frame_times=np.arange(260.0), events=events)
    step = AverageTrials(("kind",), first_lag=-1, last_lag=2)
    assert step.after(context).keep.tolist() == [True, True, False, True, True, True, True, True]
    np.testing.assert_allclose(step.bind(context)(series[keep]), series[[9, 10, 12, 19, 20, 21, 22]])


def test_excluded_frames_are_left_out_of_panels(series):
    keep = np.ones(260, bool)
    keep[[3, 13, 23]] = False
    context = make_context(260, keep)
    folded = np.where(keep[:, None], series, np.nan).reshape(26, 10, 12)
    np.testing.assert_allclose(AveragePanels(10).bind(context)(series[keep]), np.nanmean(folded, axis=0))
    keep[3::10] = False
    after = AveragePanels(10).after(make_context(260, keep))
    assert np.flatnonzero(~after.keep).tolist() == [3]
    assert AveragePanels(10).bind(make_context(260, keep))(series[keep]).shape == (9, 12)


def test_frames_outside_events_can_be_chosen(tiny, series):
    inside, outside = SelectFrames(), SelectFrames(inside=False)
    kept = inside.after(tiny).keep, outside.after(tiny).keep
    assert (kept[0] ^ kept[1]).all()
    assert kept[0].sum() == 16 * 6
    later = SelectFrames(delay=1.0).after(tiny).keep
    np.testing.assert_array_equal(np.flatnonzero(later), np.flatnonzero(kept[0]) + 2)


def test_the_whole_program_analyses_the_average_trial():
    recording = nt.simulate(shape=(160, 2, 16, 24), seed=2)
    found = nt.run(nt.PCA(2), recording, preprocess=["average_trials first_lag=-1 last_lag=4"])
    assert found["time_courses"].sizes["frame"] == 11
    assert found.attrs["n_frames_used"] == 11
    chosen = nt.run(nt.SummaryImages(), recording, preprocess=["select_frames only=direction=0|90"])
    assert chosen.attrs["n_frames_used"] == 2 * 10


@pytest.mark.parametrize("step", [AverageTrials(), CutTrials(), SelectFrames()])
def test_what_is_missing_is_said_in_words(step, tiny):
    with pytest.raises(MissingMetadataError, match="needs events"):
        step.bind(dataclasses.replace(tiny, events=None))
    with pytest.raises(MissingMetadataError, match="needs the times of the frames"):
        step.bind(dataclasses.replace(tiny, frame_times=None))


def test_wrong_windows_are_refused(tiny):
    with pytest.raises(AnalysisError, match="last_lag=-3 s is before first_lag=-2 s"):
        CutTrials(last_lag=-3).bind(tiny)
    with pytest.raises(AnalysisError, match="longer than the recording"):
        AverageTrials(last_lag=1e5).bind(tiny)
    with pytest.raises(AnalysisError, match="fewer than two kept frames lie in the 16 events"):
        SelectFrames(delay=500).bind(tiny)
