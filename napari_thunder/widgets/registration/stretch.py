"""A stretch of time that is chosen in plots that lie below each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.time_axis import TimeAxis

_SHARE = 0.4, 0.6
"""Of what is in sight: where a stretch begins when it is asked for."""


class Stretch(QObject):
    """A box with edges to drag, in all plots at once; `changed()` when it was moved, shown or hidden."""

    changed = Signal()

    def __init__(self, plots: Sequence[pg.PlotItem]) -> None:
        super().__init__()
        self._plots = tuple(plots)
        self._axis: TimeAxis | None = None
        self.boxes = tuple(pg.LinearRegionItem(swapMode="sort") for _ in plots)
        for plot, box in zip(plots, self.boxes, strict=True):
            box.setZValue(50)
            box.hide()
            plot.addItem(box, ignoreBounds=True)
            box.sigRegionChanged.connect(self._follow)
            box.sigRegionChangeFinished.connect(self._tell)

    @property
    def shown(self) -> bool:
        """Whether there is one."""
        return self.boxes[0].isVisible()

    @property
    def frames(self) -> tuple[int, int] | None:
        """First frame, and the one after the last; None while there is none."""
        if not self.shown or self._axis is None:
            return None
        start, stop = self.boxes[0].getRegion()
        first, after = (int(at) for at in np.searchsorted(self._axis.times, (start, stop)))
        return first, max(first + 1, after)

    def set_axis(self, axis: TimeAxis | None) -> None:
        """Say where frames stand; a stretch of another recording goes."""
        if axis is None or self._axis is None or not np.array_equal(axis.times, self._axis.times):
            self.show(False)
        self._axis = axis
        if axis is not None:
            for box in self.boxes:
                box.setBounds(axis.span)

    def show(self, wanted: bool) -> None:
        """Let one be chosen, or none."""
        if wanted == self.shown:
            return
        if wanted:
            (left, right), _ = self._plots[0].getViewBox().viewRange()
            self.place(*(left + (right - left) * share for share in _SHARE))
        for box in self.boxes:
            box.setVisible(wanted)
        self.changed.emit()

    def place(self, start: float, stop: float) -> None:
        """Move it there."""
        self.boxes[0].setRegion((start, stop))

    def _follow(self, moved: pg.LinearRegionItem) -> None:
        for box in self.boxes:
            if box is not moved and box.getRegion() != moved.getRegion():
                box.setRegion(moved.getRegion())

    def _tell(self, _: object) -> None:
        self.changed.emit()
