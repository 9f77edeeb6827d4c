"""What plots over the time of a recording have in common: the moment that is shown, and how mouse and keys move it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QPointF, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QSizePolicy

from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.signal_plots import set_up_axes
from napari_thunder.widgets.traces.still_view import StillView
from napari_thunder.widgets.traces.time_cursor import TimeCursor
from napari_thunder.widgets.traces.time_view import TimeView

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_FAR = 10
"""Frames that an arrow key steps while Shift is held."""


class TimePlot(StillView):
    """Plots below each other on one time axis, with a cursor through all of them.

    `asked(time)` is emitted when someone clicks at a moment or drags the cursor there, `stepped(frames)` for the arrow
    keys.

    Parameters
    ----------
    name
        What it is called for those who do not see it.
    """

    asked = Signal(float)
    stepped = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.cursor_line = TimeCursor(self)
        self.span = (0.0, 1.0)
        self.height_is_theirs = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 110)
        self.setAccessibleName(name)
        self.setAccessibleDescription(
            "Left and Right go to the frame before and after, Home shows everything, the wheel zooms in time."
        )
        self.scene().sigMouseClicked.connect(self._on_click)
        self.cursor_line.dragged.connect(self.asked)

    @property
    def boxes(self) -> Sequence[pg.ViewBox]:
        """Of each plot, from the top; the first one leads the others in time."""
        raise NotImplementedError

    def fit(self) -> None:
        """Let heights suit what is drawn, unless someone chose them."""
        raise NotImplementedError

    def show_all(self) -> None:
        """All of the time, and a height that fits."""
        self.height_is_theirs = False
        self.boxes[0].setXRange(*self.span, padding=0)
        self.fit()

    def set_span(self, span: tuple[float, float]) -> None:
        """Say what the first and last time are."""
        if span != self.span:
            self.span = span
            for box in self.boxes:
                box.setLimits(xMin=span[0], xMax=span[1])
            self.boxes[0].setXRange(*span, padding=0)

    def time_at(self, place: QPointF) -> float | None:
        """The time under a place of the scene, or None beside the plots."""
        for box in self.boxes:
            if box.sceneBoundingRect().contains(place):
                return float(np.clip(box.mapSceneToView(place).x(), *self.span))
        return None

    def add_plot(self, view: TimeView, row: int) -> pg.PlotItem:
        """Put a plot into a row, with the cursor in it."""
        plot = pg.PlotItem(viewBox=view, enableMenu=False)
        self.addItem(plot, row, 0)
        plot.hideButtons()
        set_up_axes(plot)
        plot.disableAutoRange()
        self.cursor_line.add_to(plot)
        self.watch(view)
        view.stretched.connect(self._on_stretched)
        return plot

    def keyPressEvent(self, event: QKeyEvent) -> None:
        far = _FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if event.key() in _STEPS:
            self.stepped.emit(_STEPS[Qt.Key(event.key())] * far)
        elif event.key() == Qt.Key.Key_Home:
            self.show_all()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def _on_stretched(self) -> None:
        self.height_is_theirs = True

    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.show_all()
        elif (time := self.time_at(event.scenePos())) is not None:
            self.asked.emit(time)
