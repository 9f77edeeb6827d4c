"""Go on with the frames of some events only."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.events.selection import ONLY_HELP, chosen_events
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.errors import AnalysisError
from napari_thunder.events import frames_in_events
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class SelectFrames:
    """Go on with the frames in some events only (or outside them); the others are excluded from here on.

    Parameters
    ----------
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, which must all hold; none: all events.
    delay
        In s: events count as so much later, as the indicator's answer is.
    inside
        Keep the frames in the events; else those outside.

    Notes
    -----
    A frame is in an event if its start is in [start_time, stop_time). Put temporal filters and rolling baselines before
    this step, as they need frames without gaps.

    References
    ----------
    Thunder's `Series.selectByIndex`.
    """

    title: ClassVar[str] = "Select frames"
    summary: ClassVar[str] = "Go on with the frames in some events only, or outside them"

    only: tuple[str, ...] = parameter((), help=ONLY_HELP)
    delay: float = parameter(0.0, help="By how much events count as later", unit="s")
    inside: bool = parameter(True, help="Keep the frames in the events; else those outside")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (frames that are kept, voxels)."""
        return partial(_rows, rows=np.flatnonzero(self._chosen(context)[context.keep]))

    def after(self, context: Context) -> Context:
        """The context with the other frames excluded."""
        return dataclasses.replace(context, keep=context.keep & self._chosen(context))

    def _chosen(self, context: Context) -> NDArray[np.bool_]:
        """(frames of the recording,)"""
        context.need_frames(2, self.title)
        where = f"{context.name}: {self.title}"
        events = chosen_events(context.need_events(self.title), self.only, where)
        times = context.need_frame_times(self.title) - self.delay
        within = np.zeros(context.n_frames, bool)
        within[np.concatenate(frames_in_events(events, times))] = True
        chosen = within if self.inside else ~within
        if (chosen & context.keep).sum() < 2:
            place = "in" if self.inside else "outside"
            raise AnalysisError(f"{where}: fewer than two kept frames lie {place} the {len(events)} events.")
        return chosen


def _rows(series: Series, rows: NDArray[np.intp]) -> Series:
    chosen: Series = series[rows]
    return chosen
