"""Tuning to behaviour: what is found, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from napari_thunder.analysis import FeatureTuning
from napari_thunder.errors import AnalysisError, MissingMetadataError, ParameterError
from tests.analysis.runner import compute, dataset, make_context


def _signals(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.RangeIndex(n, name="frame"))


def test_the_preferred_value_is_that_of_the_planted_tuning():
    rng = np.random.default_rng(0)
    speed = rng.uniform(0, 10, 600)
    places = np.array([1.5, 4.5, 8.5])
    series = 5 * np.exp(-((speed[:, None] - places) ** 2) / 2) + rng.normal(size=(600, 3)) / 2
    found = dataset(FeatureTuning(low=0.0, high=10.0), make_context(600, signals=_signals(speed=speed)), series)
    np.testing.assert_allclose(found["preferred"].values[0, 0, 0], places)
    np.testing.assert_allclose(found["bin"], np.arange(0.5, 10))
    assert found["bin"].attrs["long_name"] == "speed"
    assert found["occupancy"].sum() == 600
    assert (found["p_fdr"].values < 1e-6).all()
    assert "frames as independent" in found.attrs["warnings"][0]
    np.testing.assert_allclose(found["mean_tuning"], found["tuning"].mean(("z", "y", "x")), rtol=1e-6)


def test_two_signals_have_a_place_each():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 4, (2, 2000))
    series = np.exp(-((x - 0.5) ** 2) - (y - 2.5) ** 2)[:, None] + rng.normal(size=(2000, 2)) / 50
    found = dataset(FeatureTuning(("x", "y"), n_bins=4), make_context(2000, signals=_signals(x=x, y=y)), series)
    assert found["tuning"].dims == ("bin", "bin_2", "z", "y", "x")
    np.testing.assert_allclose(found["preferred"].values[:, 0, 0], [[0.5, 0.5], [2.5, 2.5]], atol=0.01)
    assert found["occupancy"].attrs["plot"] == "matrix"


def test_bins_with_too_few_frames_are_nan_and_take_no_part(series):
    speed = np.r_[np.linspace(0, 1, 130), np.linspace(4, 5, 126), [2.1, 2.2, 2.3, 3.5]]
    context = make_context(260, signals=_signals(speed=speed))
    found = compute(FeatureTuning(n_bins=5), context, series)
    assert np.isnan(found["tuning"][[1, 2, 3]]).all()
    groups = series[speed < 1], series[speed >= 4]
    np.testing.assert_allclose(found["f_statistic"], stats.f_oneway(*groups).statistic)
    low = np.isin(found["preferred"][0], [0.5, 4.5])
    assert low.all()


def test_circular_shifts_hold_for_slow_signals_where_frames_do_not():
    rng = np.random.default_rng(4)

    def slow(n):
        return np.apply_along_axis(np.convolve, 0, rng.normal(size=(500, n)), np.exp(-np.arange(40) / 10), "same")

    context = make_context(500, frame_times=np.arange(500) / 2, signals=_signals(speed=slow(1)[:, 0]))
    found = compute(FeatureTuning(n_bins=6, n_shifts=199), context, slow(300))
    assert (found["p"] < 0.05).mean() > 0.3
    assert (found["p_shift"] < 0.05).mean() < 0.12
    again = compute(FeatureTuning(n_bins=6, n_shifts=199), context, slow(300))
    assert found["p_shift"].shape == again["p_shift"].shape


def test_a_delay_pairs_frames_with_what_was_before():
    rng = np.random.default_rng(5)
    speed = rng.normal(size=400)
    series = np.roll(speed, 3)[:, None] + np.zeros((400, 2))
    context = make_context(400, frame_times=np.arange(400) / 2, signals=_signals(speed=speed))
    delayed = compute(FeatureTuning(delay=1.5), context, series)
    assert delayed["r_squared"].min() > 0.9
    assert delayed["occupancy"].sum() == 397
    assert compute(FeatureTuning(), context, series)["r_squared"].max() < 0.1


def test_frequent_values_make_fewer_bins_of_equal_count(series):
    speed = np.where(np.arange(260) < 200, 0.0, np.arange(260.0))
    found = compute(FeatureTuning(binning="equal count"), make_context(260, signals=_signals(speed=speed)), series)
    assert found["occupancy"].tolist()[0] == 208
    assert found["occupancy"].sum() == 260


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"signals": ("pupil",)}, AnalysisError, "no signal 'pupil'. There is: swim, tail"),
        ({}, AnalysisError, "choose a signal. There is: swim, tail"),
        ({"signals": ("swim",), "low": 50.0, "high": 60.0}, AnalysisError, "0 of 10 bins of swim have 5 frames"),
        ({"signals": ("swim",), "low": 50.0}, AnalysisError, "no values that differ"),
        ({"signals": ("swim",), "least_frames": 300}, AnalysisError, "0 of 10 bins"),
        ({"signals": ("swim",), "delay": 500.0}, AnalysisError, "no values that differ"),
        ({"signals": ("swim",), "n_shifts": 5, "least_shift": 100.0}, AnalysisError, "Give a shorter least_shift"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(given, error, message, tiny):
    with pytest.raises(error, match=message):
        FeatureTuning(**given).plan(tiny)


def test_wrong_parameters_are_refused(tiny):
    for given in ({"signals": ("a", "b", "c")}, {"signals": ("a", "a")}, {"low": 2.0, "high": 1.0}):
        with pytest.raises(ParameterError):
            FeatureTuning(**given)
    with pytest.raises(MissingMetadataError, match="needs behaviour signals"):
        FeatureTuning().plan(dataclasses.replace(tiny, signals=None))
