"""Traces over time: lines, events, behaviour and the moment that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from napari_thunder.models.traces.subjects import Subject
from napari_thunder.widgets.traces.conditions import Conditions
from napari_thunder.widgets.traces.decimation import nice_step
from napari_thunder.widgets.traces.event_bands import EventBands
from napari_thunder.widgets.traces.height_axis import HeightAxis
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.signal_plots import SignalPlot, dress_axes, set_up_axes
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.time_plot import TimePlot
from napari_thunder.widgets.traces.time_view import TimeView
from napari_thunder.widgets.traces.trace_curve import TraceCurve

Array = NDArray[Any]

_FEW = 4
"""So many lines are drawn two pixels wide; more would be slow and hide each other."""


class TracePlot(TimePlot):
    """Lines of several subjects over one time axis."""

    def __init__(self) -> None:
        super().__init__("Traces over time")
        self.curves: dict[str, TraceCurve] = {}
        self.signal_plots: dict[str, SignalPlot] = {}
        self.bands = EventBands()
        self.bands.still = True
        self._conditions = Conditions()
        self._colours: Colours | None = None
        self._unit = ""
        self._time_label = "time (s)"
        self._stacked = False
        self._selected: str | None = None
        self._y_range: tuple[float, float] | None = None
        self._view = TimeView()
        self.plot = self.add_plot(self._view, 0)
        self.plot.addItem(self.bands, ignoreBounds=True)
        self._height_axis = HeightAxis(self.plot)
        self._view.sigResized.connect(self._on_resized)
        self.ci.layout.setSpacing(0)
        self.ci.layout.setContentsMargins(0, 4, 4, 0)

    @property
    def boxes(self) -> Sequence[pg.ViewBox]:
        """See `TimePlot.boxes`."""
        return (self._view, *(plot.getViewBox() for plot in self.signal_plots.values()))

    def show_trace(self, subject: Subject, mark: int, times: Array, values: Array) -> None:
        """Draw a subject's line, or give it other numbers; call `fit` when all are there."""
        curve = self.curves.get(subject.key)
        if curve is None:
            curve = self.curves[subject.key] = TraceCurve(subject.color, mark)
            curve.still = subject.kind != "hover"
            self.plot.addItem(curve, ignoreBounds=True)
        curve.name_shown, curve.color, curve.mark = subject.name, subject.color, mark
        if curve.times is not times or curve.values is not values:
            curve.set_trace(times, values)
            self._changed(curve)

    def keep_only(self, keys: Sequence[str]) -> None:
        """Draw no other lines than these."""
        for key in [key for key in self.curves if key not in keys]:
            gone = self.curves.pop(key)
            self.plot.removeItem(gone)
            self._changed(gone)
        self.curves = {key: self.curves[key] for key in keys if key in self.curves}

    def fit(self) -> None:
        """Let looks, offsets and height suit the lines that are there; changes only what differs."""
        for key, curve in self.curves.items():
            self._dress(key, curve)
        step = self._place_lines()
        self._height_axis.label(step, self._unit, [curve.name_shown for curve in self.curves.values()])
        spans = [
            (curve.span[0] + curve.offset, curve.span[1] + curve.offset)
            for curve in self.curves.values()
            if curve.span is not None
        ]
        if spans and not self.height_is_theirs:
            self._show_heights(min(low for low, _ in spans), max(high for _, high in spans))

    def select(self, key: str | None) -> None:
        """Draw one line thicker than the others."""
        self._selected = key
        for known, curve in self.curves.items():
            self._dress(known, curve)

    def set_stacked(self, stacked: bool) -> None:
        """One line above the other, or all at their own height."""
        self._stacked, self.height_is_theirs = stacked, False
        self.fit()

    def set_axes(self, span: tuple[float, float], time_label: str, unit: str) -> None:
        """Say what is drawn: the first and last time, what time is in, and what the lines are in."""
        self._unit, self._time_label = unit, time_label
        self._place_time_axis()
        self.set_span(span)

    def show_conditions(self, conditions: Conditions) -> None:
        """Shade the events behind the lines."""
        self._conditions = conditions
        self.bands.set_conditions(conditions)
        for plot in self.signal_plots.values():
            plot.show_conditions(conditions)
        self.stale()

    def show_signals(self, times: Array | None, signals: Mapping[str, Array]) -> None:
        """Draw these signals below, each in a row of its own."""
        for name in [name for name in self.signal_plots if name not in signals]:
            gone = self.signal_plots.pop(name)
            self.cursor_line.remove_from(gone)
            self.removeItem(gone)
        if times is not None:
            for name, values in signals.items():
                row = self.signal_plots.get(name) or self._add_row(name)
                row.show_signal(times, values)
        self._place_time_axis()
        self.stale()

    def show_all(self) -> None:
        """See `TimePlot.show_all`."""
        self._y_range = None
        super().show_all()

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._colours = colours
        self.setBackground(colours.background)
        dress_axes(self.plot, colours)
        self.bands.set_text_color(colours.text)
        self._height_axis.set_colours(colours)
        self.cursor_line.set_colours(colours)
        for row in self.signal_plots.values():
            row.set_colours(colours)
        self.select(self._selected)
        self.stale()

    def _place_time_axis(self) -> None:
        """One time axis, below the lowest plot."""
        rows = list(self.signal_plots.values())
        self.plot.showAxis("bottom", not rows)
        self.plot.getAxis("bottom").setLabel(self._time_label)
        for row in rows:
            row.show_time(self._time_label if row is rows[-1] else None)

    def _on_resized(self, _: object) -> None:
        self._height_axis.fit()

    def _add_row(self, name: str) -> SignalPlot:
        row = self.signal_plots[name] = SignalPlot(name, self.plot)
        self.watch(row.getViewBox())
        set_up_axes(row)
        self.addItem(row, self.ci.layout.rowCount(), 0)
        self.cursor_line.add_to(row)
        row.getViewBox().setLimits(xMin=self.span[0], xMax=self.span[1])
        row.show_conditions(self._conditions)
        if self._colours is not None:
            row.set_colours(self._colours)
        return row

    def _dress(self, key: str, curve: TraceCurve) -> None:
        color = curve.color if self._colours is None else self._colours.readable(curve.color)
        width = 2 if key == self._selected or len(self.curves) <= _FEW else 1
        curve.setZValue(10 if key == self._selected else 0)
        if (color, width) != (curve.look):
            curve.set_look(color, width)
            self._changed(curve)

    def _place_lines(self) -> float:
        """Offsets of the lines; gives the distance from line to line, 0 if they are not stacked."""
        spans = [curve.span for curve in self.curves.values() if curve.span is not None]
        if not self._stacked or not spans:
            for curve in self.curves.values():
                self._raise(curve, 0.0)
            return 0.0
        step = nice_step(max(high - low for low, high in spans))
        for place, curve in enumerate(reversed(list(self.curves.values()))):
            self._raise(curve, place * step - (curve.span[0] if curve.span else 0.0))
        return step

    def _raise(self, curve: TraceCurve, offset: float) -> None:
        if curve.offset != offset:
            curve.set_offset(offset)
            self._changed(curve)

    def _show_heights(self, low: float, high: float) -> None:
        """Change the height only if a line would leave it, or fill little of it: redrawing all lines takes time."""
        room = (high - low or abs(high) or 1.0) * 0.06
        above = 3 if len(self._conditions.labels) > 1 else 1
        wanted = (low - (3 if self._stacked else 1) * room, high + above * room)
        if self._y_range is not None:
            a, b = self._y_range
            if a <= low and high <= b and (high - low) > 0.5 * (b - a):
                return
        self._y_range = wanted
        self.plot.setYRange(*wanted, padding=0)

    def still_items(self) -> list[tuple[pg.ViewBox, Any]]:
        rows = self.signal_plots.values()
        behind = [(self._view, self.bands), *((row.getViewBox(), row.bands) for row in rows)]
        lines = sorted((c for c in self.curves.values() if c.still), key=lambda curve: float(curve.zValue()))
        return [*behind, *((self._view, curve) for curve in lines), *((row.getViewBox(), row.curve) for row in rows)]

    def _changed(self, curve: TraceCurve) -> None:
        if curve.still:
            self.stale()
