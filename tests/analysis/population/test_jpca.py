"""Rotations are found where states turn, and the control says when smooth noise turns as much."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis import JPCA
from napari_thunder.analysis.population.maximum_entropy import Surrogates
from napari_thunder.analysis.population.rotations import Steps, planes
from napari_thunder.errors import AnalysisError, ParameterError
from tests.analysis.runner import compute, dataset
from tests.examples.trajectories import turning

MADE = {"by": ("kind",), "n_components": 2, "after": 7.0, "surrogates": 100, "resamples": 0}


def test_the_matrix_is_exactly_skew_and_no_worse_than_its_neighbours():
    rng = np.random.default_rng(1)
    steps = Steps(rng.normal(size=(60, 6)), rng.normal(size=(60, 6)))
    skew = steps.skew()
    np.testing.assert_array_equal(skew, -skew.T)
    for _ in range(20):
        beside = rng.normal(size=(6, 6)) * 1e-3
        assert steps.explained(skew + beside - beside.T) <= steps.explained(skew)
    assert steps.explained(steps.unconstrained()) > steps.explained(skew)


def test_a_rotation_is_found_in_its_plane_anticlockwise_from_the_x_axis():
    rng = np.random.default_rng(2)
    turned = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    skew = np.zeros((4, 4))
    skew[1, 0], skew[2, 3] = 3.0, 5.0
    skew = turned @ (skew - skew.T) @ turned.T
    first = rng.normal(size=(7, 4))
    basis, frequency = planes(skew, first)
    np.testing.assert_allclose(basis.T @ basis, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(frequency * 2 * np.pi, [5, 3], rtol=1e-12)
    expected = np.zeros((4, 4))
    expected[1, 0], expected[3, 2] = 5.0, 3.0
    np.testing.assert_allclose(basis.T @ skew @ basis, expected - expected.T, atol=1e-12)
    for plane in (first @ basis[:, :2], first @ basis[:, 2:]):
        spread = plane.T @ plane
        assert spread[0, 0] > spread[1, 1]
        np.testing.assert_allclose(spread[0, 1], 0, atol=1e-10)
        assert plane[np.argmax(np.abs(plane[:, 0])), 0] > 0


def test_a_turning_population_turns_with_its_frequency_more_than_random_data():
    context, series, _ = turning(noise=0.3)
    result = dataset(JPCA(**MADE), context, series)
    assert result.attrs["r2_skew"] > 0.85
    assert result.attrs["r2_skew"] <= result.attrs["r2_unconstrained"] + 1e-9
    assert result.attrs["p"] < 0.02
    assert result.attrs["warnings"] == []
    np.testing.assert_allclose(result["frequency"].values, 0.2, rtol=0.1)
    angle = np.unwrap(np.angle(result["trajectory"].values @ [1, 1j]), axis=1)
    assert (np.diff(angle, axis=1) > 0).mean() > 0.95


def test_smooth_noise_turns_no_more_than_random_data():
    context, series, _ = turning()
    rng = np.random.default_rng(0)
    kernel = np.exp(-np.arange(30) / 6)
    noise = np.stack([np.convolve(rng.normal(size=len(series) + 29), kernel, "valid") for _ in range(60)], axis=1)
    result = dataset(JPCA(**MADE | {"n_components": 4}), context, noise)
    assert result.attrs["p"] > 0.05
    assert "say nothing of dynamics" in result.attrs["warnings"][0]


def test_random_data_vary_as_the_data_do_along_each_axis():
    rng = np.random.default_rng(3)
    tensor = rng.normal(size=(15, 8, 6)).cumsum(axis=0) * np.linspace(3, 0.3, 8)[:, None]
    tensor -= tensor.mean(axis=2, keepdims=True)
    source = Surrogates.of(tensor)
    drawn = [source.drawn(rng) for _ in range(400)]
    for axis in range(3):
        flat = np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1)
        wanted = np.linalg.eigvalsh(flat @ flat.T)
        wanted = wanted[wanted > 1e-9 * wanted[-1]]
        others = tuple({0, 1, 2} - {axis})
        np.testing.assert_allclose(source.variances.sum(axis=others), wanted, rtol=1e-8)
        flats = [np.moveaxis(one, axis, 0).reshape(tensor.shape[axis], -1) for one in drawn]
        mean = np.mean([one @ one.T for one in flats], axis=0)
        np.testing.assert_allclose(mean, flat @ flat.T, atol=0.05 * wanted[-1])
    np.testing.assert_allclose(drawn[0].mean(axis=2), 0, atol=1e-9)


def test_what_cannot_be_done_is_said_in_words():
    context, series, _ = turning()
    with pytest.raises(ParameterError, match="n_components=3 must be even"):
        JPCA(n_components=3)
    with pytest.raises(AnalysisError, match="only 2 lags are known in all 5 conditions; 3 are needed"):
        compute(JPCA(("kind",), n_components=2, after=0.5), context, series)
    with pytest.raises(AnalysisError, match=r"Give by= \(columns of the events"):
        compute(JPCA(), context, series)
