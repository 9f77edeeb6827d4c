"""Behaviour signals, each in a low plot of its own below the traces."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from napari_thunder.widgets.traces.conditions import Conditions
from napari_thunder.widgets.traces.decimation import finite_range
from napari_thunder.widgets.traces.event_bands import EventBands
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.time_view import TimeView
from napari_thunder.widgets.traces.trace_curve import TraceCurve

Array = NDArray[Any]

_HEIGHT = 44
_AXIS_WIDTH = 72

TIME_HEIGHT = 36
"""Pixels of a time axis with its label."""

_NO_MARK = -1


class SignalPlot(pg.PlotItem):
    """One signal over time, on the time axis of another plot.

    Parameters
    ----------
    name
        Of the signal.
    above
        Whose time axis it shares.
    """

    def __init__(self, name: str, above: pg.PlotItem) -> None:
        super().__init__(viewBox=TimeView(), enableMenu=False)
        self.bands = EventBands(named=False)
        self.curve = TraceCurve("#888888", _NO_MARK)
        self._name = pg.LabelItem(name, size="8pt", justify="left")
        self.bands.still = self.curve.still = True
        self.addItem(self.bands, ignoreBounds=True)
        self.addItem(self.curve, ignoreBounds=True)
        self.hideButtons()
        self.setXLink(above)
        self.setMouseEnabled(x=True, y=False)
        self._name.setParentItem(self.getViewBox())
        self._name.anchor((0, 0), (0, 0), offset=(2, -4))
        self.show_time(None)

    def show_time(self, label: str | None) -> None:
        """Show the time axis below, with its label; None for none."""
        self.showAxis("bottom", label is not None)
        if label is not None:
            self.getAxis("bottom").setLabel(label)
        self.setFixedHeight(_HEIGHT + (TIME_HEIGHT if label is not None else 0))

    def show_signal(self, times: Array, values: Array) -> None:
        """Show the numbers of a signal."""
        self.curve.set_trace(times, values)
        span = finite_range(self.curve.values)
        if span is not None:
            low, high = span
            room = (high - low or abs(high) or 1.0) * 0.1
            self.setYRange(low - room, high + room, padding=0)
            self.getAxis("left").setTicks([[(low, f"{low:.2g}"), (high, f"{high:.2g}")]])

    def show_conditions(self, conditions: Conditions) -> None:
        """Shade the events."""
        self.bands.set_conditions(conditions)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.curve.set_look(colours.text, 1)
        dress_axes(self, colours)
        self._name.setText(self._name.text, color=colours.text)


def dress_axes(plot: pg.PlotItem, colours: Colours) -> None:
    """Draw the axes of a plot in the colours of the theme."""
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setPen(pg.mkPen(colours.text))
        axis.setTextPen(pg.mkPen(colours.text))


def set_up_axes(plot: pg.PlotItem) -> None:
    """The same width beside every plot, so that their times lie below each other; numbers as they are."""
    plot.getAxis("left").setWidth(_AXIS_WIDTH)
    plot.getAxis("bottom").setHeight(TIME_HEIGHT)
    for name in ("left", "bottom"):
        plot.getAxis(name).enableAutoSIPrefix(False)
        plot.getAxis(name).setStyle(tickTextOffset=3)
