"""Design matrices: put together from events, signals and tables, and checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError
from napari_thunder.events import Kernel, event_regressors, read_design, sample_signals

Values = NDArray[np.float64]

_DEPENDENT = 1e-7
"""A column whose part that no other explains is below this share of it counts as a combination of them."""

_MEMORY = 40.0
"""Decay times after which an indicator has forgotten, to the last digit of a float64."""


@dataclass(frozen=True, slots=True)
class Design:
    """Regressors of the kept frames.

    Parameters
    ----------
    names
        Of the columns.
    values
        (t, p), as given.
    intercept
        Whether a constant stands beside them.
    groups
        (p,) names of what the columns belong to: an event column, a signal with its lags …; none: each to itself.
    n_nuisance
        How many of the last columns are there only to be taken into account.
    all_values
        (n_frames, p) also for excluded frames, where that is known.
    keep
        (n_frames,) which of those are kept.
    chains
        (p,) names of what columns are delayed copies of, one delay after another; none: no column is.
    """

    names: tuple[str, ...]
    values: Values
    intercept: bool
    groups: tuple[str, ...] = ()
    n_nuisance: int = 0
    all_values: Values | None = None
    keep: NDArray[np.bool_] | None = None
    chains: tuple[str, ...] = ()

    @property
    def centred(self) -> Values:
        """(t, p) with the mean taken out, if there is an intercept."""
        return self.values - self.values.mean(axis=0) if self.intercept else self.values

    @property
    def dof(self) -> int:
        """Degrees of freedom that are left."""
        n_frames, n_regressors = self.values.shape
        return int(n_frames - n_regressors - self.intercept)

    @property
    def variance_inflation(self) -> Values:
        """(p,) 1 / (1 − R²) of each column on the others: how much larger its variance is for their company."""
        scaled = _unit_length(self.centred)
        inflation: Values = np.diag(np.linalg.inv(scaled.T @ scaled)).copy()
        return inflation

    @property
    def condition_number(self) -> float:
        """Of the columns scaled to unit length."""
        return float(np.linalg.cond(_unit_length(self.centred)))

    def check(self, where: str) -> None:
        """Raises
        ------
        AnalysisError
            If there are too few frames, or a column is constant or a combination of others; names them.
        """
        if self.dof < 1:
            raise AnalysisError(
                f"{where}: {self.values.shape[0]} kept frames are too few for {len(self.names)} regressors"
                f"{' and an intercept' if self.intercept else ''}. Use fewer regressors."
            )
        self.check_varying(where)
        self._check_independent(where)

    def check_varying(self, where: str) -> None:
        """Raises
        ------
        AnalysisError
            If a column is constant; names it.
        """
        spread = np.ptp(self.values, axis=0)
        flat = spread <= 1e-12 * np.abs(self.values).max(axis=0)
        if not self.intercept:
            flat &= np.abs(self.values).max(axis=0) == 0
        if flat.any():
            names = ", ".join(repr(n) for n, f in zip(self.names, flat, strict=True) if f)
            raise AnalysisError(
                f"{where}: the same value in all kept frames: {names}. Leave it out"
                f"{'; the intercept is there already' if self.intercept else ''}. (So is an event outside the "
                "kept frames, or one as long as the recording.)"
            )

    def _check_independent(self, where: str) -> None:
        scaled = _unit_length(self.centred)
        for column in range(1, len(self.names)):
            before = scaled[:, :column]
            weights = np.linalg.lstsq(before, scaled[:, column], rcond=None)[0]
            if np.linalg.norm(scaled[:, column] - before @ weights) < _DEPENDENT:
                others = [n for n, w in zip(self.names, weights, strict=False) if abs(w) > 1e-6]
                raise AnalysisError(f"{where}: {self._combination(self.names[column], others)}")

    def _combination(self, name: str, others: list[str]) -> str:
        if len(others) == 1:
            return f"the regressors {others[0]!r} and {name!r} are the same but for offset and scale. Leave one out."
        with_constant = self._needs_constant(name, others)
        and_constant = " and the intercept" if with_constant else ""
        return (
            f"the regressor {name!r} is a combination of {', '.join(map(repr, others))}{and_constant}. Leave "
            f"one of them out{', or set intercept=False' if with_constant else ''}."
        )

    def _needs_constant(self, name: str, others: list[str]) -> bool:
        columns = self.values[:, [self.names.index(n) for n in others]]
        column = self.values[:, self.names.index(name)]
        left = column - columns @ np.linalg.lstsq(columns, column, rcond=None)[0]
        return self.intercept and bool(np.linalg.norm(left) > _DEPENDENT * np.linalg.norm(column))


def _unit_length(columns: Values) -> Values:
    scaled: Values = columns / np.linalg.norm(columns, axis=0)
    return scaled


def regressor_table(
    context: Context,
    events_by: tuple[str, ...] | None,
    signals: tuple[str, ...],
    design: pd.DataFrame | str | None,
    kernel: Kernel | None,
    what: str,
) -> pd.DataFrame:
    """Table (t, p) over all frames of regressors from events, signals and a table, each of another name.

    Raises
    ------
    ThunderError
        If there are none, what they need is not there, or two share a name.
    """
    tables = task_regressors(context, events_by, signals, kernel, what)
    if design is not None:
        tables.append(read_design(design, context.n_frames))
    if not tables:
        raise AnalysisError(
            f"{context.name}: {what}: there are no regressors. Give events_by= (columns of the events), signals= "
            "(names of signals) or design= (a table)."
        )
    table = pd.concat([t.reset_index(drop=True) for t in tables], axis=1)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise AnalysisError(f"{context.name}: {what}: two regressors are called {str(twice[0])!r}. Rename one.")
    return table


def task_regressors(
    context: Context, events_by: tuple[str, ...] | None, signals: tuple[str, ...], kernel: Kernel | None, what: str
) -> list[pd.DataFrame]:
    """Tables (t, p) over all frames of regressors from events and signals.

    Raises
    ------
    ThunderError
        If events, signals or frame times are needed and not there, or a column is unknown.
    """
    tables = []
    if events_by is not None:
        times = context.need_frame_times(what)
        tables.append(event_regressors(context.need_events(what), events_by, times, kernel))
    if signals:
        tables.append(_signal_regressors(context, signals, kernel, what))
    return tables


def _signal_regressors(context: Context, names: tuple[str, ...], kernel: Kernel | None, what: str) -> pd.DataFrame:
    signals = context.need_signals(what)
    unknown = [name for name in names if name not in signals.columns]
    if unknown:
        raise AnalysisError(
            f"{context.name}: {what}: there is no signal {', '.join(map(repr, unknown))}. "
            f"There is: {', '.join(map(str, signals.columns))}."
        )
    sampled = sample_signals(signals[list(names)], context.frame_times, context.n_frames)
    if kernel is None:
        return sampled
    times = context.need_frame_times(f"{what} with a kernel")
    return sampled.apply(lambda column: convolve(column.to_numpy(np.float64), times, kernel))


def convolve(signal: Values, frame_times: Values, kernel: Kernel) -> Values:
    """The causal answer of an indicator to a signal that keeps its value (t,) through each frame.

    Exact for such a signal, at the middle of each frame; frames need not be evenly spaced. Before the first frame the
    signal counts as its first value, so that there is no artificial onset.
    """
    n = len(signal)
    ends = np.append(frame_times[1:], 2 * frame_times[-1] - frame_times[-2])
    middle = (frame_times + ends) / 2
    steps = np.diff(signal)
    answer = signal.copy()
    for lag in range(n - 1):
        since = middle[lag + 1 :] - frame_times[1 : n - lag]
        if since.min() > _MEMORY * kernel.decay:
            break
        answer[lag + 1 :] -= steps[: n - 1 - lag] * (1 - kernel.step_response(since))
    return answer
