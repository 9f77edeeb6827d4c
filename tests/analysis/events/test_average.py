"""Event averages are those of numpy.interp and scipy, trial by trial."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from napari_thunder.analysis import EventAverage
from napari_thunder.errors import AnalysisError, MissingMetadataError, TableError
from tests.analysis.runner import compute, dataset, make_context


def _responses(series, times, events, baseline, delay, duration):
    """Trial by trial, as the docstring says; (trials, voxels)."""
    step = np.median(np.diff(times))
    found = []
    for start, stop in zip(events["start_time"], events["stop_time"], strict=True):
        length = stop - start if duration is None else duration
        lags = np.arange(-50, 51) * step
        answer = lags[(lags >= delay - 1e-9) & (lags < delay + length - 1e-9)] + start
        ground = lags[(lags >= -baseline - 1e-9) & (lags < -1e-9)] + start
        value = [
            np.interp(answer, times, y).mean() - (np.interp(ground, times, y).mean() if baseline else 0)
            for y in series.T
        ]
        found.append(value)
    return np.array(found)


@pytest.mark.parametrize("shift", [0.0, 0.21])
@pytest.mark.parametrize(
    "window",
    [(2.0, 0.0, None), (1.0, 1.0, 2.0), (0.0, 0.0, 1.5), (2.0, 0.5, 0.1), (1.0, -2.5, 1.0)],
    ids=["usual", "late", "raw", "short", "early"],
)
def test_responses_are_those_of_each_trial(tiny, series, window, shift):
    baseline, delay, duration = window
    events = tiny.events.assign(start_time=tiny.events.start_time + shift, stop_time=tiny.events.stop_time + shift)
    context = dataclasses.replace(tiny, events=events)
    analysis = EventAverage(("direction",), delay=delay, duration=duration, baseline=baseline)
    found = compute(analysis, context, series)
    length = 0.5 if duration == 0.1 else duration
    trials = _responses(series, tiny.frame_times, events, baseline, delay, length)
    for row, direction in enumerate([0, 90, 180, 270]):
        group = trials[(events["direction"] == direction).to_numpy()]
        np.testing.assert_allclose(found["response"][row], group.mean(0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found["sem"][row], stats.sem(group), rtol=1e-9)
        test = stats.ttest_1samp(group, 0)
        np.testing.assert_allclose(found["t"][row], test.statistic, rtol=1e-8)
        np.testing.assert_allclose(found["p"][row], test.pvalue, rtol=1e-7)
    np.testing.assert_array_equal(found["n_trials"], [4, 4, 4, 4])


def test_the_time_course_is_the_mean_over_trials_at_each_lag(tiny, series):
    events = tiny.events.assign(start_time=tiny.events.start_time + 0.2, stop_time=tiny.events.stop_time + 0.2)
    context = dataclasses.replace(tiny, events=events)
    analysis = EventAverage(("speed",), time_course=True, before=1.5, after=4, baseline=1)
    result = dataset(analysis, context, series)
    lags = np.arange(-1.5, 4.01, 0.5)
    np.testing.assert_allclose(result["lag"], lags)
    assert result["lag"].attrs["units"] == "s"
    for row, speed in enumerate([1, 2]):
        starts = events["start_time"][events["speed"] == speed].to_numpy()
        course = np.array([[np.interp(s + lags, tiny.frame_times, y) for y in series.T] for s in starts])
        ground = np.array(
            [[np.interp(s + np.array([-1, -0.5]), tiny.frame_times, y).mean() for y in series.T] for s in starts]
        )
        expected = (course - ground[..., None]).mean(0).T
        np.testing.assert_allclose(result["average"].values[row, :, 0, 0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(result["n_at_lag"], 8)


def test_trials_lose_the_frames_that_are_excluded_and_no_others(series):
    events = pd.DataFrame({"start_time": [10.0, 30, 50], "stop_time": [14.0, 34, 54]})
    keep = np.ones(260, bool)
    keep[[11, 29, 53]] = False
    context = make_context(260, keep, frame_times=np.arange(260.0), events=events)
    found = compute(EventAverage(time_course=True, before=1, after=4), context, series)
    trials = [
        series[[10, 12, 13]].mean(0) - series[[8, 9]].mean(0),
        series[30:34].mean(0) - series[28],
        series[50:53].mean(0) - series[[48, 49]].mean(0),
    ]
    np.testing.assert_allclose(found["response"][0], np.mean(trials, axis=0))
    np.testing.assert_array_equal(found["n_at_lag"], [[2, 3, 2, 3, 2, 3]])


def test_events_at_the_ends_of_the_recording_are_used_as_far_as_they_go(series):
    events = pd.DataFrame({"start_time": [0.0, 100, 258], "stop_time": [5.0, 105, 260]})
    context = make_context(260, frame_times=np.arange(260.0), events=events)
    result = dataset(EventAverage(time_course=True), context, series)
    trials = [series[100:105].mean(0) - series[98:100].mean(0), series[258:].mean(0) - series[256:258].mean(0)]
    np.testing.assert_allclose(result["response"][0, 0, 0], np.mean(trials, axis=0), rtol=1e-5)
    assert result["n_trials"].item() == 2
    assert result.attrs["warnings"] == ["1 of 3 events left out: no kept frame in their response window or baseline."]
    assert result["n_at_lag"].values[0].tolist() == [2] * 4 + [1] * 7


def test_times_rounded_in_a_file_fall_on_their_frames(series):
    times = np.arange(260) / 3
    exact = pd.DataFrame({"start_time": times[[30, 90]], "stop_time": times[[39, 99]]})
    context = make_context(260, frame_times=times, events=exact)
    expected = compute(EventAverage(baseline=1), context, series)["response"]
    rounded = dataclasses.replace(context, events=exact.round(3))
    np.testing.assert_allclose(compute(EventAverage(baseline=1), rounded, series)["response"], expected, rtol=1e-12)


def test_one_trial_has_a_response_but_no_error(series):
    events = pd.DataFrame({"start_time": [10.0, 30], "stop_time": [14.0, 34], "kind": ["a", "b"]})
    context = make_context(260, frame_times=np.arange(260.0), events=events)
    result = dataset(EventAverage(("kind",)), context, series)
    assert list(result["condition"].values) == ["kind=a", "kind=b"]
    assert np.isfinite(result["response"]).all()
    for name in ("sem", "t", "p", "p_fdr"):
        assert np.isnan(result[name]).all()


def test_what_is_missing_or_too_short_is_said_in_words(tiny):
    times = np.arange(260.0)
    early = pd.DataFrame({"start_time": [0.0], "stop_time": [3.0], "direction": [0]})
    two = pd.DataFrame({"start_time": [0.0, 50], "stop_time": [3.0, 53], "direction": [0, 90]})
    cases = [
        (EventAverage(), make_context(260, frame_times=times), MissingMetadataError, "needs events"),
        (EventAverage(), make_context(260, events=early), MissingMetadataError, "needs the times of the frames"),
        (EventAverage(("colour",)), tiny, TableError, "no column 'colour'"),
        (
            EventAverage(baseline=0.1),
            tiny,
            AnalysisError,
            r"none of the 16 events has .* baseline of 0.1 s \(a frame: 0.5 s\)",
        ),
        (EventAverage(), make_context(260, frame_times=times, events=early), AnalysisError, "none of the 1 events"),
        (
            EventAverage(("direction",)),
            make_context(260, frame_times=times, events=two),
            AnalysisError,
            "none of the 1 events of 'direction=0'",
        ),
        (
            EventAverage(delay=1e9),
            tiny,
            AnalysisError,
            r"delay=1e\+09 s is longer than the recording, which lasts 130 s",
        ),
        (EventAverage(time_course=True, after=1e6), tiny, AnalysisError, r"after=1e\+06 s is longer"),
    ]
    for analysis, context, error, message in cases:
        with pytest.raises(error, match=message):
            analysis.plan(context)


def test_d_prime_needs_a_baseline_and_two_trials(tiny, series):
    assert "d_prime" not in compute(EventAverage(baseline=0), tiny, series)
    single = EventAverage(("direction", "speed"), only=("direction=0",))
    events = tiny.events.assign(speed=np.arange(16))
    assert np.isnan(compute(single, dataclasses.replace(tiny, events=events), series)["d_prime"]).all()


def test_the_course_of_all_voxels_is_the_mean_of_their_courses(tiny, series):
    found = dataset(EventAverage(("speed",), time_course=True, before=1, after=3), tiny, series)
    assert found["course"].dims == ("lag", "condition")
    assert found["course"].attrs["plot"] == "lines"
    assert found["course"].attrs["error"] == "course_sem"
    assert found["course"].attrs["long_name"] == "average of 12 voxels"
    expected = found["average"].mean(("z", "y", "x")).transpose("lag", "condition")
    np.testing.assert_allclose(found["course"], expected, rtol=1e-5, atol=1e-6)


def test_the_course_of_responding_voxels_leaves_the_others_out(tiny):
    rng = np.random.default_rng(3)
    series = 50 + rng.normal(size=(260, 12))
    for start in tiny.events["start_time"]:
        series[int(2 * start) : int(2 * start) + 6, :4] += 10
    found = dataset(EventAverage(course_of="responding", alpha=1e-6), tiny, series)
    assert found["course"].attrs["long_name"] == "average of 4 responding voxels"
    expected = compute(EventAverage(), tiny, series[:, :4])["course"]
    np.testing.assert_allclose(found["course"], expected, rtol=1e-9, atol=1e-9)
    none = dataset(EventAverage(course_of="responding", alpha=0), tiny, series)
    assert np.isnan(none["course"]).all()
    assert "No voxel responds" in none.attrs["warnings"][0]


def test_the_course_of_regions_has_a_line_for_each_and_condition(tiny, series):
    found = dataset(EventAverage(("speed",), course_of="regions"), tiny, series)
    assert found["line"].values[:3].tolist() == ["region 1: speed=1", "region 1: speed=2", "region 2: speed=1"]
    for i, region in enumerate(tiny.regions):
        voxels = np.arange(12)[region.corner[2] : region.corner[2] + region.mask.size]
        alone = compute(EventAverage(("speed",)), tiny, series[:, voxels])
        np.testing.assert_allclose(found["course"][:, 2 * i : 2 * i + 2], alone["course"], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found["course_sem"][:, 2 * i : 2 * i + 2], alone["course_sem"], rtol=1e-9)
    with pytest.raises(MissingMetadataError, match="needs 1 or more regions"):
        EventAverage(course_of="regions").plan(dataclasses.replace(tiny, regions=()))
