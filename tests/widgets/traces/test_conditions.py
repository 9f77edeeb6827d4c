from __future__ import annotations

import numpy as np
import pandas as pd

from napari_thunder.display.colormaps import cyclic_lut
from napari_thunder.widgets.traces.conditions import conditions_of, grouping_columns
from napari_thunder.widgets.traces.event_bands import merged
from napari_thunder.widgets.traces.theme import Colours, contrast

EVENTS = pd.DataFrame(
    {
        "start_time": [1.0, 3, 5, 7],
        "stop_time": [2.0, 4, 6, 8],
        "direction": [90.0, 0, 90, 270],
        "sound": ["b", "a", "b", "a"],
    }
)


def test_directions_take_the_colours_of_the_maps() -> None:
    conditions = conditions_of(EVENTS, "direction")
    assert conditions.labels == ("0°", "90°", "270°")
    assert conditions.of.tolist() == [1, 0, 1, 2]
    r, g, b = cyclic_lut()[64]
    assert conditions.colors[1] == f"#{r:02x}{g:02x}{b:02x}"


def test_other_conditions_take_colours_that_everyone_tells_apart() -> None:
    conditions = conditions_of(EVENTS, "sound")
    assert conditions.labels == ("a", "b")
    assert len(set(conditions.colors)) == 2


def test_without_a_column_all_events_are_alike() -> None:
    for column in ("", "no such column"):
        assert conditions_of(EVENTS, column).labels == ("event",)
    assert conditions_of(None, "").labels == ()


def test_the_conditions_of_a_moment_are_said() -> None:
    conditions = conditions_of(EVENTS, "sound")
    assert [conditions.at(time) for time in (0.5, 1.5, 3.5, 8.5)] == ["", "b", "a", ""]


def test_a_column_of_another_number_each_time_groups_nothing() -> None:
    events = pd.DataFrame({"start_time": np.arange(100.0), "stop_time": np.arange(100.0) + 0.5, "id": np.arange(100)})
    assert grouping_columns(events) == ()
    assert grouping_columns(EVENTS) == ("direction", "sound")


def test_thousands_of_events_are_no_more_bands_than_pixels() -> None:
    start = np.arange(50_000) * 0.1
    bands = merged(start, start + 0.05, np.zeros(50_000, np.intp), pixel=5.0)
    assert len(bands) <= 1001
    assert bands[0][0] < 5
    assert max(stop for _, stop, _ in bands) > 4995


def test_few_events_are_drawn_as_they_are() -> None:
    assert merged(np.array([1.0]), np.array([2.5]), np.array([3]), 0.7) == [(1.0, 2.5, 3)]


def test_lines_can_be_told_from_the_background_of_every_theme() -> None:
    for background, text in (("#262930", "#f0f1f2"), ("#efebe9", "#3b3a39")):
        colours = Colours(background, text, "#888888", "#ffcc00")
        for color in ("#f0e442", "#0072b2", "#262930", "#ffffff"):
            assert contrast(colours.readable(color), background) >= 3
