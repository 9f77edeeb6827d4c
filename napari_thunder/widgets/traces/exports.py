"""What is shown of the traces, on the way to a file or to the clipboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from psygnal import Signal
from qtpy.QtWidgets import QApplication, QWidget

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.traces.traces import Traces
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.file_dialog import ask_where_to
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.traces.pictures import Picture, draw_picture, picture_for_clipboard
from napari_thunder.widgets.traces.plotting import pg


class Exports:
    """Saves and copies the numbers of the traces, and the plots as pictures; `changed()` when the trouble did.

    Parameters
    ----------
    traces
        Whose numbers.
    plots
        By name, those that can become pictures.
    bridge
        To the window's thread, as long texts are made beside it.
    """

    changed = Signal()

    def __init__(self, traces: Traces, plots: dict[str, pg.GraphicsLayoutWidget], bridge: MainThread) -> None:
        self.trouble: Trouble | None = None
        self._traces = traces
        self._plots = plots
        self._bridge = bridge
        self._background = Background("traces-copy")

    def save(self, what: str, path: str | Path) -> None:
        """Save `csv`, or a plot by its name as a picture by the ending of the path; returns at once."""
        self.trouble = None
        if what == "csv":
            self._traces.export_csv(str(path))
        else:
            self._background.start(self._write, draw_picture(self._plots[what.split(".")[0]], path))
        self.changed.emit()

    def _write(self, picture: Picture) -> None:
        try:
            picture.save()
        except ThunderError as error:
            self._bridge.call(self._fail, Trouble.of(error))

    def _fail(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.changed.emit()

    def ask_where(self, what: str, recording: str, parent: QWidget) -> None:
        """Let a person choose the file for `csv`, `traces.svg` and the like; returns at once."""
        ending = what.rsplit(".", 1)[-1]
        name = f"{recording.split('.')[0]}_{what if '.' in what else f'traces.{what}'}"
        ask_where_to(parent, "Export", name, [f"{ending.upper()} (*.{ending})"], partial(self.save, what))

    def copy(self, what: str) -> None:
        """Put `numbers` (tab separated) on the clipboard, soon; or a plot by its name, as a picture."""
        if what == "numbers":
            self._background.start(self._make_text)
        else:
            QApplication.clipboard().setMimeData(picture_for_clipboard(self._plots[what]))

    def _make_text(self) -> None:
        text = self._traces.table().to_csv(sep="\t", index=False)
        self._bridge.call(_put_text, text)


def _put_text(text: str) -> None:
    QApplication.clipboard().setText(text)
