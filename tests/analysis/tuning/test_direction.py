"""Direction tuning has the closed forms of the field, statsmodels' F, and finds directions put into the data."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from napari_thunder.analysis import DirectionTuning, EventAverage
from napari_thunder.analysis.tuning.angles import arcs, vector_sum
from napari_thunder.analysis.tuning.f_test import CAUTION
from napari_thunder.errors import AnalysisError, MissingMetadataError, TableError
from napari_thunder.events import KERNELS, event_regressors
from tests.analysis.runner import compute, dataset, make_context


def test_vector_sum_has_the_identities_of_the_field():
    radians = np.deg2rad(np.arange(0, 360, 45))
    preferred, selectivity = vector_sum(np.exp(2 * np.cos(radians - np.deg2rad(100)))[:, None], radians)
    np.testing.assert_allclose(selectivity, 0.6978, atol=5e-5)
    np.testing.assert_allclose(preferred, 99.99, atol=5e-3)


def test_vector_sum_at_its_limits():
    radians = np.deg2rad(np.arange(0, 360, 30))
    one, flat, none, negative = np.eye(12)[7] * 3, np.ones(12), np.zeros(12), -np.ones(12)
    mostly = np.where(np.arange(12) == 2, 1.0, -5.0)
    preferred, selectivity = vector_sum(np.column_stack([one, flat, none, negative, mostly]), radians)
    np.testing.assert_allclose(preferred[[0, 4]], [210, 60])
    np.testing.assert_allclose(selectivity, [1, 0, np.nan, np.nan, 1], atol=1e-12)
    assert np.isnan(preferred[[2, 3]]).all()


def test_directions_just_below_360_are_0_and_never_360():
    radians = np.deg2rad(np.arange(0, 360, 30))
    response = np.maximum(np.cos(radians[:, None] - np.array([-1e-17, -1e-9, -1e-5, 0.0])), 0)
    preferred = vector_sum(response, radians)[0].astype(np.float32)
    assert ((preferred >= 0) & (preferred < 360)).all()


def test_unevenly_spaced_directions_are_weighted_by_their_arcs():
    degrees = np.array([0, 10, 20, 30, 90, 150, 210, 270, 330])
    np.testing.assert_allclose(arcs(np.deg2rad(np.arange(0, 360, 40))), 1)
    np.testing.assert_allclose(arcs(np.deg2rad(degrees)).sum(), 9)
    flat = np.ones((9, 1))
    assert vector_sum(flat, np.deg2rad(degrees))[1] < np.abs(np.exp(1j * np.deg2rad(degrees)).sum()) / 9 / 2


def test_responses_are_those_of_the_event_average(tiny, series):
    found = compute(DirectionTuning(baseline=1, delay=0.5, duration=2), tiny, series)
    expected = compute(EventAverage(("direction",), baseline=1, delay=0.5, duration=2), tiny, series)
    np.testing.assert_allclose(found["response"], expected["response"], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found["n_trials"], [4, 4, 4, 4])


@pytest.mark.parametrize("kernel", [None, "GCaMP6s"])
def test_the_test_is_that_of_nested_least_squares(tiny, series, kernel):
    events = tiny.events.assign(direction=np.tile(np.arange(8) * 45.0, 2))
    keep = np.ones(260, bool)
    keep[::17] = False
    context = dataclasses.replace(tiny, events=events, keep=keep)
    found = compute(DirectionTuning(kernel=kernel, delay=0.25), context, series)
    shown = events.assign(start_time=events.start_time + 0.25, stop_time=events.stop_time + 0.25)
    each = event_regressors(shown, ("direction",), tiny.frame_times, KERNELS.get(kernel)).to_numpy()
    angle = np.deg2rad(np.arange(8) * 45.0)
    small = sm.add_constant(each.sum(axis=1))[keep]
    waves = np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])
    large = np.column_stack([small, (each @ waves)[keep]])
    for voxel in range(series.shape[1]):
        y = series[keep, voxel]
        fit = sm.OLS(y, large).fit()
        f, p, _ = fit.compare_f_test(sm.OLS(y, small).fit())
        np.testing.assert_allclose(found["f_statistic"][voxel], f, rtol=1e-8)
        np.testing.assert_allclose(found["p"][voxel], p, rtol=1e-7)
        np.testing.assert_allclose(found["r_squared"][voxel], fit.rsquared, rtol=1e-8)


def _fish(directions, amplitude=1.0, noise=0.1):
    """One trial of 20 frames for each of 12 directions, motion in the last 10, voxels tuned to `directions`."""
    angles = np.arange(-180, 180, 30.0)
    events = pd.DataFrame({"start_time": np.arange(12) * 20.0 + 10, "stop_time": np.arange(12) * 20.0 + 20})
    events["direction"] = np.deg2rad(angles)
    tuning = amplitude * np.exp(2 * (np.cos(np.deg2rad(angles[:, None] - directions)) - 1))
    movie = 10 + np.repeat(tuning, 20, axis=0) * (np.arange(240) % 20 >= 10)[:, None]
    movie = movie + noise * np.random.default_rng(0).normal(size=movie.shape)
    return make_context(240, frame_times=np.arange(240.0), events=events), movie


def test_one_trial_for_each_direction_is_enough():
    directions = np.array([0.0, 15, 77, 180, 301, 359])
    context, movie = _fish(directions)
    result = dataset(DirectionTuning(unit="radians", baseline=5), context, movie)
    np.testing.assert_array_equal(result["direction"], np.arange(0, 360, 30))
    assert result["direction"].attrs["units"] == "deg"
    off = (result["preferred_direction"].values.ravel() - directions + 180) % 360 - 180
    assert np.abs(off).max() < 6
    assert result["p_fdr"].max() < 1e-10
    assert result["r_squared"].min() > 0.5
    assert (result["selectivity"] > 0.6).all()
    assert (result.attrs["dof_model"], result.attrs["dof"]) == (4, 240 - 6)
    assert result.attrs["warnings"] == [CAUTION]


def test_noise_has_uniform_p():
    context, movie = _fish(np.zeros(2000), amplitude=0)
    p = compute(DirectionTuning(unit="radians"), context, movie)["p"]
    assert 0.035 < (p < 0.05).mean() < 0.065


def test_a_response_to_every_direction_alike_is_no_tuning():
    context, movie = _fish(np.zeros(500), amplitude=0)
    movie += 3.0 * (np.arange(240) % 20 >= 10)[:, None]
    found = compute(DirectionTuning(unit="radians"), context, movie)
    assert 0.02 < (found["p"] < 0.05).mean() < 0.09
    assert found["selectivity"].max() < 0.1
    assert found["r_squared"].min() > 0.9


def test_directions_are_one_circle_and_blanks_are_left_out(tiny, series):
    turned = tiny.events.assign(direction=np.tile([360, -270, 180.0, np.nan], 4))
    result = dataset(DirectionTuning(), dataclasses.replace(tiny, events=turned), series)
    np.testing.assert_array_equal(result["direction"], [0, 90, 180])
    np.testing.assert_array_equal(result["n_trials"], [4, 4, 4])
    assert result.attrs["dof_model"] == 2


def test_what_is_missing_or_wrong_is_said_in_words(tiny):
    events = tiny.events
    cases = [
        (DirectionTuning(), dataclasses.replace(tiny, events=None), MissingMetadataError, "needs events"),
        (DirectionTuning(), dataclasses.replace(tiny, frame_times=None), MissingMetadataError, "times of the frames"),
        (DirectionTuning(column="angle"), tiny, TableError, "no column 'angle'. Its columns are: direction, speed"),
        (
            DirectionTuning(),
            dataclasses.replace(tiny, events=events.assign(direction=["left", *range(15)])),
            TableError,
            r"row 0 \(from 0\): column 'direction': 'left' is not an angle",
        ),
        (
            DirectionTuning(),
            dataclasses.replace(tiny, events=events.assign(direction=90)),
            AnalysisError,
            "the events have 1 direction in 'direction'; two at least are needed",
        ),
        (
            DirectionTuning(),
            dataclasses.replace(tiny, keep=np.arange(260) < 30),
            AnalysisError,
            "no event of direction 180° has kept frames",
        ),
    ]
    for analysis, context, error, message in cases:
        with pytest.raises(error, match=message):
            analysis.plan(context)


@pytest.fixture(scope="module")
def fish(fish_folder):
    with np.load(fish_folder / "fish.npz") as stored:
        data, angles = stored["data"].astype(float), stored["stim_direction_rad"]
    start = np.arange(12) * 20.0 + 10
    events = pd.DataFrame({"start_time": start, "stop_time": start + 10, "direction": angles})
    return make_context(240, frame_times=np.arange(240.0), events=events), data


def test_left_and_right_hindbrain_of_the_fish_prefer_opposed_directions(fish):
    context, data = fish
    plane = data[:, 0]
    series = plane.reshape(240, -1)
    found = compute(DirectionTuning(unit="radians", kernel="H2B-GCaMP6"), context, series)
    strong = (plane.mean(0).ravel() > 40) & (found["p"] < 1e-6)
    preferred = np.where(strong, found["preferred_direction"], np.nan).reshape(plane.shape[1:])
    middle = 39
    beside = np.s_[:, 30:70]
    side_angles = []
    for rows in (slice(middle - 12, middle - 2), slice(middle + 2, middle + 12)):
        chosen = preferred[rows][beside]
        vector = np.nanmean(np.exp(1j * np.deg2rad(chosen)))
        side_angles.append(np.rad2deg(np.angle(vector)))
    apart = abs((side_angles[0] - side_angles[1] + 180) % 360 - 180)
    assert apart > 60, side_angles
