"""Decoding by single voxels: what is found, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis import TwoConditions, VoxelDecoding
from napari_thunder.analysis.decoding.samples import Wanted, folds_of, trial_samples
from napari_thunder.errors import AnalysisError, MissingMetadataError, ParameterError, TableError
from tests.analysis.runner import compute, dataset, make_context


def recording(n_trials=60, n_voxels=200, signal=0.0, seed=0):
    rng = np.random.default_rng(seed)
    start = 4 + 8 * np.arange(n_trials)
    series = rng.normal(size=(8 * n_trials + 8, n_voxels))
    kind = rng.permutation(np.arange(n_trials) % 2)
    for s in start[kind == 1]:
        series[s : s + 4] += signal
    events = pd.DataFrame({"start_time": start.astype(float), "stop_time": start + 4.0, "kind": kind})
    return make_context(len(series), frame_times=np.arange(float(len(series))), events=events), series


def test_noise_is_decoded_at_chance_and_p_is_right_about_it():
    context, series = recording(n_voxels=400)
    found = dataset(VoxelDecoding(("kind",), n_permutations=99), context, series)
    assert found.attrs["chance"] == 0.5
    assert abs(float(found["accuracy"].mean()) - 0.5) < 0.02
    assert float((found["p"] <= 0.05).mean()) < 0.09
    binomial = compute(VoxelDecoding(("kind",)), context, series)["p"]
    assert np.corrcoef(binomial, found["p"].values.ravel())[0, 1] > 0.95


def test_in_training_also_noise_is_above_chance_and_the_result_says_so():
    context, series = recording(n_trials=16)
    found = dataset(VoxelDecoding(("kind",), n_folds=0), context, series)
    assert float(found["accuracy"].mean()) > 0.55
    assert "trained on" in found.attrs["warnings"][0]


def test_strong_answers_are_decoded():
    context, series = recording(signal=3.0, n_voxels=20)
    found = dataset(VoxelDecoding(("kind",)), context, series)
    assert float(found["accuracy"].min()) > 0.9
    assert float(found["p_fdr"].max()) < 1e-6


def test_events_are_told_from_rest_and_a_trial_stays_in_one_fold():
    context, series = recording(signal=3.0, n_voxels=5)
    wanted = Wanted(("kind",), ("kind=1",), True, 0.0, None, 2.0, 2)
    samples = trial_samples(context, wanted, "test")
    assert samples.classes == ("kind=1", "rest")
    features = samples.features(series)
    assert features.shape == (2, 60, 5)
    start = context.events["start_time"][context.events["kind"] == 1].to_numpy().astype(int)
    np.testing.assert_allclose(features[1, :30], series[start[:, None] + [2, 3]].mean(1))
    np.testing.assert_allclose(features[0, 30:], series[start - 2])
    fold = folds_of(samples, 5, 0, "test")
    np.testing.assert_array_equal(fold[:30], fold[30:])
    for order in samples.shuffled(3, 0):
        assert sorted(order) == list(range(60))
        np.testing.assert_array_equal(samples.trial[order][:30], samples.trial[order][30:])
    found = compute(VoxelDecoding((), only=("kind=1",), rest=True), context, series)
    assert found["accuracy"].min() > 0.9


def test_two_conditions_may_be_an_event_and_rest():
    context, series = recording(signal=2.0, n_voxels=4)
    found = dataset(TwoConditions(only=("kind=1",), rest=True), context, series)
    assert found["condition"].values.tolist() == ["event", "rest"]
    assert (found["t"] > 5).all()
    np.testing.assert_allclose(found["difference"], 2, atol=0.6)


def test_what_cannot_be_decoded_is_said_in_words(tiny):
    cases = [
        (VoxelDecoding(("colour",)), tiny, TableError, "no column 'colour'"),
        (VoxelDecoding(()), tiny, AnalysisError, "there is one class, 'event'; two at least"),
        (VoxelDecoding(n_folds=5), tiny, AnalysisError, "'direction=0' has 4 usable trials, and n_folds=5"),
        (VoxelDecoding(rest=True, baseline=0.0), tiny, AnalysisError, "rest needs a window before"),
        (VoxelDecoding(), dataclasses.replace(tiny, events=None), MissingMetadataError, "needs events"),
        (TwoConditions(("direction",)), tiny, AnalysisError, "there are 4 conditions .* Choose two"),
        (TwoConditions(("direction",), only=("direction=0|7",)), tiny, AnalysisError, "no event has '7'"),
    ]
    for analysis, context, error, message in cases:
        with pytest.raises(error, match=message):
            analysis.plan(context)
    with pytest.raises(ParameterError, match="n_folds=1 leaves nothing to train on"):
        VoxelDecoding(n_folds=1)


def test_trials_without_frames_are_left_out_and_counted(tiny, series):
    keep = np.ones(260, bool)
    keep[10:16] = False
    context = dataclasses.replace(tiny, keep=keep)
    found = dataset(VoxelDecoding(n_folds=3), context, series)
    assert found["n_trials"].values.tolist() == [3, 4, 4, 4]
    assert found.attrs["warnings"] == ["1 of 16 events left out: no kept frame in one of their windows."]
