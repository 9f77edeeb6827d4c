"""What is taken out of the series before an analysis: frequencies, signals, silent voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from napari_thunder.analysis.design import task_regressors
from napari_thunder.analysis.even import Filled, even_interval
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.analysis.statistics import centre, orthonormal
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TemporalFilter:
    """Keep what is slower, faster or between two frequencies: a Butterworth filter, forwards and backwards.

    Parameters
    ----------
    low
        In Hz: what is slower is damped. 0: nothing slow is.
    high
        In Hz: what is faster is damped. 0: nothing fast is.
    order
        Of the filter; going both ways doubles it, and halves the power at `low` and `high` twice over (to a quarter).
    keep_mean
        Give each voxel its mean back, so that ΔF/F can follow.

    Notes
    -----
    Without delay (zero phase), so an answer begins to rise before its cause by about 1 / `high`. Excluded frames are
    filled in by straight lines. The ends are continued by their mirror image turned upside down (scipy's `odd`).

    References
    ----------
    `scipy.signal.butter` in second-order sections, `scipy.signal.sosfiltfilt`.
    """

    title: ClassVar[str] = "Temporal filter"
    summary: ClassVar[str] = "Keep what is slower, faster or between two frequencies, without delay"

    low: float = parameter(0.0, help="Damp what is slower; 0 for nothing", unit="Hz", minimum=0)
    high: float = parameter(0.2, help="Damp what is faster; 0 for nothing", unit="Hz", minimum=0)
    order: int = parameter(2, help="Order of the filter", minimum=1, maximum=8)
    keep_mean: bool = parameter(True, help="Keep the mean of each voxel, as ΔF/F needs it")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels)."""
        sections = self._sections(context)
        padding = min(3 * (2 * len(sections) + 1), context.n_frames - 1)
        kept = None if context.keep.all() else np.flatnonzero(context.keep)
        return Filter(sections, padding, Filled.of(context.keep), kept, self.keep_mean)

    def _sections(self, context: Context) -> Values:
        where = f"{context.name}: {self.title}"
        context.need_frames(2, self.title)
        rate = 1 / even_interval(context, self.title)
        if not (self.low or self.high):
            raise AnalysisError(f"{where}: give low=, high= or both, in Hz.")
        if self.low and self.high and self.low >= self.high:
            raise AnalysisError(f"{where}: low={self.low:g} Hz must be below high={self.high:g} Hz.")
        if max(self.low, self.high) >= rate / 2:
            raise AnalysisError(
                f"{where}: {max(self.low, self.high):g} Hz is not below half the frame rate, {rate / 2:.4g} Hz."
            )
        if self.low and self.high:
            return signal.butter(self.order, (self.low, self.high), "bandpass", fs=rate, output="sos")
        if self.low:
            return signal.butter(self.order, self.low, "highpass", fs=rate, output="sos")
        return signal.butter(self.order, self.high, "lowpass", fs=rate, output="sos")


@dataclass(frozen=True, slots=True)
class Filter:
    """What `TemporalFilter` does to series (t, voxels)."""

    sections: Values
    padding: int
    fill: Filled
    kept: NDArray[np.intp] | None
    keep_mean: bool

    def __call__(self, series: Series) -> Series:
        """The filtered series (t, voxels); a constant voxel stays so, one with NaN becomes NaN."""
        mean, _, valid = centre(series)
        series[:, ~valid] = np.where(np.isfinite(mean[~valid]), 0.0, np.nan)
        filtered: Series = signal.sosfiltfilt(self.sections, self.fill(series), axis=0, padlen=self.padding)
        if self.kept is not None:
            filtered = filtered[self.kept]
        if self.keep_mean:
            filtered += mean
        return filtered


@dataclass(frozen=True, slots=True)
class RemoveSignals:
    """Take out of each voxel what signals or the brain's motion explain: y − Q Q'y, Q a basis of the centred signals.

    Parameters
    ----------
    signals
        Behaviour signals, sampled at the frames.
    motion
        The mean shift of each frame (z, y, x), where the recording is read with its motion undone.
    derivatives
        Also the change of each from frame to frame.

    Notes
    -----
    The mean of each voxel stays. What signals share with the stimulus goes with them: swimming fish move, so taking out
    motion may take out the answer to swimming. A voxel with nothing left but rounding becomes constant.

    References
    ----------
    Nuisance regression as in nilearn's `clean`.
    """

    title: ClassVar[str] = "Remove signals"
    summary: ClassVar[str] = "Take out what behaviour signals or the brain's motion explain"

    signals: tuple[str, ...] = parameter((), help="Behaviour signals that are taken out", source="signals")
    motion: bool = parameter(False, help="Take out the shifts of a registered recording")
    derivatives: bool = parameter(False, help="Also their change from frame to frame")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        columns = self._columns(context)
        if self.derivatives:
            columns = np.concatenate([columns, np.gradient(columns, axis=0)], axis=1)
        context.need_frames(columns.shape[1] + 2, f"taking out {columns.shape[1]} signals")
        kept = columns[context.keep]
        return partial(_without, basis=orthonormal(kept - kept.mean(axis=0)))

    def _columns(self, context: Context) -> Values:
        tables = [t.to_numpy(np.float64) for t in task_regressors(context, None, self.signals, None, self.title)]
        if self.motion:
            tables.append(_motion(context, self.title))
        if not tables:
            raise AnalysisError(f"{context.name}: {self.title}: give signals= (names of signals), or motion=true.")
        return np.concatenate(tables, axis=1)


def _motion(context: Context, what: str) -> Values:
    if context.motion is None:
        raise AnalysisError(
            f"{context.name}: {what}: its motion is not known. Register it first, and use the registration."
        )
    known = np.asarray(np.isfinite(context.motion).all(axis=1))
    if not known[context.keep].all():
        frame = int(np.flatnonzero(context.keep & ~known)[0])
        raise AnalysisError(f"{context.name}: {what}: the motion of frame {frame} is not known. Exclude that frame.")
    return np.nan_to_num(context.motion)


def _without(series: Series, basis: Values) -> Series:
    mean, before, _ = centre(series)
    with np.errstate(all="ignore"):
        series -= basis @ (basis.T @ series)
        rounding = len(series) * np.finfo(np.float64).eps
        left = np.einsum("tv,tv->v", series, series)
        series[:, left <= rounding**2 * (before + len(series) * mean**2)] = 0
        series += mean
    return series


@dataclass(frozen=True, slots=True)
class Squelch:
    """Silence voxels that never reach a threshold: they become 0 throughout, and so NaN in maps.

    Parameters
    ----------
    threshold
        In units of the movie as it is at this place of the chain: raw counts first, ΔF/F after ΔF/F.

    References
    ----------
    Thunder `Series.squelch`.
    """

    title: ClassVar[str] = "Squelch"
    summary: ClassVar[str] = "Silence voxels that never reach a threshold"

    threshold: float = parameter(0.0, help="Voxels whose maximum is below this are silenced, in units of the movie")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        return partial(_squelched, threshold=self.threshold)


def _squelched(series: Series, threshold: float) -> Series:
    series[:, series.max(axis=0) < threshold] = 0
    return series
