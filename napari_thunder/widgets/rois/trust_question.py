"""The question whether a file that is a pickle may be read."""

from __future__ import annotations

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_thunder.models.rois.region_files import Doubt, RegionFiles
from napari_thunder.widgets.file_dialog import ask

_TEXT = """{path} is a pickle. A pickle can hold a program that runs when it is opened.

Only plain numbers are read from it here, and anything else is refused. Still, read it only if you trust who made it.

Read it?"""


class TrustQuestion:
    """Asks once for each file that is in doubt.

    Parameters
    ----------
    parent
        The question lies over its window.
    files
        What waits for the answer.
    """

    def __init__(self, parent: QWidget, files: RegionFiles) -> None:
        self._parent = parent
        self._files = files
        self._asked: Doubt | None = None
        self.box: QMessageBox | None = None

    @property
    def note(self) -> str:
        """What to say meanwhile."""
        return "" if self._files.doubt is None else "Waiting for your answer…"

    def ask_if_new(self) -> None:
        """Ask, if a file is in doubt that was not asked about."""
        doubt = self._files.doubt
        if doubt is None or doubt is self._asked:
            return
        self._asked = doubt
        self.box = ask(self._parent, "Read a pickle?", _TEXT.format(path=doubt.pickle), self._files.trust)
        self.box.button(QMessageBox.StandardButton.No).clicked.connect(lambda *_: self._files.let_be())
