"""Trajectories are principal components of averages over trials, over voxels or regions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_thunder.analysis import Trajectories
from napari_thunder.errors import AnalysisError, MissingMetadataError
from napari_thunder.regions import region_of_mask
from tests.analysis.runner import compute, dataset
from tests.examples.trajectories import averages, turning

PLAIN = {"by": ("kind",), "before": 1.0, "after": 7.0, "softening": None, "resamples": 0}


def test_states_times_loadings_are_the_averages():
    context, series, loadings = turning(noise=0.0)
    found = compute(Trajectories(n_components=2, **PLAIN), context, series, slabs=3)
    expected = averages(series, 17, -2)
    expected -= expected.mean(axis=(0, 1))
    np.testing.assert_allclose(np.einsum("clk,kv->clv", found["trajectory"], found["loadings"]), expected, atol=1e-9)
    np.testing.assert_allclose(np.mean(found["loadings"] ** 2, axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose(found["explained_variance_ratio"].sum(), 1, rtol=1e-9)
    angles = np.linalg.lstsq(loadings.T, found["loadings"].T, rcond=None)
    np.testing.assert_allclose(angles[1], 0, atol=1e-9)


def test_the_state_at_every_frame_averages_to_the_trajectory():
    context, series, _ = turning()
    found = compute(Trajectories(**PLAIN), context, series)
    again = averages(found["time_courses"], 17, -2)
    np.testing.assert_allclose(again - again.mean(axis=(0, 1)), found["trajectory"], atol=1e-9)


def test_the_mean_over_conditions_is_left_out():
    context, series, _ = turning()
    found = compute(Trajectories(subtract_mean=True, n_components=2, **PLAIN), context, series)
    np.testing.assert_allclose(found["trajectory"].mean(axis=0), 0, atol=1e-12)
    expected = averages(series, 17, -2)
    expected -= expected.mean(axis=0)
    values = np.linalg.svd(expected.reshape(-1, 60), compute_uv=False) ** 2
    np.testing.assert_allclose(found["explained_variance_ratio"], values[:2] / values.sum(), rtol=1e-9)


def test_smoothing_is_a_gaussian_over_lags():
    context, series, _ = turning()
    found = compute(Trajectories(smoothing=1.0, n_components=2, **PLAIN), context, series)
    lags = np.arange(-2, 15) * 0.5
    kernel = np.exp(-0.5 * (lags[:, None] - lags) ** 2)
    smooth = np.einsum("ij,cjv->civ", kernel / kernel.sum(axis=1, keepdims=True), averages(series, 17, -2))
    smooth = (smooth - smooth.mean(axis=(0, 1))).reshape(-1, 60)
    values = np.linalg.svd(smooth, compute_uv=False) ** 2
    np.testing.assert_allclose(found["explained_variance_ratio"], values[:2] / values.sum(), rtol=1e-9)


def test_the_standard_error_is_that_of_the_mean_over_trials():
    context, series, _ = turning(n_trials=30, noise=0.5)
    found = compute(Trajectories(n_components=2, **PLAIN | {"resamples": 400}), context, series)
    states = found["time_courses"]
    trials = np.stack([states[4 + 20 * i : 19 + 20 * i] - states[20 * i : 4 + 20 * i].mean(0) for i in range(150)])
    expected = np.stack([trials[kind::5].std(axis=0) / np.sqrt(30) for kind in range(5)])
    ratio = found["trajectory_sem"][:, 2:] / expected
    np.testing.assert_allclose(np.median(ratio), 1, atol=0.05)
    assert (np.abs(ratio - 1) < 0.35).all()


def test_regions_are_a_population_too():
    context, series, _ = turning()
    regions = []
    for i in range(6):
        mask = np.zeros((1, 1, 60), bool)
        mask[..., 10 * i : 10 * i + 10] = True
        regions.append(region_of_mask(mask, f"region {i}", "#ff0000"))
    context = dataclasses.replace(context, regions=tuple(regions), space=(1, 1, 60))
    found = compute(Trajectories(of="regions", **PLAIN), context, series)
    means = series.reshape(len(series), 6, 10).mean(axis=2)
    expected = compute(Trajectories(**PLAIN), dataclasses.replace(context, regions=()), means)
    np.testing.assert_allclose(found["trajectory"], expected["trajectory"], atol=1e-9)
    np.testing.assert_allclose(found["loadings"], np.repeat(expected["loadings"], 10, axis=1), rtol=1e-5, atol=1e-5)


def test_lags_beyond_the_recording_are_unknown_and_harm_no_other():
    context, series, _ = turning()
    events = context.events.copy()
    events = events[(events["kind"] != 4) | (events["start_time"] > 280)]
    context = dataclasses.replace(context, events=events)
    cut = dataclasses.replace(context, keep=np.arange(context.n_frames) < 592)
    found = compute(Trajectories(**PLAIN), cut, series)
    missing = np.isnan(found["trajectory"]).all(axis=2)
    assert missing[4].any()
    assert not missing[:4].any()
    assert (found["n_at_lag"] == 0).sum() == missing.sum()


def test_what_cannot_be_done_is_said_in_words():
    context, series, _ = turning()
    with pytest.raises(AnalysisError, match=r"with one condition, nothing is left .* Give by="):
        compute(Trajectories(subtract_mean=True), context, series)
    with pytest.raises(
        AnalysisError, match="n_components=9, but the averages of 5 conditions at 17 lags over 4 voxels"
    ):
        compute(Trajectories(n_components=9, **PLAIN), context, series[:, :4])
    with pytest.raises(AnalysisError, match="everything is constant"):
        compute(Trajectories(**PLAIN), context, np.ones_like(series))
    with pytest.raises(MissingMetadataError, match="needs 2 or more regions, but there are 0"):
        compute(Trajectories(of="regions", **PLAIN), context, series)
    with pytest.raises(MissingMetadataError, match="needs events"):
        compute(Trajectories(), dataclasses.replace(context, events=None), series)


def test_curves_say_how_they_are_drawn():
    context, series, _ = turning()
    result = dataset(Trajectories(by=("kind",)), context, series)
    assert result["trajectory"].dims == ("condition", "lag", "component")
    assert result["trajectory"].attrs["plot"] == "trajectory"
    assert result["trajectory"].attrs["error"] == "trajectory_sem"
    assert result["lag"].attrs["units"] == "s"
    assert list(result["condition"].values[:2]) == ["kind=0", "kind=1"]
