"""One trace, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import ThunderError
from napari_thunder.models.traces.subjects import Subject
from napari_thunder.pipeline import context_of
from napari_thunder.recording import Recording
from napari_thunder.traces.measures import measured, without_excluded
from napari_thunder.traces.settings import Measure, TraceSettings

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The series of a subject; excluded frames are NaN in all of them.

    Parameters
    ----------
    subject
        What it is of.
    times
        (t,) start of each frame, in `time_unit`.
    time_unit
        `s`, or `frame` if the times of the frames are not known.
    raw
        (t,) mean over exactly the voxels, in units of the movie.
    surround
        (t,) mean over the ring around it, or None while no neuropil is subtracted.
    values
        (t,) as shown under the current settings.
    note
        Why `values` hold nothing, if they do not; else empty.
    """

    subject: Subject
    times: Values
    time_unit: Literal["s", "frame"]
    raw: Values
    surround: Values | None
    values: Values
    note: str = ""


def make_trace(
    subject: Subject, raw: Values, surround: Values | None, settings: TraceSettings, recording: Recording
) -> Trace:
    """The trace of mean series (t,) that were read."""
    context = context_of(recording)
    times, unit = _times(recording)
    note = ""
    try:
        values = measured(raw, surround, settings, context)
        if not np.isfinite(values).any():
            note = _why_nothing(subject, settings)
    except ThunderError as error:
        values, note = np.full(len(raw), np.nan), str(error)
    ring = None if surround is None else without_excluded(surround, context)
    return Trace(subject, times, unit, without_excluded(raw, context), ring, values, note)


def _times(recording: Recording) -> tuple[Values, Literal["s", "frame"]]:
    if recording.frame_times is None:
        return np.arange(recording.shape[0], dtype=np.float64), "frame"
    return recording.frame_times, "s"


def _why_nothing(subject: Subject, settings: TraceSettings) -> str:
    if settings.measure == Measure.DFF:
        less = " once the neuropil is subtracted" if settings.neuropil else ""
        return f"{subject.name}: its baseline is not above 0{less}, so there is no ΔF/F. Show it raw or as z-score."
    if settings.measure == Measure.ZSCORE:
        return f"{subject.name}: does not vary, so there is no z-score. Show it raw."
    return f"{subject.name}: holds no finite value."
