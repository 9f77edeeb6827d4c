"""One declaration of a parameter serves code, forms, the command line and the provenance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from napari_thunder.errors import ParameterError
from napari_thunder.parameters import build, check, parameter, parameters, snake_case, values


@dataclass(frozen=True, slots=True)
class Smoothing:
    title: ClassVar[str] = "Smoothing"

    width: float = parameter(2.0, help="Width", unit="µm", minimum=0, maximum=50)
    rounds: int = parameter(1, help="Rounds", minimum=1)
    shape: str = parameter("gauss", help="Shape", choices=("gauss", "box"))
    masked: bool = parameter(False, help="Inside the mask only")
    columns: tuple[str, ...] = parameter((), help="Columns", source="event columns")
    weights: tuple[float, ...] | None = parameter(None, help="Weights")
    seconds: float | None = parameter(None, help="Length", unit="s")
    table: pd.DataFrame | str | None = parameter(None, help="Table")  # noqa: RUF009 - a field, not a shared default

    def __post_init__(self) -> None:
        check(self)


def test_a_class_tells_everything_a_form_needs():
    width, rounds, shape, masked, columns, weights, seconds, table = parameters(Smoothing)
    assert (width.kind, width.default, width.minimum, width.maximum, width.label) == ("float", 2.0, 0, 50, "Width (µm)")
    assert (shape.kind, shape.choices) == ("str", ("gauss", "box"))
    assert (columns.kind, columns.optional, columns.source) == ("list", False, "event columns")
    assert (weights.kind, weights.optional) == ("numbers", True)
    assert [p.kind for p in (rounds, masked, seconds, table)] == ["int", "bool", "float", "table"]
    assert seconds.optional
    assert table.optional


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": -1}, r"width=-1 is below its least value 0 µm\."),
        ({"width": 51}, r"width=51 is above its largest value 50 µm\."),
        ({"width": None}, r"width must be given\."),
        ({"width": "wide"}, r"width='wide' must be a number\."),
        ({"width": float("nan")}, r"width=nan must be a number\."),
        ({"width": True}, r"width=True must be a number\."),
        ({"rounds": 1.5}, r"rounds=1\.5 must be a whole number\."),
        ({"shape": "star"}, r"shape='star' must be one of gauss, box\."),
        ({"masked": 1}, r"masked=1 must be true or false\."),
        ({"columns": (1,)}, r"columns=\(1,\) must be names with commas between\."),
        ({"weights": ("a",)}, r"weights=\('a',\) must be numbers with commas between\."),
        ({"table": 3}, r"table=3 must be a table or the path of one\."),
    ],
)
def test_a_wrong_value_is_refused_by_name(given, message):
    with pytest.raises(ParameterError, match=f"Smoothing: {message}"):
        Smoothing(**given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"columns": "direction"}, ("direction",)),
        ({"columns": ["a", "b"]}, ("a", "b")),
        ({"weights": 2.0}, (2.0,)),
        ({"weights": np.array([1.0, 2.0])}, (1.0, 2.0)),
        ({"rounds": 3.0}, 3),
        ({"width": np.float32(0.5)}, 0.5),
        ({"table": Path("design.csv")}, "design.csv"),
    ],
)
def test_what_means_the_same_is_the_same(given, expected):
    ((name, _),) = given.items()
    value = getattr(Smoothing(**given), name)
    assert value == expected
    assert type(value) is type(expected)


def test_text_from_a_command_line_is_understood():
    text = {
        "width": " 3.5", "rounds": "2", "shape": "box", "masked": "yes", "columns": "a, b", "weights": "1,2.5",
        "seconds": "none", "table": "x.csv",
    }  # fmt: skip
    assert build(Smoothing, text) == Smoothing(3.5, 2, "box", True, ("a", "b"), (1.0, 2.5), None, "x.csv")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rounds": "2.5"}, "rounds='2.5' must be a whole number"),
        ({"masked": "maybe"}, "masked='maybe' must be true or false"),
        ({"weights": "1;2"}, "weights='1;2' must be numbers with commas between"),
        ({"size": "1"}, "no parameter 'size'. It has: width, rounds"),
    ],
)
def test_text_that_cannot_be_understood_is_refused_by_name(given, message):
    with pytest.raises(ParameterError, match=message):
        build(Smoothing, given)


def test_values_survive_json_exactly():
    table = pd.DataFrame({"swim": [0.1, 1 / 3, 2e-17]}, index=pd.RangeIndex(3, name="frame"))
    made = Smoothing(width=1 / 3, columns=("a", "b"), weights=(0.1, 0.2), table=table)
    again = build(Smoothing, json.loads(json.dumps(values(made))))
    pd.testing.assert_frame_equal(again.table, table, check_exact=True, check_index_type=False)
    assert [getattr(again, n) for n in ("width", "columns", "weights")] == [made.width, made.columns, made.weights]


@pytest.mark.parametrize(
    ("name", "snake"),
    [("DirectionTuning", "direction_tuning"), ("PCA", "pca"), ("DeltaFOverF", "delta_f_over_f"), ("ZScore", "z_score")],
)
def test_class_names_become_words(name, snake):
    assert snake_case(name) == snake
    assert snake_case(snake) == snake
