"""Modulation by behaviour, over frames and over trials."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from napari_thunder.analysis import BehaviourModulation
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import compute, dataset, make_context


def _running(tiny):
    """The animal runs in every second trial of each direction: events 0-3 and 8-11."""
    runs = np.zeros(260)
    for start in tiny.events["start_time"][[0, 1, 2, 3, 8, 9, 10, 11]]:
        runs[int(2 * start) : int(2 * start) + 6] = 2.0
    signals = pd.DataFrame({"speed": runs}, index=tiny.signals.index)
    return dataclasses.replace(tiny, signals=signals)


def test_the_index_is_relative_to_the_larger_mean():
    active = np.r_[np.ones(50), np.zeros(50)]
    noise = np.tile([0.1, -0.1], 50)[:, None]
    series = np.stack([2 + 2 * active, 4 - 2 * active, 3 + 0 * active], axis=1) + noise
    signals = pd.DataFrame({"speed": active}, index=pd.RangeIndex(100, name="frame"))
    found = dataset(BehaviourModulation(), make_context(100, signals=signals), series)
    np.testing.assert_allclose(found["modulation"].values[0, 0], [0.5, -0.5, 0], atol=1e-7)
    np.testing.assert_allclose(found["active"].values[0, 0], [4, 2, 3], rtol=1e-6)
    assert found["n_active"].item() == 50
    assert "frames as independent" in found.attrs["warnings"][0]


def test_trials_are_compared_in_the_preferred_condition(tiny, series):
    context = _running(tiny)
    analysis = BehaviourModulation(over="trials", by=("speed",), baseline=1)
    events = context.events.assign(speed=np.tile([1, 2], 8))
    found = compute(analysis, dataclasses.replace(context, events=events), series)
    starts = (2 * events["start_time"].to_numpy()).astype(int)
    responses = np.array([series[s : s + 6].mean(0) - series[s - 2 : s].mean(0) for s in starts])
    runs = np.isin(np.arange(16), [0, 1, 2, 3, 8, 9, 10, 11])
    means = np.array([responses[k::2].mean(0) for k in (0, 1)])
    np.testing.assert_array_equal(found["preferred_condition"], means.argmax(0) + 1)
    for voxel, preferred in enumerate(means.argmax(0)):
        own = np.arange(16) % 2 == preferred
        test = stats.ttest_ind(responses[own & runs, voxel], responses[own & ~runs, voxel], equal_var=False)
        np.testing.assert_allclose(found["t"][voxel], test.statistic)
        np.testing.assert_allclose(found["p"][voxel], test.pvalue)
    assert found["n_active"].tolist() == [4, 4]


def test_voxels_that_prefer_a_condition_with_too_few_trials_are_nan(tiny, series):
    context = _running(tiny)
    events = context.events.assign(kind=["a"] * 14 + ["b"] * 2)
    found = compute(
        BehaviourModulation(over="trials", by=("kind",)), dataclasses.replace(context, events=events), series
    )
    second = found["preferred_condition"] == 2
    assert 0 < second.sum() < 12
    np.testing.assert_array_equal(np.isnan(found["t"]), second)


def test_what_cannot_be_compared_is_said_in_words(tiny):
    context = _running(tiny)
    with pytest.raises(AnalysisError, match=r"0 frames are active .* and 260 quiet; 3 of each"):
        BehaviourModulation(threshold=9.0).plan(context)
    with pytest.raises(AnalysisError, match=r"no condition has 3 active and 3 quiet trials \(direction=0: 2 and 2"):
        BehaviourModulation(over="trials", by=("direction",)).plan(context)
    with pytest.raises(AnalysisError, match="choose a signal"):
        BehaviourModulation().plan(tiny)
    with pytest.raises(MissingMetadataError, match="needs events"):
        BehaviourModulation(over="trials").plan(dataclasses.replace(context, events=None))
