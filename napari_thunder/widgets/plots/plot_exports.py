"""A plot and its numbers, on the way to a file or to the clipboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtWidgets import QApplication, QWidget

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.plots.plots import Plots
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.file_dialog import ask_where_to
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.traces.pictures import Picture, draw_picture, picture_for_clipboard
from napari_thunder.widgets.traces.plotting import pg


class PlotExports:
    """Saves and copies the numbers of the plot that is shown, and the plot as a picture.

    Parameters
    ----------
    plots
        Whose numbers.
    canvas
        What becomes a picture.
    bridge
        To the window's thread, as tables are made beside it.
    """

    def __init__(self, plots: Plots, canvas: pg.GraphicsLayoutWidget, bridge: MainThread) -> None:
        self._plots = plots
        self._canvas = canvas
        self._bridge = bridge
        self._background = Background("plots-copy")

    def save(self, what: str, path: str | Path) -> None:
        """Save `csv`, or the picture by the ending of the path; returns at once."""
        if what == "csv":
            self._plots.export_csv(str(path))
        else:
            self._background.start(self._write, draw_picture(self._canvas, path))

    def ask_where(self, what: str, parent: QWidget) -> None:
        """Let a person choose the file for `csv`, `svg` or `png`; returns at once."""
        plot, plane = self._plots.plot, self._plots.plane
        name = plot.name if plot is not None else plane.x.variable if plane is not None else "plot"
        ask_where_to(parent, "Export", f"{name}.{what}", [f"{what.upper()} (*.{what})"], partial(self.save, what))

    def copy(self, what: str) -> None:
        """Put `numbers` (tab separated) on the clipboard, soon; or the `picture`."""
        if what == "numbers":
            self._background.start(self._make_text)
        else:
            QApplication.clipboard().setMimeData(picture_for_clipboard(self._canvas))

    def _make_text(self) -> None:
        table = self._plots.table()
        if table is not None:
            self._bridge.call(_put_text, table.to_csv(sep="\t", index=False))

    def _write(self, picture: Picture) -> None:
        try:
            picture.save()
        except ThunderError as error:
            self._plots.tell(Trouble.of(error))
        else:
            self._plots.tell(None)


def _put_text(text: str) -> None:
    QApplication.clipboard().setText(text)
