"""The event-triggered average of a subject."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_thunder.traces.responses import EventResponse
from napari_thunder.widgets.traces.mean_line import MeanLine
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

_MOST_NAMED = 5
"""With more conditions than this, names beside the lines would cover them; the tuning curve has them."""


class ResponsePlot(pg.PlotItem):
    """Mean ± standard error over trials for each condition, from before to after the start of the events."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.lines: list[MeanLine] = []
        self._names: list[pg.TextItem] = []
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self._onset = pg.InfiniteLine(0.0)
        self._colours: Colours | None = None
        for line in (self._zero, self._onset):
            line.setZValue(-5)
            self.addItem(line, ignoreBounds=True)
        self.hideButtons()
        self.setMouseEnabled(x=True, y=True)
        for name in ("left", "bottom"):
            self.getAxis(name).enableAutoSIPrefix(False)
        self.setLabel("bottom", "time from event onset (s)")
        self.setTitle("Average", size="9pt")

    def show_response(self, response: EventResponse | None, labels: Sequence[str], colors: Sequence[str]) -> None:
        """Draw the average, one line for each condition; nothing if there is none."""
        n = 0 if response is None else len(response.labels)
        while len(self.lines) < n:
            self._add_line()
        for k, (line, name) in enumerate(zip(self.lines, self._names, strict=True)):
            line.setVisible(k < n)
            name.setVisible(1 < n <= _MOST_NAMED and k < n)
            if response is not None and k < n:
                line.show_mean(response.time, response.mean[k], response.sem[k], colors[k], k)
                self._put_name(name, response.time, response.mean[k], labels[k], colors[k])
        self.enableAutoRange()

    def set_unit(self, unit: str) -> None:
        """Say what the numbers are in."""
        self.setLabel("left", unit)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._colours = colours
        for name in ("left", "bottom"):
            self.getAxis(name).setPen(pg.mkPen(colours.text))
            self.getAxis(name).setTextPen(pg.mkPen(colours.text))
        self._zero.setPen(pg.mkPen(colours.quiet))
        self._onset.setPen(pg.mkPen(colours.text, style=pg.QtCore.Qt.PenStyle.DashLine))
        self.titleLabel.setText(self.titleLabel.text, color=colours.text)

    def _add_line(self) -> None:
        line, name = MeanLine(), pg.TextItem(anchor=(1, 1))
        self.lines.append(line)
        self._names.append(name)
        self.addItem(line)
        self.addItem(name, ignoreBounds=True)

    def _put_name(self, name: pg.TextItem, time: np.ndarray, mean: np.ndarray, label: str, color: str) -> None:
        known = np.flatnonzero(np.isfinite(mean))
        name.setText(label, color=color)
        if known.size:
            name.setPos(time[known[-1]], mean[known[-1]])
