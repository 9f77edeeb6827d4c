"""Which events: chosen by the levels of their columns, as Thunder's multi-index did."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import AnalysisError, TableError

_TERM = re.compile(r"\s*(?P<column>.+?)\s*(?P<sign>!=|<=|>=|=|<|>)\s*(?P<levels>.*?)\s*")
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOST_NAMED = 12

ONLY_HELP = "Only some events: speed=2, direction=0|90, kind!=blank, contrast>=0.5; several must all hold"


def chosen_events(events: pd.DataFrame, only: Sequence[str], where: str) -> pd.DataFrame:
    """The events for which all of some terms hold, with their index as it was.

    Parameters
    ----------
    events
        As `check_events` gives it.
    only
        Terms such as `speed=2`, `direction=0|90` (one of these levels), `kind!=blank|grey` (none of them),
        `contrast>=0.5`. None: all events. An event without a value in a column that is asked for is left out.
    where
        For messages: the recording and the analysis.

    Raises
    ------
    TableError
        If there is no such column.
    AnalysisError
        If a term cannot be understood, names a level that no event has, or no event is left.
    """
    chosen = events
    for term in only:
        chosen = chosen[_holds(chosen, events, term, where)]
        if chosen.empty:
            raise AnalysisError(f"{where}: no event is left with only={','.join(only)!r}.")
    return chosen


def _holds(chosen: pd.DataFrame, events: pd.DataFrame, term: str, where: str) -> NDArray[np.bool_]:
    found = _TERM.fullmatch(term)
    if found is None or not found["levels"]:
        raise AnalysisError(
            f"{where}: only={term!r} cannot be understood. Write a column, a sign and a level, such as speed=2, "
            "direction=0|90, kind!=blank or contrast>=0.5."
        )
    name, sign, levels = found["column"], found["sign"], found["levels"].split("|")
    if name not in events.columns:
        raise TableError(f"{where}: only={term!r}: the events have no column {name!r}; {_names(events.columns)}.")
    column = chosen[name]
    if sign in _ORDER:
        return _compared(column, sign, levels, f"{where}: only={term!r}")
    given = [_known(events[name], level.strip(), f"{where}: only={term!r}") for level in levels]
    within = np.logical_or.reduce([_is(column, level) for level in given])
    there: NDArray[np.bool_] = column.notna().to_numpy() & (within if sign == "=" else ~within)
    return there


def _compared(column: pd.Series, sign: str, levels: list[str], where: str) -> NDArray[np.bool_]:
    bound = _number(levels[0])
    if bound is None or len(levels) > 1 or not _is_numeric(column):
        raise AnalysisError(f"{where}: {sign} is for a column of numbers and one number beside it.")
    held: NDArray[np.bool_] = _ORDER[sign](column.to_numpy(np.float64), bound)
    return held


def _known(column: pd.Series, level: str, where: str) -> str:
    if not _is(column, level).any():
        has = ", ".join(_text(value) for value in list(column.dropna().unique())[:_MOST_NAMED])
        raise AnalysisError(f"{where}: no event has {level!r} in {column.name!r}; there is: {has or 'nothing'}.")
    return level


def _is(column: pd.Series, level: str) -> NDArray[np.bool_]:
    number = _number(level)
    if _is_numeric(column) and number is not None:
        return np.asarray(np.isclose(column.to_numpy(np.float64), number, rtol=1e-9, atol=1e-12))
    return np.array([_text(value).casefold() == level.casefold() for value in column], bool)


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float | np.floating) else str(value)


def _names(columns: pd.Index) -> str:
    further = ", ".join(map(str, columns.drop(["start_time", "stop_time"])))
    return f"its columns are: {further}" if further else "it has none besides the times"
