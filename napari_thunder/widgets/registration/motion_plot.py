"""Shifts over time, and below them how much each frame is like the template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt, Signal

from napari_thunder.models.registration.motion import AXES, Motion
from napari_thunder.widgets.registration.frame_marks import FrameMarks
from napari_thunder.widgets.registration.stretch import Stretch
from napari_thunder.widgets.traces.decimation import finite_range
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.signal_plots import dress_axes
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.time_axis import TimeAxis
from napari_thunder.widgets.traces.time_plot import TimePlot
from napari_thunder.widgets.traces.time_view import TimeView
from napari_thunder.widgets.traces.trace_curve import TraceCurve

Array = NDArray[Any]

COLORS = ("#e69f00", "#56b4e9", "#009e73")
"""Of z, y and x: told apart by the colour-blind (Okabe & Ito); their marks tell them apart without colours."""

MARKS = (0, 1, 2)

_NO_MARK = -1
_SHARE = 5, 2
"""Of the height: shifts, correlation."""


class DashedCurve(TraceCurve):
    """A line that belongs to another one."""

    def set_look(self, color: str, width: int) -> None:
        self.look = (color, width)
        self.setPen(pg.mkPen(color, width=width, style=Qt.PenStyle.DashLine))


class MotionPlot(TimePlot):
    """Shifts along z, y and x, correlation, marked and excluded frames, a cursor, and a stretch that can be chosen.

    `stretched()` is emitted when another stretch was chosen.
    """

    stretched = Signal()

    def __init__(self) -> None:
        super().__init__("Motion over time")
        self.marks = (FrameMarks(named=True), FrameMarks(named=False))
        self.shifts = tuple(TraceCurve(color, mark) for color, mark in zip(COLORS, MARKS, strict=True))
        self.drifts = tuple(DashedCurve("#888888", _NO_MARK) for _ in AXES)
        self.after, self.before = TraceCurve("#888888", _NO_MARK), DashedCurve("#888888", _NO_MARK)
        self._axis: TimeAxis | None = None
        self._shown = (True, True, True)
        self._views = (TimeView(), TimeView())
        self.plots = tuple(self.add_plot(view, row) for row, view in enumerate(self._views))
        self.stretch = Stretch(self.plots)
        self.stretch.changed.connect(self.stretched)
        self._fill()

    @property
    def boxes(self) -> Sequence[pg.ViewBox]:
        """See `TimePlot.boxes`."""
        return self._views

    @property
    def time_axis(self) -> TimeAxis | None:
        """Of the recording that is shown."""
        return self._axis

    def show_axis(self, axis: TimeAxis | None) -> None:
        """Show the time axis of a recording."""
        self._axis = axis
        self.plots[1].getAxis("bottom").setLabel("" if axis is None else axis.label)
        for marks in self.marks:
            marks.set_axis(axis)
        self.set_span((0.0, 1.0) if axis is None else axis.span)
        self.stretch.set_axis(axis)
        self.stale()

    def show_motion(self, motion: Motion | None, lines: Array | None, drifts: Array | None) -> None:
        """Draw (t, 3) lines, dashed ones with them, and the correlation; nothing for None."""
        times = np.empty(0) if self._axis is None else self._axis.times
        nothing = np.empty(0)
        for along, (line, drift) in enumerate(zip(self.shifts, self.drifts, strict=True)):
            _draw(line, times, nothing if lines is None else lines[:, along])
            _draw(drift, times, nothing if drifts is None else drifts[:, along])
        _draw(self.after, times, nothing if motion is None else motion.correlation)
        _draw(self.before, times, nothing if motion is None or motion.before is None else motion.before)
        self.plots[0].getAxis("left").setLabel("" if motion is None else motion.unit)
        self.fit()
        self.stale()

    def show_frames(self, outliers: Sequence[int], excluded: Sequence[int]) -> None:
        """Mark frames that stand out, and shade those that are excluded."""
        for marks in self.marks:
            marks.set_frames(outliers, excluded)
        self.stale()

    def show_lines(self, shown: tuple[bool, bool, bool]) -> None:
        """Draw only the lines of some axes."""
        self._shown = shown
        for line, drift, seen in zip(self.shifts, self.drifts, shown, strict=True):
            line.setVisible(seen)
            drift.setVisible(seen)
        self.fit()
        self.stale()

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.setBackground(colours.background)
        for plot in self.plots:
            dress_axes(plot, colours)
        for line, drift in zip(self.shifts, self.drifts, strict=True):
            line.set_look(colours.readable(line.color), 1)
            drift.set_look(colours.text, 1)
        self.after.set_look(colours.text, 1)
        self.before.set_look(colours.text, 1)
        for marks in self.marks:
            marks.set_colours(colours.cursor, colours.text)
        self.cursor_line.set_colours(colours)
        self.stale()

    def still_items(self) -> list[tuple[pg.ViewBox, Any]]:
        upper, lower = self._views
        lines = [(upper, curve) for curve in (*self.drifts, *self.shifts)]
        return [(upper, self.marks[0]), (lower, self.marks[1]), *lines, (lower, self.before), (lower, self.after)]

    def _fill(self) -> None:
        upper, lower = self.plots
        for plot, marks in zip(self.plots, self.marks, strict=True):
            marks.still = True
            plot.addItem(marks, ignoreBounds=True)
        for curve in (*self.drifts, *self.shifts):
            upper.addItem(curve, ignoreBounds=True)
        for curve in (self.before, self.after):
            lower.addItem(curve, ignoreBounds=True)
        for curve in (*self.drifts, *self.shifts, self.before, self.after):
            curve.still = True
        lower.setXLink(upper)
        upper.showAxis("bottom", False)
        lower.getAxis("left").setLabel("r")
        layout = self.ci.layout
        layout.setSpacing(4)
        layout.setContentsMargins(0, 4, 4, 0)
        for row, share in enumerate(_SHARE):
            layout.setRowStretchFactor(row, share)

    def fit(self) -> None:
        """See `TimePlot.fit`."""
        if self.height_is_theirs:
            return
        shown = [c for pair in zip(self.shifts, self.drifts, strict=True) for c in pair if c.isVisible()]
        _fit_height(self.plots[0], [curve.values for curve in shown], least=0.5)
        _fit_height(self.plots[1], [self.after.values, self.before.values], least=0.02)


def _draw(curve: TraceCurve, times: Array, values: Array) -> None:
    curve.set_trace(times[: len(values)], values[: len(times)])


def _fit_height(plot: pg.PlotItem, lines: Sequence[Array], least: float) -> None:
    """Room for all that is known of these lines, and never so little that noise fills the plot."""
    spans = [span for line in lines if (span := finite_range(line)) is not None]
    if not spans:
        plot.setYRange(-1, 1, padding=0)
        return
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    room = max(0.0, least - (high - low)) / 2 + 0.08 * (high - low)
    plot.setYRange(low - room, high + 2 * room, padding=0)
