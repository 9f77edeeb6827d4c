"""Events are chosen by the levels of their columns."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis import EventAverage
from napari_thunder.analysis.events.selection import chosen_events
from napari_thunder.errors import AnalysisError, TableError
from tests.analysis.runner import compute

EVENTS = pd.DataFrame(
    {
        "start_time": np.arange(6.0),
        "stop_time": np.arange(6.0) + 0.5,
        "direction": [0, 90, 180.0, 0, 90, np.nan],
        "kind": ["go", "Blank", "go", "stop", "blank", "go"],
        "lit": [True, False, True, False, True, False],
    }
)


@pytest.mark.parametrize(
    ("only", "rows"),
    [
        ((), [0, 1, 2, 3, 4, 5]),
        (("direction=0",), [0, 3]),
        (("direction = 0.0 | 180",), [0, 2, 3]),
        (("direction!=90",), [0, 2, 3]),
        (("direction>=90",), [1, 2, 4]),
        (("direction<90",), [0, 3]),
        (("kind=blank",), [1, 4]),
        (("kind!=blank|stop",), [0, 2, 5]),
        (("kind=go", "direction>0"), [2]),
        (("lit=true",), [0, 2, 4]),
        (("start_time<3", "lit=False"), [1]),
    ],
)
def test_the_events_for_which_all_terms_hold_are_chosen(only, rows):
    assert chosen_events(EVENTS, only, "tiny: test").index.tolist() == rows


@pytest.mark.parametrize(
    ("only", "error", "message"),
    [
        (("direction",), AnalysisError, "'direction' cannot be understood. Write a column, a sign and a level"),
        (("direction=",), AnalysisError, "cannot be understood"),
        (("speed=2",), TableError, "no column 'speed'; its columns are: direction, kind, lit"),
        (("direction=45",), AnalysisError, "no event has '45' in 'direction'; there is: 0, 90, 180"),
        (("kind!=sotp",), AnalysisError, "no event has 'sotp' in 'kind'; there is: go, Blank, stop, blank"),
        (("kind>go",), AnalysisError, "> is for a column of numbers"),
        (("direction>0|90",), AnalysisError, "one number"),
        (("direction=0", "kind=blank"), AnalysisError, "no event is left with only='direction=0,kind=blank'"),
    ],
)
def test_what_cannot_be_chosen_is_said_in_words(only, error, message):
    with pytest.raises(error, match="tiny: test") as raised:
        chosen_events(EVENTS, only, "tiny: test")
    assert message in str(raised.value)


def test_nothing_in_a_term_is_ever_run():
    with pytest.raises(TableError, match="no column"):
        chosen_events(EVENTS, ("__import__('os').system('exit 1')=1",), "tiny")


def test_an_average_of_chosen_events_is_that_of_a_table_of_them(tiny, series):
    alone = dataclasses.replace(tiny, events=tiny.events[tiny.events.speed == 2].reset_index(drop=True))
    expected = compute(EventAverage(("direction",)), alone, series)
    found = compute(EventAverage(("direction",), only=("speed=2",)), tiny, series)
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
