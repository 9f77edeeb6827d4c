"""Angles of stimuli: read from events, and the vector sum of what each is answered by."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import TableError

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_SAME_DIRECTION = 1e-6
_NEARLY_ROUND = 2e-5
"""In degrees: closer to the period, a float32 would be the period, which is 0."""


def angles_of(
    events: pd.DataFrame, column: str, period: float = 360.0, unit: str = "degrees"
) -> tuple[pd.DataFrame, Values, Places]:
    """Events that have an angle, the angles in degrees, and which of them each event has.

    Parameters
    ----------
    events
        A table of events.
    column
        With the angle; empty for an event without one.
    period
        Degrees after which an angle is the same again: 360 for directions, 180 for orientations.
    unit
        Of the column: `degrees` or `radians`.

    Returns
    -------
    events, degrees, which
        Rows with an angle; the angles, rising in [0, period); the place of each row's angle among them.

    Raises
    ------
    TableError
        If the column is missing or not numbers.
    """
    angles = numbers_in(events, column, "an angle")
    has = np.isfinite(angles)
    angle = np.mod(np.rad2deg(angles[has]) if unit == "radians" else angles[has], period)
    angle = np.round(angle / _SAME_DIRECTION) * _SAME_DIRECTION
    degrees, which = np.unique(np.where(angle >= period, 0.0, np.round(angle, 6)), return_inverse=True)
    return events[has].reset_index(drop=True), degrees, which


def numbers_in(events: pd.DataFrame, column: str, what: str = "a number") -> Values:
    """Numbers in a column of the events, NaN where a cell is empty.

    Raises
    ------
    TableError
        If the column is missing or holds something else; says which row.
    """
    numbers = pd.to_numeric(events[check_column(events, column)], errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(numbers) & events[column].notna().to_numpy()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        noun = "direction" if what == "an angle" else "value"
        raise TableError(
            f"events: row {row} (from 0): column {column!r}: {str(events[column].iloc[row])!r} is not {what}. Give "
            f"numbers, or leave the cell empty for an event without a {noun}."
        )
    return numbers


def check_column(events: pd.DataFrame, column: str) -> str:
    """The column's name, if events have it.

    Raises
    ------
    TableError
        If not; names those there are.
    """
    if column not in events.columns:
        has = ", ".join(map(str, events.columns.drop(["start_time", "stop_time"]))) or "none besides the times"
        raise TableError(f"events: there is no column {column!r}. Its columns are: {has}.")
    return column


def arcs(radians: Values) -> Values:
    """The arc each direction (rising, rad) stands for, relative to even spacing: 1 where they are evenly spaced."""
    gaps = np.diff(radians, append=radians[0] + 2 * np.pi)
    return (gaps + np.roll(gaps, 1)) / 2 * len(radians) / (2 * np.pi)


def vector_sum(response: Values, radians: Values) -> tuple[Values, Values]:
    """Preferred direction in degrees [0, 360) and selectivity (gDSI) of tuning curves.

    Parameters
    ----------
    response
        (directions, voxels); values below 0 count as 0.
    radians
        (directions,) rising in [0, 2π).

    Returns
    -------
    preferred, selectivity
        (voxels,) each; NaN where no response is above 0.
    """
    x, y, total = waves(radians, 1) @ np.maximum(response, 0)
    return preferred_angle(x, y, total, 1), strength(x, y, total)


def waves(radians: Values, folds: int) -> Values:
    """Rows (3, angles) that sum responses to Σ w R cos nθ, Σ w R sin nθ and Σ w R, n being `folds`.

    w are the arcs that unevenly spaced angles stand for, on the circle; where n is 2 and no two angles are opposite,
    on the half circle.
    """
    turn = radians if folds == 1 or _has_opposites(radians) else folds * radians
    order = np.argsort(np.mod(turn, 2 * np.pi))
    weight = np.empty_like(radians)
    weight[order] = arcs(np.mod(turn, 2 * np.pi)[order])
    angle = folds * radians
    return np.stack([np.cos(angle), np.sin(angle), np.ones_like(angle)]) * weight


def _has_opposites(radians: Values) -> bool:
    folded = np.sort(np.mod(radians, np.pi))
    gaps = np.diff(folded, append=folded[0] + np.pi)
    return bool((gaps < np.deg2rad(_SAME_DIRECTION)).any())


def preferred_angle(x: Values, y: Values, total: Values, folds: int) -> Values:
    """Angle in degrees [0, 360 / folds) of the vector sum; NaN where nothing is above 0."""
    period = 360.0 / folds
    angle = np.where(total > 0, np.mod(np.rad2deg(np.arctan2(y, x)) / folds, period), np.nan)
    return below(angle, period)


def below(angle: Values, period: float) -> Values:
    """Degrees in [0, period) that are so as float32 too."""
    angle[angle > period - _NEARLY_ROUND] = 0.0
    return angle


def strength(x: Values, y: Values, total: Values) -> Values:
    """Length of the vector sum by the sum of lengths, 0 to 1; NaN where nothing is above 0."""
    length: Values = np.hypot(x, y) / np.where(total > 0, total, np.nan)
    return np.minimum(length, 1.0, out=length)
