"""Correlation of each voxel with events and signals, at once and with a lag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from napari_thunder.analysis.correlation.pearson import (
    LEAST_PAIRS,
    Frames,
    Values,
    neighbours,
    p_of,
    persistence,
    to_unit,
    to_unit_in_place,
)
from napari_thunder.analysis.design import regressor_table
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, sum_of_squares, with_adjusted_p
from napari_thunder.errors import AnalysisError
from napari_thunder.events import KERNELS
from napari_thunder.parameters import check, parameter, values

_PER_REGRESSOR = ("regressor",)
_AT_ONCE = (
    Map("r", "correlation", Role.SIGNED, "1", _PER_REGRESSOR),
    Map("p", "p of the correlation, two-sided", Role.PROBABILITY, "1", _PER_REGRESSOR),
)
_LAGGED = (
    Map("r_lagged", "correlation with a lag", Role.SIGNED, "1", ("regressor", "lag")),
    Map("r_best", "correlation at the best lag", Role.SIGNED, "1", _PER_REGRESSOR),
    Map("best_lag", "lag of the largest correlation, whatever its sign", Role.SIGNED, "s", _PER_REGRESSOR),
)


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's r of each voxel with regressors made of events, signals or a table.

    Parameters
    ----------
    events_by, signals, design, kernel
        What to correlate with; as in `Regression`.
    max_lag
        In s: correlate also at every lag of whole frames up to this, either way. At a positive lag the voxel follows
        the regressor: y(τ + lag) is paired with x(τ). 0: at once only.
    overlap
        At each lag, take means and variances over the frames that are paired (so that r is that of those pairs); else
        over all, as Thunder's `crossCorr` did, which draws r towards 0 at long lags.

    Returns
    -------
    r : (regressor, z, y, x)
        Σ x y / √(Σ x² Σ y²) of the centred series, over the kept frames.
    p, p_fdr : (regressor, z, y, x)
        Two-sided, t = r √(ν / (1 − r²)), ν = n_eff − 2, with Bartlett's effective number of frames
        n_eff = n (1 − a b) / (1 + a b) from the autocorrelations a, b of voxel and regressor one frame apart; adjusted
        for all voxels by Benjamini & Hochberg.
    r_lagged : (regressor, lag, z, y, x)
        If `max_lag` is given. NaN at lags that leave fewer than 3 pairs.
    r_best, best_lag : (regressor, z, y, x)
        r where it is largest, whatever its sign, and that lag in s, refined by a parabola through its neighbours.

    Raises
    ------
    ThunderError
        If there are no regressors, what they need is not there, or one is constant.

    Notes
    -----
    Constant voxels are NaN. Neuropil and slow drift correlate with everything: detrend first. `best_lag` means
    nothing where r is small.

    References
    ----------
    `numpy.corrcoef`; Bartlett 1935, J. R. Stat. Soc. 98:536 (effective number of samples).
    """

    family: ClassVar[str] = "Correlation"
    title: ClassVar[str] = "Correlation"
    summary: ClassVar[str] = "Correlate each voxel with events or signals, at once and with a lag"

    events_by: tuple[str, ...] | None = parameter(
        None,
        help="Columns of the events: one regressor for each of their levels; empty for one of all events",
        source="event columns",
    )
    signals: tuple[str, ...] = parameter((), help="Behaviour signals to correlate with", source="signals")
    design: pd.DataFrame | str | None = parameter(  # noqa: RUF009 - a field, not a default that is shared
        None, help="Table of further regressors, one row for each frame"
    )
    kernel: str | None = parameter(
        None, help="Calcium indicator that events and signals are convolved with", choices=tuple(KERNELS)
    )
    max_lag: float = parameter(0.0, help="Correlate at lags up to this, either way; 0 for none", unit="s", minimum=0)
    overlap: bool = parameter(True, help="At each lag, means and variances of the paired frames only")

    def __post_init__(self) -> None:
        check(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Correlation) and values(self) == values(other)

    def __hash__(self) -> int:
        return hash(repr(values(self)))

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(LEAST_PAIRS, self.title)
        kernel = None if self.kernel is None else KERNELS[self.kernel]
        table = regressor_table(context, self.events_by, self.signals, self.design, kernel, self.title)
        regressors = table.to_numpy(np.float64)[context.keep]
        _check_varying(table, regressors, context, self.title)
        names, kept = list(map(str, table.columns)), np.flatnonzero(context.keep)
        curves = {"design": (("frame", "regressor"), regressors, {"long_name": "regressors"})}
        at_once = Correlate(regressors, neighbours(kept, 1))
        if self.max_lag == 0:
            return MapStep(_AT_ONCE, at_once, {"regressor": names}, curves, with_adjusted_p)
        interval, lags = lags_of(self.max_lag, context, self.title)
        pairs = tuple(neighbours(kept, lag) for lag in lags)
        lagged = CorrelateLagged(at_once, pairs, lags, interval, self.overlap)
        coords = {"regressor": names, "lag": lags * interval}
        return MapStep(_AT_ONCE + _LAGGED, lagged, coords, curves, with_adjusted_p)


def lags_of(max_lag: float, context: Context, what: str) -> tuple[float, Frames]:
    """Seconds between frames, and lags in whole frames up to `max_lag` s either way.

    Raises
    ------
    ThunderError
        If frame times are not known, or the lag is not between one frame and the length of the recording.
    """
    times = context.need_frame_times("correlation with a lag")
    interval = float(np.median(np.diff(times)))
    most = int(max_lag / interval + 1e-6)
    if not 1 <= most < context.n_frames:
        raise AnalysisError(
            f"{context.name}: {what}: max_lag={max_lag:g} s must lie between one frame "
            f"({interval:g} s) and the length of the recording ({times[-1] - times[0]:g} s)."
        )
    return interval, np.arange(-most, most + 1)


def _check_varying(table: pd.DataFrame, kept: Values, context: Context, what: str) -> None:
    flat = np.ptp(kept, axis=0) <= 1e-12 * np.abs(kept).max(axis=0)
    if flat.any():
        raise AnalysisError(
            f"{context.name}: {what}: the same value in all kept frames: "
            f"{', '.join(repr(str(n)) for n in table.columns[flat])}. Leave it out."
        )


@dataclass(frozen=True, slots=True)
class Correlate:
    """Correlation of series (t, voxels) with regressors, and its p.

    Parameters
    ----------
    regressors
        (t, p).
    next
        Places of frames and of those right after them, both kept.
    """

    regressors: Values
    next: tuple[Frames, Frames]

    def __call__(self, series: Series) -> Answer:
        """r and p (p, voxels) of series (t, voxels), which become centred."""
        r, effective = self.of(series)
        return {"r": r, "p": p_of(r, effective)}

    def of(self, series: Series) -> tuple[Values, Values]:
        """r, and Bartlett's effective number of frames, of series that become centred, NaN where they are constant."""
        unit = to_unit(self.regressors)
        _, squares, valid = centre(series)
        if not valid.all():
            series[:, ~valid] = np.nan
        with np.errstate(all="ignore"):
            r = unit.T @ series
            r /= np.sqrt(squares)
            alike = np.outer(persistence(unit, self.next), persistence(series, self.next) / squares)
        return np.clip(r, -1, 1, out=r), len(series) * (1 - alike) / (1 + alike)


@dataclass(frozen=True, slots=True)
class CorrelateLagged:
    """The same, and at lags.

    Parameters
    ----------
    at_once
        Without a lag.
    pairs
        For each lag, the places among the kept frames of regressor and voxel.
    lags
        In frames, rising by one.
    interval
        Between frames, in s.
    overlap
        Whether each lag has means and variances of its own.
    """

    at_once: Correlate
    pairs: tuple[tuple[Frames, Frames], ...]
    lags: Frames
    interval: float
    overlap: bool

    def __call__(self, series: Series) -> Answer:
        """As of `Correlate`, with r_lagged (p, lags, voxels), r_best and best_lag (p, voxels)."""
        return self.at_once(series) | self.at_lags(series)

    def at_lags(self, series: Series) -> Answer:
        """The latter, of series that are centred, and NaN where they are constant."""
        unit = to_unit(self.at_once.regressors)
        if not self.overlap:
            series /= np.sqrt(sum_of_squares(series))
        lagged = np.stack([self._at(unit[a], series[b]) for a, b in self.pairs], axis=1)
        best, lag = best_of(lagged)
        return {"r_lagged": lagged, "r_best": best, "best_lag": (lag + self.lags[0]) * self.interval}

    def _at(self, regressors: Values, series: Values) -> Values:
        if len(series) < LEAST_PAIRS:
            return np.full((regressors.shape[1], series.shape[1]), np.nan)
        if self.overlap:
            regressors = to_unit(regressors)
            to_unit_in_place(series)
        found: Values = np.clip(regressors.T @ series, -1, 1)
        return found


def best_of(lagged: Values) -> tuple[Values, Values]:
    """r at the lag where it is largest, whatever its sign, and that lag's place with a fraction."""
    size = np.where(np.isfinite(lagged), np.abs(lagged), -1.0)
    top = size.argmax(axis=1, keepdims=True)
    best = np.take_along_axis(lagged, top, 1)[:, 0]
    last = lagged.shape[1] - 1
    left, middle, right = (np.take_along_axis(size, np.clip(top + step, 0, last), 1)[:, 0] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    inside = (top[:, 0] > 0) & (top[:, 0] < last) & (bend < 0) & (left >= 0) & (right >= 0)
    with np.errstate(all="ignore"):
        place = top[:, 0] + np.where(inside, 0.5 * (left - right) / bend, 0.0)
    place[~np.isfinite(best)] = np.nan
    return best, place
