"""What a design matrix is made of, and how it is made for a recording."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from napari_thunder.analysis.design import Design, Values, regressor_table, task_regressors
from napari_thunder.analysis.protocol import Context
from napari_thunder.analysis.regression.nuisance import drift_regressors, motion_regressors
from napari_thunder.errors import AnalysisError
from napari_thunder.events import KERNELS, Kernel, read_design
from napari_thunder.events.frame_span import frame_duration
from napari_thunder.events.regressors import delayed_event_regressors
from napari_thunder.parameters import parameters

_MOST_DELAYS = 500


@dataclass(frozen=True, slots=True)
class Recipe:
    """What regressors to make; see the parameters of `Regression`."""

    events_by: tuple[str, ...] | None = None
    signals: tuple[str, ...] = ()
    design: pd.DataFrame | str | None = None
    kernel: Kernel | None = None
    lags: tuple[float, ...] = ()
    fir: float | None = None
    drift_period: float | None = None
    drift_order: int = 0
    motion: bool = False
    intercept: bool = True
    standardize: bool = False

    def made(self, context: Context, what: str) -> Design:
        """The design of a recording, not yet checked.

        Raises
        ------
        ThunderError
            If there are no regressors, what they need is not there, or two share a name.
        """
        columns, groups = self._of_interest(context, what)
        beside = [drift_regressors(context, self.drift_period, self.drift_order, what)]
        beside += [motion_regressors(context, what)] if self.motion else []
        nuisance = pd.concat(beside, axis=1)
        table = pd.concat([columns, nuisance], axis=1)
        _check_names(table, context, what)
        values = table.to_numpy(np.float64)
        if self.standardize:
            _standardize(values[:, : columns.shape[1]], context.keep)
        groups += ["motion" if name.startswith("motion") else "drift" for name in nuisance.columns]
        names = tuple(map(str, table.columns))
        chains = tuple(_undelayed(name) for name in names) if self.lags or self.fir is not None else ()
        return Design(
            names, values[context.keep], self.intercept, tuple(groups), nuisance.shape[1], values, context.keep, chains
        )

    def _of_interest(self, context: Context, what: str) -> tuple[pd.DataFrame, list[str]]:
        """Table (t, p) over all frames, and the group that each column belongs to."""
        tables = [*self._of_events(context, what), *self._of_signals(context, what)]
        if self.design is not None:
            own = read_design(self.design, context.n_frames)
            tables.append((own, list(map(str, own.columns))))
        if not tables:
            regressor_table(context, None, (), None, None, what)  # says so
        table = pd.concat([t.reset_index(drop=True) for t, _ in tables], axis=1)
        return table, [group for _, groups in tables for group in groups]

    def _of_events(self, context: Context, what: str) -> list[tuple[pd.DataFrame, list[str]]]:
        if self.events_by is None:
            return []
        if self.fir is None:
            table = task_regressors(context, self.events_by, (), self.kernel, what)[0]
        else:
            times = context.need_frame_times(what)
            delays = self._delays(times, self.fir, context, what)
            table = delayed_event_regressors(context.need_events(what), self.events_by, times, delays)
        return [(table, [", ".join(self.events_by) or "event"] * table.shape[1])]

    def _delays(self, times: Values, longest: float, context: Context, what: str) -> Values:
        interval = frame_duration(times)
        count = int(longest / interval + 1e-6) + 1
        if count > min(_MOST_DELAYS, context.n_frames):
            raise AnalysisError(
                f"{context.name}: {what}: fir={longest:g} s is {count} frames of delay, above what can be told apart "
                f"({min(_MOST_DELAYS, context.n_frames)}). Give a shorter one."
            )
        delays: Values = (interval * np.arange(count)).astype(np.float64)
        return delays

    def _of_signals(self, context: Context, what: str) -> list[tuple[pd.DataFrame, list[str]]]:
        if not self.signals:
            return []
        table = task_regressors(context, None, self.signals, self.kernel, what)[0]
        if not self.lags:
            return [(table, list(map(str, table.columns)))]
        times = context.need_frame_times(f"{what} with lags")
        self._check_lags(times, context, what)
        lagged = {
            f"{name} {lag:+g} s": np.interp(times - lag, times, table[name].to_numpy(np.float64))
            for name in table.columns
            for lag in self.lags
        }
        groups = [str(name) for name in table.columns for _ in self.lags]
        return [(pd.DataFrame(lagged), groups)]

    def _check_lags(self, times: Values, context: Context, what: str) -> None:
        length = float(times[-1] - times[0])
        if len(set(self.lags)) < len(self.lags):
            raise AnalysisError(f"{context.name}: {what}: a lag is given twice. Leave one out.")
        if max(map(abs, self.lags)) >= length:
            raise AnalysisError(
                f"{context.name}: {what}: a lag of {max(self.lags, key=abs):g} s is not shorter than the recording "
                f"({length:g} s)."
            )


def _undelayed(name: str) -> str:
    """The name of a column without its delay, such as ` +2 s`."""
    return re.sub(r" [+-][\d.e+-]+ s$", "", name)


def recipe_of(analysis: Any) -> Recipe | None:
    """What the design of an analysis is made of, from its parameters; None for one that has no design."""
    given = {p.name: getattr(analysis, p.name) for p in parameters(type(analysis))}
    if not {"events_by", "signals", "design"} <= set(given):
        return None
    same = {name: value for name, value in given.items() if name in Recipe.__slots__ and name != "kernel"}
    kernel = kernel_of(given.get("kernel"), given.get("decay"), given.get("rise"))
    return Recipe(kernel=kernel, **same)


def kernel_of(name: str | None, decay: float | None = None, rise: float | None = None) -> Kernel | None:
    """The indicator of that name, with other constants (s) where they are given; None if nothing is.

    Raises
    ------
    ParameterError
        If the decay is not above the rise.
    """
    if name is None and decay is None:
        return None
    usual = KERNELS.get(name or "", Kernel(decay or 1.0, 0.0))
    if decay is None and rise is None:
        return usual
    return Kernel(usual.decay if decay is None else decay, usual.rise if rise is None else rise)


def _standardize(values: Values, keep: Any) -> None:
    """Scale in place to mean 0 and sd 1 over the kept frames, but for what is constant there."""
    kept = values[keep]
    sd = kept.std(axis=0)
    values -= kept.mean(axis=0)
    values /= np.where(sd > 1e-12 * np.abs(kept).max(axis=0), sd, 1)


def _check_names(table: pd.DataFrame, context: Context, what: str) -> None:
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise AnalysisError(f"{context.name}: {what}: two regressors are called {str(twice[0])!r}. Rename one.")
