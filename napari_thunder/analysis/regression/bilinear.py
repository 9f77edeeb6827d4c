"""Answers of one shape and many sizes: a time course that all conditions share, times an amplitude for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.regression.asked import conditions_by_events
from napari_thunder.analysis.statistics import centre
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_regressors
from napari_thunder.events.frame_span import frame_duration
from napari_thunder.events.regressors import delayed_event_regressors
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

_MAPS = (
    Map("beta", "amplitude of the condition", Role.SIGNED, "1", ("condition",)),
    Map("time_course", "time course that the conditions share", Role.VALUE, "a.u.", ("lag",)),
    Map("r_squared", "share of variance explained", Role.FRACTION),
)
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class BilinearRegression:
    """Thunder's bilinear regression at each voxel: first the time course after events, then its size by condition.

    Parameters
    ----------
    events_by
        Columns of the events: a condition for each combination of their levels. `()`: all events are one, `event`.
    window
        s from the start of each event, at steps of one frame. None: as long as the longest event.

    Returns
    -------
    beta : (condition, z, y, x)
        Amplitudes b₂ of y(t) = c + Σ b₂ₖ x₂ₖ(t) g(t), where x₂ₖ is 1 in the windows of condition k and
        g(t) = Σ b₁ₗ x₁ₗ(t) is the shared time course. 1: as large as the mean of all conditions.
    time_course : (lag, z, y, x)
        b₁ by least squares on x₁ (time since the start, all conditions alike, no constant), less its smallest value;
        in units of the movie (after preprocessing). Lags in s.
    r_squared : (z, y, x)
        1 − RSS / TSS of the second step.

    Raises
    ------
    ThunderError
        If there are no events or frame times, a column is not there, the window has fewer than 2 frames, or events
        overlap so that times since them cannot be told apart.

    Notes
    -----
    The two steps are not iterated, as in Thunder; this is not the best fit of rank one where conditions differ in their
    number of events. What has one time course for all conditions fits well; look at `Regression` with `fir` for what
    does not. Amplitudes are NaN where a voxel is constant or its time course is flat.

    References
    ----------
    Thunder's `BilinearRegressionModel`; Freeman et al. 2014, Nat. Methods 11:941.
    """

    family: ClassVar[str] = "Regression"
    title: ClassVar[str] = "Bilinear regression"
    summary: ClassVar[str] = "One time course for all conditions, and its size in each"

    events_by: tuple[str, ...] = conditions_by_events()
    window: float | None = parameter(
        None, help="Length of the time course from the start of each event; none: of the longest", unit="s", minimum=0
    )

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        times, events = context.need_frame_times(self.title), context.need_events(self.title)
        delays = self._delays(events, times, context)
        shared = delayed_event_regressors(events, (), times, delays)
        span = float(delays[-1]) + frame_duration(times)
        long = events.assign(stop_time=events["start_time"] + span)
        conditions = event_regressors(long, self.events_by, times, None)
        first, second = (t.to_numpy(np.float64)[context.keep] for t in (shared, conditions))
        where = f"{context.name}: {self.title}"
        Design(tuple(map(str, shared.columns)), first, False).check(where)
        Design(tuple(map(str, conditions.columns)), second, False).check(where)
        names = list(map(str, conditions.columns))
        shown: dict[str, Any] = {"long_name": "design", "plot": "matrix", "scale": "plain"}
        curves = {
            "time_since_start": (("frame", "lag"), first, shown),
            "conditions": (("frame", "condition"), second, shown),
        }
        coords = {"condition": names, "lag": delays}
        return MapStep(_MAPS, bilinear(first, second), coords, curves)

    def _delays(self, events: pd.DataFrame, times: Values, context: Context) -> Values:
        interval = frame_duration(times)
        longest = float((events["stop_time"] - events["start_time"]).max()) - interval
        last = longest if self.window is None else self.window
        count = int(np.floor(last / interval + 1e-6)) + 1
        if not 2 <= count <= context.n_frames:
            raise AnalysisError(
                f"{context.name}: {self.title}: a window of {last:g} s is {max(count, 0)} frames of {interval:g} s; it "
                f"needs 2 to {context.n_frames}. Give another window."
            )
        return np.asarray(interval * np.arange(count), np.float64)


def bilinear(first: Values, second: Values) -> Bilinear:
    """The fit of designs (t, lags) and (t, conditions)."""
    inside = [np.flatnonzero(column) for column in second.T]
    return Bilinear(np.asarray(np.linalg.pinv(first), np.float64), first, second, tuple(inside))


@dataclass(frozen=True, slots=True)
class Bilinear:
    """The two steps at many voxels.

    Parameters
    ----------
    to_course
        (lags, t) from series to the time course.
    first, second
        (t, lags) and (t, conditions).
    inside
        Frames of each condition.
    """

    to_course: Values
    first: Values
    second: Values
    inside: tuple[NDArray[np.intp], ...]

    def __call__(self, series: Series) -> Answer:
        """Maps (…, voxels) of series (t, voxels), which are overwritten."""
        offset = self.to_course.sum(axis=1)
        mean, total, valid = centre(series)
        with np.errstate(all="ignore"):
            course = self.to_course @ series + offset[:, None] * mean
            course -= course.min(axis=0)
            course[:, ~valid] = np.nan
            gram, products = self._second_step(self.first @ course, series)
            beta = _solved(gram, products)
            return {"beta": beta, "time_course": course, "r_squared": np.einsum("kv,kv->v", beta, products) / total}

    def _second_step(self, answer: Values, series: Series) -> tuple[Values, Values]:
        """(voxels, k, k) products of the centred regressors x₂ₖ g, and (k, voxels) theirs with the centred series."""
        n_frames, count = self.second.shape
        sums, products = np.empty((count, answer.shape[1])), np.empty((count, answer.shape[1]))
        gram = np.empty((answer.shape[1], count, count))
        for k, frames in enumerate(self.inside):
            own = self.second[frames, k, None] * answer[frames]
            sums[k] = own.sum(axis=0)
            products[k] = np.einsum("tv,tv->v", own, series[frames])
            for other in range(k + 1):
                weight = self.second[frames, other]
                shared = np.flatnonzero(weight)
                gram[:, k, other] = np.einsum("tv,tv,t->v", own[shared], answer[frames[shared]], weight[shared])
                gram[:, other, k] = gram[:, k, other]
        gram -= sums.T[:, :, None] * sums.T[:, None, :] / n_frames
        return gram, products


def _solved(gram: Values, products: Values) -> Values:
    """(k, voxels); NaN where the regressors are dependent or 0."""
    size = np.sqrt(np.diagonal(gram, axis1=1, axis2=2))
    scaled = gram / (size[:, :, None] * size[:, None, :])
    fine = np.isfinite(scaled).all(axis=(1, 2))
    scaled[~fine] = np.eye(len(products))
    fine &= np.linalg.eigvalsh(scaled)[:, 0] > _SINGULAR
    scaled[~fine] = np.eye(len(products))
    weights = np.linalg.solve(scaled, (products.T / size)[:, :, None])[:, :, 0] / size
    weights[~fine] = np.nan
    return np.ascontiguousarray(weights.T)
