from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from napari_thunder.errors import ParameterError
from napari_thunder.models.analyze.form import FieldKind, form_fields, seldom_changed
from napari_thunder.models.data.given import numbers_of, positive_number_of
from napari_thunder.parameters import parameter
from napari_thunder.recording import Recording


@dataclass(frozen=True)
class Example:
    column: str = parameter("direction", help="Column of the events.", source="event columns")
    signals: tuple[str, ...] = parameter((), help="Signals.", source="signals")
    lag: float = parameter(0.5, help="Delay.", unit="s", minimum=0, maximum=5)
    window: int | None = parameter(None, help="Frames.", minimum=1)


def recording() -> Recording:
    events = pd.DataFrame({"start_time": [0.0], "stop_time": [1.0], "direction": [30], "speed": [1]})
    return Recording.from_array(np.zeros((3, 1, 1, 1)), frame_rate=1.0, events=events)


def test_choices_come_from_the_recording() -> None:
    column, signals, *_ = form_fields(Example, recording())
    assert column.kind is FieldKind.CHOICE
    assert column.choices == ("direction", "speed")
    assert signals.choices == ()
    assert "signals file" in signals.hint


def test_units_limits_and_help_come_from_the_parameter() -> None:
    *_, lag, window = form_fields(Example)
    assert (lag.label, lag.kind, lag.value, lag.minimum, lag.maximum) == ("Lag (s)", FieldKind.NUMBER, 0.5, 0, 5)
    assert (window.kind, window.optional, window.value) == (FieldKind.INTEGER, True, None)
    assert lag.help == "Delay. 0 to 5 s."


def test_numbers_are_understood_with_commas_or_spaces() -> None:
    assert numbers_of("4, 0.5 0.5", 3, "Voxel size", "(z, y, x) in µm") == (4, 0.5, 0.5)


@pytest.mark.parametrize("text", ["abc", "", "0", "-1", "nan", "1, 2"])
def test_a_frame_rate_that_is_none_is_refused_with_what_it_takes(text: str) -> None:
    with pytest.raises(ParameterError, match=r"Frame rate: .* a positive number in Hz"):
        positive_number_of(text, "Frame rate", "Hz")


def test_names_without_a_list_to_choose_from_are_typed_and_regions_are_offered() -> None:
    from napari_thunder.analysis.registry import analyses

    fields = {field.name: field for field in form_fields(analyses()["event_average"], recording())}
    assert fields["only"].kind is FieldKind.WORDS
    (seed, *_) = form_fields(analyses()["seed_correlation"], recording(), ("tectum", "hindbrain"))
    assert seed.kind is FieldKind.CHOICE
    assert seed.choices == ("tectum", "hindbrain")


def test_of_a_long_form_what_is_seldom_changed_can_be_folded_away() -> None:
    from napari_thunder.analysis.registry import analyses

    folded = seldom_changed(form_fields(analyses()["regression"], recording()))
    assert {"seed", "cluster_size", "min_shift"} <= folded
    assert not folded & {"events_by", "signals", "kernel", "inference", "contrasts"}
    assert not seldom_changed(form_fields(analyses()["pca"], recording()))
