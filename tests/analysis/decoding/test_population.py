"""Decoding by regions together: what is found, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_thunder.analysis import PopulationDecoding
from napari_thunder.analysis.decoding.classifiers import NAMES, Classifier, patterns
from napari_thunder.errors import AnalysisError, MissingMetadataError, ParameterError
from tests.analysis.decoding.test_voxels import recording
from tests.analysis.runner import compute, dataset


def _informative(signal=2.5, n_trials=40):
    """Ten voxels, of which the third and fourth answer to one of two kinds, in opposite directions."""
    context, series = recording(n_trials, n_voxels=10)
    events = context.events
    for start in events["start_time"][events["kind"] == 1].astype(int):
        series[start : start + 4, 2] += signal
        series[start : start + 4, 3] -= signal
    return context, series


@pytest.mark.parametrize("classifier", NAMES)
def test_cells_that_answer_are_decoded_and_carry_the_weights(classifier):
    context, series = _informative()
    analysis = PopulationDecoding(("kind",), cells=1.0, classifier=classifier, n_permutations=19)
    found = dataset(analysis, context, series)
    assert found.attrs["accuracy"] > 0.85
    assert found.attrs["p"] == 0.05
    assert abs(found.attrs["null_accuracy"] - 0.5) < 0.1
    weight = found["weight"].sel(condition="kind=1").values[0, 0]
    assert sorted(np.argsort(-np.abs(weight))[:2]) == [2, 3]
    assert weight[2] > 0 > weight[3]
    pattern = found["pattern"].sel(condition="kind=1").values[0, 0]
    assert sorted(np.argsort(-np.abs(pattern))[:2]) == [2, 3]
    np.testing.assert_allclose(found["confusion"].sum("decoded"), 1)
    assert found["accuracy_alone"].values[0, 0, [2, 3]].min() > found["accuracy_alone"].values[0, 0, [0, 1]].max()


def test_noise_is_decoded_at_chance():
    accuracies, ps = [], []
    for seed in range(3):
        context, series = recording(40, n_voxels=8, seed=seed)
        analysis = PopulationDecoding(("kind",), cells=1.0, classifier="LDA", n_permutations=7, seed=seed)
        attrs = dataset(analysis, context, series).attrs
        accuracies.append(attrs["accuracy"])
        ps.append(attrs["p"])
    assert abs(np.mean(accuracies) - 0.5) < 0.1
    assert max(ps) > 0.3


def test_accuracy_over_time_rises_when_the_event_starts():
    context, series = _informative(signal=4.0)
    analysis = PopulationDecoding(
        ("kind",), cells=1.0, classifier="LDA", n_permutations=0, over_time=True, before=2.0, after=3.0
    )
    found = dataset(analysis, context, series)
    accuracy = found["accuracy_at_lag"].sel(line="accuracy")
    assert accuracy["lag"].attrs["units"] == "s"
    assert accuracy.sel(lag=slice(-2, -1)).max() < 0.75
    assert accuracy.sel(lag=slice(0, 3)).min() > 0.9
    assert (found["accuracy_at_lag"].sel(line="chance") == 0.5).all()
    assert found["accuracy_at_lag"].attrs["error"] == "accuracy_at_lag_sem"


def test_lags_that_some_trials_lack_are_decoded_from_the_others_or_not_at_all():
    context, series = _informative(signal=4.0)
    keep = np.ones(len(series), bool)
    keep[context.events["start_time"].astype(int).to_numpy()[:30] + 1] = False
    keep[context.events["start_time"].astype(int).to_numpy() + 2] = False
    analysis = PopulationDecoding(
        ("kind",), cells=1.0, classifier="LDA", n_permutations=0, over_time=True, before=0.0, after=3.0, n_folds=2
    )
    found = compute(analysis, dataclasses.replace(context, keep=keep), series)["accuracy_at_lag"][:, 0]
    np.testing.assert_array_equal(np.isnan(found), [False, False, True, False])


def test_drawn_regions_are_decoded_and_painted(tiny, series):
    found = dataset(PopulationDecoding(n_folds=4, n_permutations=0), tiny, series)
    assert found["group"].values.tolist() == [region.name for region in tiny.regions]
    assert found["n_voxels"].values.tolist() == [1, 2, 3, 3, 3]
    weight = found["weight"].values[0, 0, 0]
    assert np.isnan(weight[11])
    assert weight[1] == weight[2]
    constant = series.copy()
    constant[:, 0] = 7.0
    found = dataset(PopulationDecoding(n_folds=4, n_permutations=0), tiny, constant)
    assert np.isnan(found["weight"].values[:, 0, 0, 0]).all()
    assert found.attrs["warnings"] == ["1 of 5 regions left out: no voxel that varies."]


def test_the_pattern_of_what_only_cancels_noise_is_small():
    rng = np.random.default_rng(0)
    labels, noise = np.repeat([0, 1], 200), rng.normal(size=400)
    features = np.stack([labels + noise, noise], axis=1)
    weights = Classifier("LDA", 1.0, 0).weights(features, labels)
    assert abs(weights[1, 1]) > 0.5 * abs(weights[1, 0])
    pattern = patterns(features, weights)
    assert abs(pattern[1, 1]) < 0.2 * abs(pattern[1, 0])


def test_what_cannot_be_decoded_is_said_in_words(tiny, series):
    with pytest.raises(MissingMetadataError, match="needs 1 or more regions"):
        PopulationDecoding(n_folds=4).plan(dataclasses.replace(tiny, regions=()))
    with pytest.raises(AnalysisError, match="has 4 usable trials, and n_folds=5"):
        PopulationDecoding().plan(tiny)
    with pytest.raises(AnalysisError, match="none of the 5 regions has a voxel that varies"):
        compute(PopulationDecoding(n_folds=4), tiny, 0 * series)
    with pytest.raises(ParameterError, match="must be one of logistic regression, LDA, linear SVM"):
        PopulationDecoding(classifier="forest")
