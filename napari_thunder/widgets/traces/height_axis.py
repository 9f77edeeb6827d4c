"""What stands left of the lines: a scale, or the names of lines that are stacked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

_NAME_LENGTH = 9
_NAME_HEIGHT = 11
"""Pixels that the name of a stacked line needs; where lines are closer, some are left without."""


class HeightAxis:
    """Labels the left axis of a plot.

    Parameters
    ----------
    plot
        Whose axis it is.
    """

    def __init__(self, plot: pg.PlotItem) -> None:
        self._axis = plot.getAxis("left")
        self._view = plot.getViewBox()
        self._scale = pg.LabelItem("", size="8pt", justify="left")
        self._scale.setParentItem(self._view)
        self._scale.anchor((0, 1), (0, 1), offset=(2, 2))
        self._wanted: tuple[float, str, tuple[str, ...]] = (0.0, "", ())
        self._shown: tuple[object, ...] = ()

    def label(self, step: float, unit: str, names: Sequence[str]) -> None:
        """Say what lines are in, or, with a distance from line to line, what each is called, from the top."""
        self._wanted = step, unit, tuple(map(_short, names)) if step else ()
        self.fit()

    def fit(self) -> None:
        """Show as many names as the height has room for."""
        step, unit, names = self._wanted
        every = max(1, math.ceil(len(names) * _NAME_HEIGHT / max(1.0, self._view.height())))
        if (self._wanted, every) == self._shown:
            return
        self._shown = self._wanted, every
        self._axis.setStyle(hideOverlappingLabels=not step)
        if not step:
            self._axis.setTicks(None)
            self._axis.setLabel(unit)
            self._scale.setText("")
            return
        below = len(names) - 1
        self._axis.setTicks([[((below - at) * step, name) for at, name in enumerate(names) if at % every == 0]])
        self._axis.setLabel(None)
        self._axis.showLabel(False)
        self._scale.setText(f"{step:g} {unit} from line to line")

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._scale.setText(self._scale.text, color=colours.text)


def _short(name: str) -> str:
    name = name.removeprefix("Voxel ")
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"
