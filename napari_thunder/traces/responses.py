"""How one trace answers each kind of event: the event-triggered average and the tuning curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Context
from napari_thunder.analysis.trials import Window, make_trials
from napari_thunder.analysis.tuning.angles import angles_of, vector_sum
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_groups
from napari_thunder.traces.settings import TraceSettings

Values = NDArray[np.float64]
Counts = NDArray[np.intp]

PERIODS = {"direction": 360.0, "angle": 360.0, "heading": 360.0, "orientation": 180.0}
"""Degrees after which a variable is the same again, by a word in the column's name."""


@dataclass(frozen=True, slots=True, eq=False)
class EventResponse:
    """The event-triggered average of a trace.

    Parameters
    ----------
    labels
        Of the conditions (c,), such as `direction=45`.
    values
        (c,) the numbers behind the labels, where the column has numbers.
    time
        (w,) s from the start of an event.
    mean, sem
        (c, w) over trials, baseline subtracted; sd / √n with ddof 1, NaN with one trial.
    n
        (c,) trials used.
    n_at_lag
        (c, w) trials that have each lag.
    """

    labels: tuple[str, ...]
    values: Values | None
    time: Values
    mean: Values
    sem: Values
    n: Counts
    n_at_lag: Counts


@dataclass(frozen=True, slots=True, eq=False)
class TuningCurve:
    """The mean response of a trace to each value of an event column.

    Parameters
    ----------
    variable
        The column.
    values
        (c,) rising; a circular variable in degrees in [0, period).
    mean, sem
        (c,) of the responses over trials: mean during the event minus mean over the baseline.
    n
        (c,) trials used.
    circular, period
        Whether the variable comes round again, and after how many degrees (0 if it does not).
    preferred, selectivity
        Of a circular variable: angle in degrees and size (0 to 1) of the vector sum, as in DirectionTuning; None where
        it is not circular or no response is above 0.
    """

    variable: str
    values: Values
    mean: Values
    sem: Values
    n: Counts
    circular: bool
    period: float
    preferred: float | None
    selectivity: float | None


def event_response(values: Values, settings: TraceSettings, context: Context) -> EventResponse:
    """The average of a trace (t,) around events, for each condition.

    Parameters
    ----------
    values
        As shown; what excluded frames hold does not count.
    settings
        Window, baseline and the column that tells conditions apart.
    context
        Of the recording.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If there is no such column.
    AnalysisError
        If no event is usable.
    """
    what = "The average around events"
    events = context.need_events(what)
    window = Window(settings.baseline, 0.0, None, settings.before, settings.after)
    trials = make_trials(events, window, context, what)
    columns = (settings.group_by,) if settings.group_by else ()
    groups = [(name, rows.index.to_numpy()) for name, rows in event_groups(events, columns)]
    series = values[context.keep]
    each = _weigh(trials.samples, series).reshape(trials.sampled.shape)
    each -= _weigh(trials.baselines, series)[:, None]
    each[~(trials.sampled & trials.usable[:, None])] = np.nan
    shown = _shown(trials.lags, settings)
    found = [_over_trials(each[rows][:, shown]) for _, rows in groups]
    mean, sem, count = (np.stack(parts) for parts in zip(*found, strict=True))
    n = np.array([int(trials.usable[rows].sum()) for _, rows in groups])
    numbers = _numbers([events[settings.group_by].iloc[rows[0]] for _, rows in groups]) if columns else None
    return EventResponse(tuple(name for name, _ in groups), numbers, trials.lags[shown], mean, sem, n, count)


def tuning_curve(values: Values, settings: TraceSettings, context: Context) -> TuningCurve:
    """The mean response of a trace (t,) to each value of the column that tells conditions apart.

    A response is the mean during the event minus the mean over the baseline, as in EventAverage and DirectionTuning
    with their defaults.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing or does not hold numbers.
    AnalysisError
        If there is no column, or no event is usable.
    """
    what = "The tuning curve"
    given = context.need_events(what)
    if not settings.group_by:
        raise AnalysisError(f"{context.name}: {what} needs a column of the events: choose one to group by.")
    period = period_of(settings.group_by)
    events, points, which = angles_of(given, settings.group_by, period) if period else _points(given, settings.group_by)
    trials = make_trials(events, Window(settings.baseline, 0.0, None), context, what)
    responses = _weigh(trials.responses, values[context.keep])
    responses[~trials.usable] = np.nan
    found = [_over_trials(responses[which == k, None]) for k in range(len(points))]
    mean, sem, n = (np.concatenate(parts) for parts in zip(*found, strict=True))
    preferred, selectivity = _preferred(mean, points, period) if period else (None, None)
    return TuningCurve(settings.group_by, points, mean, sem, n, period > 0, period, preferred, selectivity)


def period_of(column: str) -> float:
    """Degrees after which the variable of an event column comes round again: 360, 180 or 0 (never), by its name."""
    words = column.lower()
    return next((period for word, period in PERIODS.items() if word in words), 0.0)


def _points(events: pd.DataFrame, column: str) -> tuple[pd.DataFrame, Values, Counts]:
    """Events with a number in the column, the numbers, and which of them each event has."""
    event_groups(events, (column,))
    numbers = pd.to_numeric(events[column], errors="coerce").to_numpy(np.float64)
    has = np.isfinite(numbers)
    if not has.any():
        raise AnalysisError(f"events: column {column!r} holds no numbers, so there is no curve over it.")
    points, which = np.unique(numbers[has], return_inverse=True)
    return events[has].reset_index(drop=True), points, which


def _preferred(mean: Values, degrees: Values, period: float) -> tuple[float | None, float | None]:
    there = np.isfinite(mean)
    if there.sum() < 2:
        return None, None
    angle, selectivity = vector_sum(mean[there, None], np.deg2rad(degrees[there]) * 360 / period)
    if not np.isfinite(angle[0]):
        return None, None
    return float(angle[0]) * period / 360, float(selectivity[0])


def _weigh(weights: sparse.csr_array, series: Values) -> Values:
    """Weights @ series (t,), with rounding relative to how much the series varies."""
    mean = float(series.mean())
    weighed: Values = weights @ (series - mean)
    return weighed + np.round(weights.sum(axis=1), 9) * mean


def _over_trials(each: Values) -> tuple[Values, Values, Counts]:
    """Mean, standard error and number over trials (trials, w) of those that are not NaN."""
    n = np.isfinite(each).sum(axis=0)
    with np.errstate(all="ignore"):
        mean = np.where(n > 0, np.nansum(each, axis=0) / n, np.nan)
        spread = np.sqrt(np.nansum((each - mean) ** 2, axis=0) / (n - 1))
        sem = np.where(n > 1, spread / np.sqrt(n), np.nan)
    return mean, sem, n


def _shown(lags: Values, settings: TraceSettings) -> NDArray[np.intp]:
    slack = 1e-6 * float(lags[-1] - lags[0])
    return np.flatnonzero((lags >= -settings.before - slack) & (lags <= settings.after + slack))


def _numbers(levels: list[Any]) -> Values | None:
    numbers = pd.to_numeric(pd.Series(levels), errors="coerce").to_numpy(np.float64)
    return numbers if np.isfinite(numbers).all() else None
