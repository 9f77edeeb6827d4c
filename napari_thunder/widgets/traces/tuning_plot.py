"""The tuning curve of a subject: around a circle for directions, over a line for anything else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_thunder.traces.responses import TuningCurve
from napari_thunder.widgets.traces.mean_line import MeanLine
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

Array = NDArray[np.float64]

_RIM = 1.28
"""Where the names of directions stand, in radii."""

_SPOKES = (0, 45, 90, 135, 180, 225, 270, 315)


class TuningPlot(pg.PlotItem):
    """Mean ± standard error of the responses for each value of an event column."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.line = MeanLine()
        self.points = pg.ScatterPlotItem(size=9)
        self.errors = pg.ErrorBarItem()
        self.arrow = pg.PlotCurveItem()
        self._grid = pg.PlotCurveItem(connect="pairs")
        self._names: list[pg.TextItem] = []
        self._colours: Colours | None = None
        self._curve: TuningCurve | None = None
        self._colors: Sequence[str] = ()
        for item in (self._grid, self.line, self.errors, self.arrow, self.points):
            self.addItem(item)
        self.hideButtons()
        for name in ("left", "bottom"):
            self.getAxis(name).enableAutoSIPrefix(False)
        self.setTitle("Tuning", size="9pt")

    def show_tuning(self, curve: TuningCurve | None, colors: Sequence[str]) -> None:
        """Draw a curve, with a colour for each value; nothing if there is none."""
        self._curve, self._colors = curve, colors
        circular = curve is not None and curve.circular
        self.setAspectLocked(circular)
        for axis in ("left", "bottom"):
            self.showAxis(axis, not circular)
        for item in (self._grid, self.arrow, *self._names):
            item.setVisible(circular)
        for item in (self.line, self.points):
            item.setVisible(curve is not None)
        self.errors.setVisible(curve is not None and not circular)
        if curve is not None:
            (self._show_circle if circular else self._show_line)(curve)
        self.setTitle(title_of(curve), size="9pt")

    def set_unit(self, unit: str) -> None:
        """Say what the numbers are in."""
        self.setLabel("left", unit)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._colours = colours
        for name in ("left", "bottom"):
            self.getAxis(name).setPen(pg.mkPen(colours.text))
            self.getAxis(name).setTextPen(pg.mkPen(colours.text))
        self._grid.setPen(pg.mkPen(colours.quiet))
        self.arrow.setPen(pg.mkPen(colours.text, width=3))
        self.errors.setData(pen=pg.mkPen(colours.text))
        self.titleLabel.setText(self.titleLabel.text, color=colours.text)
        self.show_tuning(self._curve, self._colors)

    def _show_line(self, curve: TuningCurve) -> None:
        text = "#888888" if self._colours is None else self._colours.text
        spread = np.nan_to_num(curve.sem)
        self.line.show_mean(curve.values, curve.mean, np.zeros_like(spread), text, 0)
        known = np.isfinite(curve.mean)
        self.errors.setData(x=curve.values[known], y=curve.mean[known], height=2 * spread[known])
        self._show_points(curve.values, curve.mean)
        self.setLabel("bottom", curve.variable)
        self.enableAutoRange()

    def _show_circle(self, curve: TuningCurve) -> None:
        """Angle as it is, an orientation on both its sides; distance from the middle is the response, below 0 as 0."""
        turns = 2 if curve.period == 180 else 1
        angles = np.concatenate([curve.values + 180 * turn for turn in range(turns)])
        mean, sem = np.tile(curve.mean, turns), np.tile(np.nan_to_num(curve.sem), turns)
        known = np.isfinite(mean)
        around, radius, spread = np.deg2rad(angles[known]), np.maximum(mean[known], 0), sem[known]
        top = float((radius + spread).max(initial=0.0)) or 1.0
        text = "#888888" if self._colours is None else self._colours.text
        self.line.show_ring(around, radius / top, spread / top, text)
        self._show_points(*polar(around, radius / top), np.flatnonzero(known) % len(curve.values))
        self._show_grid(top)
        self._show_arrow(curve, turns)
        self.setRange(xRange=(-1.5, 1.5), yRange=(-1.4, 1.4), padding=0)

    def _show_points(self, x: Array, y: Array, of: NDArray[np.intp] | None = None) -> None:
        of = np.arange(len(x)) if of is None else of
        brushes = [pg.mkBrush(self._colors[k] if k < len(self._colors) else "#888888") for k in of]
        there = np.isfinite(y)
        pen = pg.mkPen("#888888" if self._colours is None else self._colours.text)
        self.points.setData(x[there], y[there], brush=[b for b, ok in zip(brushes, there, strict=True) if ok], pen=pen)

    def _show_grid(self, top: float) -> None:
        turn = np.linspace(0, 2 * np.pi, 73)
        rings = [np.repeat(np.stack(polar(turn, np.full(73, r))), 2, axis=1)[:, 1:-1] for r in (0.5, 1.0)]
        spokes = [np.stack(polar(np.full(2, np.deg2rad(a)), np.array([0, 1.0]))) for a in _SPOKES]
        self._grid.setData(*np.concatenate([*rings, *spokes], axis=1), connect="pairs")
        color = "#888888" if self._colours is None else self._colours.text
        wanted = [(f"{a}°", _RIM * np.cos(np.deg2rad(a)), _RIM * np.sin(np.deg2rad(a))) for a in _SPOKES[::2]]
        wanted.append((f"{top:.2g}", 0.9, 0.9))
        while len(self._names) < len(wanted):
            self._names.append(pg.TextItem(anchor=(0.5, 0.5)))
            self.addItem(self._names[-1], ignoreBounds=True)
        for item, (name, x, y) in zip(self._names, wanted, strict=True):
            item.setText(name, color=color)
            item.setPos(float(x), float(y))

    def _show_arrow(self, curve: TuningCurve, turns: int) -> None:
        """The vector sum: its angle is what is preferred, its length the selectivity."""
        if curve.preferred is None or curve.selectivity is None:
            self.arrow.setData([], [])
            return
        x, y = polar(np.deg2rad(curve.preferred), curve.selectivity)
        self.arrow.setData([-x if turns == 2 else 0.0, x], [-y if turns == 2 else 0.0, y])


def polar(angle: Array | float, radius: Array | float) -> tuple[Array, Array]:
    """x to the right and y up of points at angles (rad, counter-clockwise from the right) and distances."""
    return np.asarray(radius * np.cos(angle)), np.asarray(radius * np.sin(angle))


def title_of(curve: TuningCurve | None) -> str:
    """`direction: 92°, selectivity 0.61`."""
    if curve is None:
        return "Tuning"
    if curve.circular and (curve.mean[np.isfinite(curve.mean)] <= 0).all():
        return f"{curve.variable}: no response above baseline"
    if curve.preferred is None or curve.selectivity is None:
        return f"Tuning to {curve.variable}"
    return f"{curve.variable}: {curve.preferred:.0f}°, selectivity {curve.selectivity:.2f}"
