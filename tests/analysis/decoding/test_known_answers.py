"""Thunder's known answers 31 and 32."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from napari_thunder.analysis import TwoConditions, VoxelDecoding
from tests.analysis.runner import compute, make_context


def _trials(*features, label=(1, 1, 1, 2, 2, 2)):
    """A trial for each sample, of as many frames as there are features."""
    n = len(features)
    start = n * np.arange(6.0)
    events = pd.DataFrame({"start_time": start, "stop_time": start + n, "label": label})
    context = make_context(6 * n, frame_times=np.arange(6.0 * n), events=events)
    return context, np.array(features, float).T.reshape(-1, 1)


def test_31_t_test():
    context, series = _trials([-1, -0.1, -0.1, 1, 1, 1.1])
    analysis = TwoConditions(("label",), baseline=0, test="student")
    np.testing.assert_allclose(compute(analysis, context, series)["t"], -4.748556, rtol=1e-6)


def test_31_t_test_of_two_features():
    first, second = np.array([-1, -0.1, -0.1, 1, 1, 1.1]), np.array([-2, -2, -2.1, 1.1, 1, 2])
    context, series = _trials(first, second)
    found = compute(TwoConditions(("label",), baseline=0, n_bins=2, test="student"), context, series)["t"]
    stacked = np.stack([first, second], axis=1)
    np.testing.assert_allclose(found[:, 0], stats.ttest_ind(stacked[:3], stacked[3:]).statistic)


@pytest.mark.parametrize(
    ("x", "accuracy"), [([-1, -1, -1.2, 1, 1, 1.2], 1.0), ([-1, -1, 1.2, 1, 1, 1.2], 5 / 6)], ids=["all", "all but one"]
)
def test_32_accuracy_of_naive_bayes_in_training(x, accuracy):
    context, series = _trials(x)
    found = compute(VoxelDecoding(("label",), baseline=0, n_folds=0), context, series)
    np.testing.assert_allclose(found["accuracy"], accuracy)
    assert "p" not in found


@pytest.mark.parametrize(
    ("window", "accuracy"),
    [({"duration": 1.0}, 1.0), ({"delay": 1.0, "duration": 1.0}, 5 / 6), ({"n_features": 2}, 1.0)],
    ids=["first", "second", "both"],
)
def test_32_accuracy_with_two_features(window, accuracy):
    context, series = _trials([-1, -1, -1.2, 1, 1, 1.2], [-1, -1, 1.2, 1, 1, 1.2])
    found = compute(VoxelDecoding(("label",), baseline=0, n_folds=0, **window), context, series)
    np.testing.assert_allclose(found["accuracy"], accuracy)
