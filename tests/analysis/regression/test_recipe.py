"""What regressors are made of: lags, delays after events, indicators, drift and motion."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.fft import dct

from napari_thunder.analysis import Regression
from napari_thunder.analysis.design import convolve
from napari_thunder.analysis.regression.shown_design import design_of
from napari_thunder.errors import AnalysisError, MissingMetadataError, ParameterError
from napari_thunder.events import Kernel, event_regressors
from tests.analysis.runner import compute, dataset, make_context


def _design(context, **given):
    shown = design_of(Regression(**given), context)
    return dict(zip(shown.names, shown.values.T, strict=True))


def test_a_lag_makes_the_brain_follow_the_signal(tiny):
    made = _design(tiny, signals=("swim",), lags=(-1.0, 0.0, 2.5))
    swim = tiny.signals["swim"].to_numpy()
    assert list(made) == ["swim -1 s", "swim +0 s", "swim +2.5 s"]
    np.testing.assert_allclose(made["swim +0 s"], swim)
    np.testing.assert_allclose(made["swim +2.5 s"][5:], swim[:-5])
    np.testing.assert_allclose(made["swim +2.5 s"][:5], swim[0])
    np.testing.assert_allclose(made["swim -1 s"][:-2], swim[2:])


def test_a_lag_between_frames_is_interpolated(tiny):
    made = _design(tiny, signals=("swim",), lags=(0.25,))
    swim = tiny.signals["swim"].to_numpy()
    np.testing.assert_allclose(made["swim +0.25 s"][1:], (swim[1:] + swim[:-1]) / 2)


def test_weights_of_delays_are_the_mean_answer_at_each_delay(tiny, series):
    events = tiny.events.assign(start_time=tiny.events["start_time"].round(), stop_time=tiny.events["start_time"] + 2)
    context = dataclasses.replace(tiny, events=events)
    analysis = Regression(events_by=("direction",), fir=3.0, intercept=False)
    found = dataset(analysis, context, series - series.mean(axis=0))
    names = list(found["regressor"].values)
    assert names[:7] == [f"direction=0 +{d:g} s" for d in np.arange(7) / 2]
    first = (events["start_time"][events["direction"] == 90] * 2).astype(int).to_numpy()
    answers = np.mean([(series - series.mean(axis=0))[k : k + 7] for k in first], axis=0)
    np.testing.assert_allclose(found["beta"].values[7:14, 0, 0], answers, rtol=1e-5, atol=1e-6)


def test_an_event_between_frames_is_shared_by_them():
    events = pd.DataFrame({"start_time": [10.25], "stop_time": [11.0]})
    context = make_context(30, frame_times=np.arange(30.0), events=events)
    made = _design(context, events_by=(), fir=2.0)
    np.testing.assert_allclose(made["event +0 s"][9:13], [0, 0.75, 0.25, 0])
    np.testing.assert_allclose(sum(made.values())[9:15], [0, 0.75, 1, 1, 0.25, 0])


def test_an_indicator_of_other_constants_takes_the_place_of_the_usual(tiny):
    made = _design(tiny, events_by=(), signals=("swim",), kernel="GCaMP6s", decay=2.5)
    kernel = Kernel(2.5, 0.18)
    np.testing.assert_allclose(made["event"], event_regressors(tiny.events, (), tiny.frame_times, kernel)["event"])
    np.testing.assert_allclose(made["swim"], convolve(tiny.signals["swim"].to_numpy(), tiny.frame_times, kernel))
    alone = _design(tiny, events_by=(), decay=2.5)["event"]
    np.testing.assert_allclose(alone, event_regressors(tiny.events, (), tiny.frame_times, Kernel(2.5, 0.0))["event"])


def test_an_indicator_that_rises_slower_than_it_decays_is_refused():
    with pytest.raises(ParameterError, match="decay must be above rise"):
        Regression(kernel="GCaMP6f", rise=2.0)


def test_cosines_are_those_of_the_cosine_transform(tiny):
    shown = design_of(Regression(signals=("swim",), drift_period=65.0), tiny)
    assert list(shown.names) == ["swim", "drift cos 1", "drift cos 2", "drift cos 3", "drift cos 4"]
    spectrum = dct(shown.values[:, 3])
    assert np.abs(np.delete(spectrum, 3)).max() < 1e-10 * abs(spectrum[3])


def test_drift_and_motion_are_taken_into_account_without_a_map(tiny, series):
    moved = np.random.default_rng(0).normal(size=(260, 3)) * [1, 1, 0]
    context = dataclasses.replace(tiny, motion=moved)
    analysis = Regression(signals=("swim",), drift_order=1, motion=True, unique=True)
    result = dataset(analysis, context, series)
    beside = ["drift 1", "motion z", "motion dz", "motion y", "motion dy"]
    assert list(result["regressor"].values) == ["swim"]
    assert list(result["column"].values) == ["swim", *beside]
    assert list(result["group"].values) == ["swim", "drift", "motion"]
    table = pd.DataFrame(result["design"].values, columns=result["column"].values)
    by_hand = dataset(Regression(design=table), context, series)
    for name in ("beta", "t", "p"):
        np.testing.assert_allclose(result[name].values[0], by_hand[name].values[0], rtol=1e-5)
    np.testing.assert_allclose(result["r_squared"], by_hand["r_squared"], rtol=1e-6)


def test_frames_of_unknown_motion_do_not_spoil_the_others(tiny):
    moved = np.random.default_rng(0).normal(size=(260, 3))
    keep = np.ones(260, bool)
    moved[10:12], keep[10:12] = np.nan, False
    shown = design_of(Regression(signals=("swim",), motion=True), dataclasses.replace(tiny, motion=moved, keep=keep))
    assert np.isfinite(shown.values).all()
    np.testing.assert_array_equal(shown.values[:, list(shown.names).index("motion x")], moved[keep, 2])


def test_an_f_test_of_a_group_is_that_of_all_its_regressors(tiny, series):
    found = compute(Regression(events_by=("direction",), contrasts=("direction",), unique=True), tiny, series)
    np.testing.assert_allclose(found["delta_r_squared"][0], found["r_squared"], rtol=1e-9)
    r, dof = found["r_squared"], 260 - 5
    np.testing.assert_allclose(found["f"][0], r / 4 / ((1 - r) / dof), rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"lags": (0.0, 500.0)}, AnalysisError, r"a lag of 500 s is not shorter than the recording \(129.5 s\)"),
        ({"lags": (1.0, 1.0)}, AnalysisError, r"a lag is given twice"),
        ({"events_by": (), "fir": 200.0}, AnalysisError, r"fir=200 s is 401 frames of delay"),
        ({"drift_period": 0.5}, AnalysisError, r"drift_period=0.5 s must lie between two frames \(1 s\) and twice"),
        ({"drift_period": 500.0}, AnalysisError, r"twice the length of the recording \(260 s\)"),
        ({"motion": True}, MissingMetadataError, r"motion needs the shifts of the frames"),
        ({"contrasts": ("swin",)}, AnalysisError, r"tiny: Regression: contrasts: there is no regressor 'swin'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(tiny, given, error, message):
    with pytest.raises(error, match=message):
        Regression(signals=("swim",), **given).plan(dataclasses.replace(tiny, motion=None))
