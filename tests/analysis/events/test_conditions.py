"""Statistics over the frames of conditions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_thunder.analysis import ConditionStatistics
from napari_thunder.errors import AnalysisError, ParameterError
from tests.analysis.runner import compute


def test_frames_in_several_events_of_a_condition_count_once(tiny, series):
    events = tiny.events.assign(stop_time=tiny.events.start_time + 10)
    found = compute(ConditionStatistics(), dataclasses.replace(tiny, events=events), series)
    first, last = 10, min(260, int(2 * events["stop_time"].max()))
    assert found["n_frames"].tolist() == [last - first]
    np.testing.assert_allclose(found["std"][0], series[first:last].std(0, ddof=1))


def test_wrong_statistics_and_empty_conditions_are_refused(tiny):
    with pytest.raises(ParameterError, match="statistics='mode' must be one of mean, median, std, min, max, sum"):
        ConditionStatistics(statistics=("mode",))
    with pytest.raises(ParameterError, match="none is chosen of"):
        ConditionStatistics(statistics=())
    with pytest.raises(AnalysisError, match="no kept frame begins in the 4 events of 'direction=0'"):
        ConditionStatistics(("direction",), delay=1000).plan(tiny)
