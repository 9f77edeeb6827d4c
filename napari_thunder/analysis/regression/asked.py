"""What regressions ask in the same words: parameters that stand once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from napari_thunder.analysis.regression.recipe import kernel_of
from napari_thunder.events import KERNELS
from napari_thunder.parameters import check, parameter, values


def regressors_by_events() -> Any:
    """From columns of the events."""
    help = "Columns of the events: one regressor for each of their levels; empty for one of all events"
    return parameter(None, help=help, source="event columns")


def conditions_by_events() -> Any:
    """From columns of the events, none left out."""
    return parameter((), help="Columns of the events: a condition for each of their levels", source="event columns")


def regressors_by_signals() -> Any:
    """From behaviour."""
    return parameter((), help="Behaviour signals that are regressors", source="signals")


def regressors_by_table() -> Any:
    """Given as they are."""
    return parameter(None, help="Table of further regressors, one row for each frame")


def indicator() -> Any:
    """That answers to events and signals."""
    help = "Calcium indicator that events and signals are convolved with"
    return parameter(None, help=help, choices=tuple(KERNELS))


def lags_of_signals() -> Any:
    """One regressor for each."""
    return parameter((), help="Lags at which signals are regressors, with commas", unit="s")


def frames_after_events() -> Any:
    """One regressor for each."""
    help = "Follow each event frame by frame for so long, whatever its shape"
    return parameter(None, help=help, unit="s", minimum=0, title="Follow events for")


def folds_in_turn() -> Any:
    """Of frames."""
    return parameter(5, help="Stretches of frames that are left out in turn", minimum=2)


def gap_beside_folds() -> Any:
    """Not learnt from either."""
    return parameter(None, help="Beside each of them, also left out", unit="s", minimum=0)


class HoldsTable:
    """An analysis with a parameter that may be a table: two are equal where the tables are."""

    __slots__ = ()

    def __post_init__(self) -> None:
        check(self)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and values(self) == values(other)

    def __hash__(self) -> int:
        return hash(repr(values(self)))


@dataclass(frozen=True, slots=True, eq=False)
class DesignSettings(HoldsTable):
    """The parameters that `Regression` and `RidgeRegression` share; see there."""

    events_by: tuple[str, ...] | None = regressors_by_events()
    signals: tuple[str, ...] = regressors_by_signals()
    design: pd.DataFrame | str | None = regressors_by_table()  # noqa: RUF009 - a field, not a default that is shared
    kernel: str | None = indicator()
    decay: float | None = parameter(None, help="Decay of the indicator, if not the usual", unit="s", minimum=1e-3)
    rise: float | None = parameter(None, help="Rise of the indicator, if not the usual", unit="s", minimum=0)
    lags: tuple[float, ...] = lags_of_signals()
    fir: float | None = frames_after_events()
    drift_period: float | None = parameter(
        None, help="Take changes of this period and slower into account", unit="s", minimum=0
    )
    drift_order: int = parameter(
        0, help="Take slow changes into account by polynomials up to this degree", minimum=0, maximum=20
    )
    motion: bool = parameter(False, help="Take the motion of the brain into account")

    def __post_init__(self) -> None:
        check(self)
        kernel_of(self.kernel, self.decay, self.rise)
