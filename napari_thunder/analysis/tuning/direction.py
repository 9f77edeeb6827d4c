"""Tuning to the direction of a stimulus."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, orthonormal, sum_of_squares, upper_p, with_adjusted_p
from napari_thunder.analysis.trials import Trials, Window, averages, make_trials
from napari_thunder.errors import AnalysisError, TableError
from napari_thunder.events import KERNELS, event_regressors
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]

_MAPS = (
    Map("response", "mean response to each direction", Role.SIGNED, "a.u.", ("direction",)),
    Map("preferred_direction", "preferred direction", Role.DIRECTION, "deg"),
    Map("selectivity", "direction selectivity", Role.FRACTION),
    Map("f_statistic", "F of the tuning", Role.VALUE),
    Map("p", "p of the tuning", Role.PROBABILITY),
    Map("r_squared", "share of variance explained by the tuning model", Role.FRACTION),
)
_SAME_DIRECTION = 1e-6
_TO_360 = 2e-5
"""In degrees: closer to 360, a float32 would be 360, which is 0."""


@dataclass(frozen=True, slots=True)
class DirectionTuning:
    """Which direction of a stimulus each voxel prefers, how selectively, and whether it is tuned at all.

    Response per direction: for each event, the mean over [delay, delay + duration) from its start minus the mean over
    `baseline` s before it, as in EventAverage; then the mean over events of the same direction, R(θ).
    Preferred direction: the angle of Σ w R₊ exp(iθ), with R₊ = max(R, 0), rectified after averaging. The weights w are
    the arcs that unevenly spaced directions stand for, and 1 for even ones.
    Selectivity: |Σ w R₊ exp(iθ)| / Σ w R₊, the global direction selectivity index gDSI (1 − circular variance).
    Test: least squares over all kept frames on a constant, the stimulus s(t) whatever its direction, and the harmonics
    s cos θ, s sin θ, s cos 2θ, s sin 2θ. F compares the model with and without the harmonics, of which q are
    independent (4 for five directions or more): F = (ΔRSS / q) / (RSS / dof). It needs no repeated trials.

    Parameters
    ----------
    column
        Column of the events with the direction; events without one (blanks) are left out.
    unit
        Of that column: `degrees` or `radians`. Counterclockwise or clockwise, whatever it means there, is kept.
    delay, duration
        Response window in s from the start of each event, for responses and test; without a duration, as long as
        each event.
    baseline
        In s before the start of each event; 0 for none (then F or ΔF/F above 0 must mean a response).
    kernel
        Calcium indicator whose answer s(t) is convolved with, for the test only.

    Returns
    -------
    response : (direction, z, y, x)
        R(θ), in units of the movie (after preprocessing); `direction` in degrees, rising in [0, 360).
    preferred_direction : (z, y, x)
        In degrees [0, 360). NaN where no direction gives a response above 0.
    selectivity : (z, y, x)
        0 (all directions alike) to 1 (only one).
    f_statistic, p : (z, y, x)
        Of the harmonics together, with q and dof degrees of freedom.
    p_fdr : (z, y, x)
        p adjusted for all voxels by Benjamini & Hochberg.
    r_squared : (z, y, x)
        1 − RSS / TSS of the whole model, harmonics and s, over all kept frames.
    n_trials : (direction,)
        Events used. Attributes `dof_model` (q), `dof` and `warnings`.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing or not numbers.
    AnalysisError
        If there are fewer than two directions, too few frames, or a direction has no usable event.

    Notes
    -----
    Frames are counted as independent. Calcium signals and slow drift are not, so p is too small: use it to rank voxels,
    detrend first, and give the kernel. Selectivity is biased upwards where the response is mostly noise: look at
    it together with p or R². A baseline soon after the event before holds some of its answer.

    References
    ----------
    Mazurek et al. 2014, Front. Neural Circuits 8:92 (vector sum); Ringach et al. 2002, J. Neurosci. 22:5639 (circular
    variance). AllenSDK calls this selectivity `cv_ds_dg`.
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Direction tuning"
    summary: ClassVar[str] = "Preferred direction of each voxel, its selectivity, and a test of its tuning"

    column: str = parameter("direction", help="Column of the events with the direction", source="event columns")
    unit: str = parameter("degrees", help="Unit of that column", choices=("degrees", "radians"))
    delay: float = parameter(0.0, help="Start of the response window after the start of an event", unit="s")
    duration: float | None = parameter(
        None, help="Length of the response window; none for as long as each event", unit="s", minimum=1e-6
    )
    baseline: float = parameter(2.0, help="Time before an event that is subtracted; 0 for none", unit="s", minimum=0)
    kernel: str | None = parameter(
        None, help="Calcium indicator that the stimulus is convolved with for the test", choices=tuple(KERNELS)
    )

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        events, degrees, which = self._directions(context)
        trials = make_trials(events, Window(self.baseline, self.delay, self.duration), context, self.title)
        groups = self._groups(trials, degrees, which, context)
        base, harmonics = self._bases(events, degrees, which, context)
        dof = context.n_kept - 1 - base.shape[1] - harmonics.shape[1]
        if dof < 1:
            raise AnalysisError(f"{context.name}: {self.title}: {context.n_kept} kept frames are too few for the test.")
        compute = TuningMaps(
            sparse.csr_array(averages(groups, len(which)) @ trials.responses),
            np.deg2rad(degrees),
            np.ascontiguousarray(np.hstack([harmonics, base]).T),
            harmonics.shape[1],
            dof,
        )
        n_trials = np.array([len(group) for group in groups])
        curves: dict[str, Any] = {"n_trials": (("direction",), n_trials, {"long_name": "events used"})}
        facts = {"dof_model": harmonics.shape[1], "dof": dof, "warnings": trials.warnings}
        return MapStep(_MAPS, compute, {"direction": degrees}, curves, partial(_finish, facts=facts))

    def _directions(self, context: Context) -> tuple[pd.DataFrame, Values, NDArray[np.intp]]:
        """Events that have a direction, the directions in degrees, and which of them each event has."""
        given = context.need_events(self.title)
        events, degrees, which = angles_of(given, self.column, 360.0, self.unit)
        if len(degrees) < 2:
            raise AnalysisError(
                f"{context.name}: {self.title}: the events have {len(degrees)} direction{'s' * (len(degrees) != 1)} in "
                f"{self.column!r}; two at least are needed."
            )
        return events, degrees, which

    def _groups(
        self, trials: Trials, degrees: Values, which: NDArray[np.intp], context: Context
    ) -> list[NDArray[np.intp]]:
        groups = [np.flatnonzero((which == k) & trials.usable) for k in range(len(degrees))]
        for degree, group in zip(degrees, groups, strict=True):
            if not len(group):
                raise AnalysisError(
                    f"{context.name}: {self.title}: no event of direction {degree:g}° has kept frames both in its "
                    "response window and in its baseline. Change baseline, delay or duration, or leave it out."
                )
        return groups

    def _bases(
        self, events: pd.DataFrame, degrees: Values, which: NDArray[np.intp], context: Context
    ) -> tuple[Values, Values]:
        """Orthonormal bases (t, ·) of the stimulus, and of what the harmonics add to it."""
        start = events["start_time"].to_numpy(np.float64) + self.delay
        stop = events["stop_time"].to_numpy(np.float64) + self.delay if self.duration is None else start + self.duration
        shown = pd.DataFrame({"start_time": start, "stop_time": stop, "direction": which})
        times = context.need_frame_times(self.title)
        kernel = None if self.kernel is None else KERNELS[self.kernel]
        each = event_regressors(shown, ("direction",), times, kernel).to_numpy(np.float64)[context.keep]
        angle = np.deg2rad(degrees)[:, None] * np.array([1, 2])
        stimulus, harmonics = each.sum(axis=1, keepdims=True), each @ np.hstack([np.cos(angle), np.sin(angle)])
        base = orthonormal(_centred(stimulus))
        added = orthonormal(_centred(harmonics), beside=base)
        if added.shape[1] == 0:
            raise AnalysisError(
                f"{context.name}: {self.title}: no kept frame lies in the events, so directions cannot be told apart. "
                "Check the times of the events and the excluded frames."
            )
        return base, added


def _centred(columns: Values) -> Values:
    """Columns without their mean, exactly 0 where only rounding is left."""
    centred: Values = columns - columns.mean(axis=0)
    flat = np.abs(centred).max(axis=0) <= 1e-9 * np.abs(columns).max()
    return np.where(flat, 0.0, centred)


def angles_of(
    events: pd.DataFrame, column: str, period: float = 360.0, unit: str = "degrees"
) -> tuple[pd.DataFrame, Values, NDArray[np.intp]]:
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
    angles = _angles(events, column)
    has = np.isfinite(angles)
    angle = np.mod(np.rad2deg(angles[has]) if unit == "radians" else angles[has], period)
    angle = np.round(angle / _SAME_DIRECTION) * _SAME_DIRECTION
    degrees, which = np.unique(np.where(angle >= period, 0.0, np.round(angle, 6)), return_inverse=True)
    return events[has].reset_index(drop=True), degrees, which


def _angles(events: pd.DataFrame, column: str) -> Values:
    if column not in events.columns:
        has = ", ".join(map(str, events.columns.drop(["start_time", "stop_time"]))) or "none besides the times"
        raise TableError(f"events: there is no column {column!r}. Its columns are: {has}.")
    angles = pd.to_numeric(events[column], errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(angles) & events[column].notna().to_numpy()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise TableError(
            f"events: row {row} (from 0): column {column!r}: {str(events[column].iloc[row])!r} is not an angle. Give "
            "numbers, or leave the cell empty for an event without a direction."
        )
    return angles


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
    weighed = np.maximum(response, 0) * arcs(radians)[:, None]
    x, y, total = np.stack([np.cos(radians), np.sin(radians), np.ones_like(radians)]) @ weighed
    responds = total > 0
    preferred = np.where(responds, np.mod(np.rad2deg(np.arctan2(y, x)), 360.0), np.nan)
    preferred[preferred > 360 - _TO_360] = 0.0
    selectivity = np.hypot(x, y) / np.where(responds, total, np.nan)
    return preferred, np.minimum(selectivity, 1.0)


@dataclass(frozen=True, slots=True)
class TuningMaps:
    """Responses, vector sum and test of many voxels.

    Parameters
    ----------
    responses
        (directions, t) weights of the mean response.
    radians
        (directions,)
    basis
        (q + further, t) orthonormal rows of the model, its harmonics first.
    n_harmonics
        q.
    dof
        Degrees of freedom that are left.
    """

    responses: sparse.csr_array
    radians: Values
    basis: Values
    n_harmonics: int
    dof: int

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        mean, total, valid = centre(series)
        mean[~valid] = total[~valid] = np.nan
        with np.errstate(all="ignore"):
            response = self.responses @ series
            response += np.outer(np.round(self.responses.sum(axis=1), 9), mean)
            preferred, selectivity = vector_sum(response, self.radians)
            return {"response": response, "preferred_direction": preferred, "selectivity": selectivity} | self._test(
                series, total
            )

    def _test(self, series: Series, total: Values) -> Answer:
        scores = self.basis @ series
        explained = sum_of_squares(scores[: self.n_harmonics])
        residual = total - explained - sum_of_squares(scores[self.n_harmonics :])
        residual[residual <= len(series) * np.finfo(np.float64).eps * total] = 0
        error = np.where(residual > 0, residual / self.dof, np.nan)
        f = explained / self.n_harmonics / error
        return {"f_statistic": f, "p": upper_p(f, self.n_harmonics, self.dof), "r_squared": 1 - residual / total}


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    dataset["direction"].attrs["units"] = "deg"
    return with_adjusted_p(dataset).assign_attrs(facts)
