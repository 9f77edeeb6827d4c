"""The values of a stimulus as conditions: which trials had which, and the weights of their mean response."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from napari_thunder.analysis.protocol import Context
from napari_thunder.analysis.trials import Trials, Window, averages, make_trials
from napari_thunder.analysis.tuning.angles import Places, Values, angles_of, check_column, numbers_in
from napari_thunder.errors import AnalysisError

_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True, slots=True)
class Conditions:
    """A stimulus that had several values.

    Parameters
    ----------
    events
        Those that have a value.
    values
        (conditions,) rising; their numbers from 0 where they are not numbers.
    labels
        Of each, as a person writes it.
    which
        (events,) place of each event's value among them.
    trials
        Weights of frames for each event.
    groups
        Usable events of each condition, one at least.
    """

    events: pd.DataFrame
    values: Values
    labels: tuple[str, ...]
    which: Places
    trials: Trials
    groups: tuple[Places, ...]

    @property
    def n_trials(self) -> Places:
        """(conditions,) usable events."""
        return np.array([len(group) for group in self.groups])

    @property
    def means(self) -> sparse.csr_array:
        """(conditions, t) weights of the mean response."""
        return sparse.csr_array(averages(self.groups, len(self.which)) @ self.trials.responses)

    @property
    def responses(self) -> sparse.csr_array:
        """(usable trials, t) weights of each response, sorted by condition."""
        return sparse.csr_array(self.trials.responses[np.concatenate(self.groups)])


@dataclass(frozen=True, slots=True)
class Stimulus:
    """A column of the events with the values of a stimulus, and what they are.

    Parameters
    ----------
    column
        Its name.
    noun
        Of a value, for messages.
    kind
        `degrees` or `radians` of angles, `numbers`, or `labels` of any other sort.
    """

    column: str
    noun: str
    kind: str

    def values_in(self, events: pd.DataFrame) -> tuple[pd.DataFrame, Values, tuple[str, ...], Places]:
        """Events that have a value; the values, rising, with their labels; and which of them each event has."""
        if self.kind == "labels":
            return _labels_in(events, self.column)
        if self.kind == "numbers":
            numbers = numbers_in(events, self.column)
            has = np.isfinite(numbers)
            values, which = np.unique(numbers[has], return_inverse=True)
            return events[has].reset_index(drop=True), values, tuple(f"{value:g}" for value in values), which
        events, degrees, which = angles_of(events, self.column, 360.0, self.kind)
        return events, degrees, tuple(f"{degree:g}°" for degree in degrees), which


def _labels_in(events: pd.DataFrame, column: str) -> tuple[pd.DataFrame, Values, tuple[str, ...], Places]:
    has_value = events[check_column(events, column)].notna()
    events = events[has_value].reset_index(drop=True)
    found = sorted(events[column].unique(), key=lambda value: (isinstance(value, str), value))
    which = events[column].map({value: place for place, value in enumerate(found)}).to_numpy(np.intp)
    return events, np.arange(len(found), dtype=np.float64), tuple(map(str, found)), which


def conditions_of(context: Context, stimulus: Stimulus, window: Window, what: str, least: int = 2) -> Conditions:
    """The conditions of a stimulus, and their trials.

    Raises
    ------
    ThunderError
        If there are no events, fewer than `least` values, or none of a value's events is usable.
    """
    events, values, labels, which = stimulus.values_in(context.need_events(what))
    if len(values) < least:
        number = _NUMBERS.get(least, str(least))
        raise AnalysisError(
            f"{context.name}: {what}: the events have {len(values)} {stimulus.noun}{'s' * (len(values) != 1)} in "
            f"{stimulus.column!r}; {number} at least are needed."
        )
    trials = make_trials(events, window, context, what)
    groups = tuple(np.flatnonzero((which == k) & trials.usable) for k in range(len(values)))
    for label, group in zip(labels, groups, strict=True):
        if not len(group):
            raise AnalysisError(
                f"{context.name}: {what}: no event of {stimulus.noun} {label} has kept frames both in "
                "its response window and in its baseline. Change baseline, delay or duration, or leave it out."
            )
    return Conditions(events, values, labels, which, trials, groups)
