"""How it is stored: a view of the settings of the current recording's wish."""

from __future__ import annotations

from napari_thunder.models.analyze.form import form_fields, given_beside_defaults, what_is_wrong
from napari_thunder.models.preparing import Preparings
from napari_thunder.preparing import Preparation
from napari_thunder.widgets.analyze.folded_form import FoldedForm
from napari_thunder.widgets.main_thread import MainThread

_FIRST = ("bin", "dtype", "compression")
_SPANS = ("crop_t", "crop_z", "crop_y", "crop_x")
_ELSEWHERE = ("brain", "exclude_frames")
"""Chosen with the recording, and under Registration."""


class SettingsPanel(FoldedForm):
    """The settings that matter most, and crop, dark level and the like behind a button.

    Parameters
    ----------
    preparing
        Whose settings it shows and changes.
    """

    def __init__(self, preparing: Preparings, main_thread: MainThread) -> None:
        fields = tuple(field for field in form_fields(Preparation) if field.name not in _ELSEWHERE)
        super().__init__(fields, _FIRST, "Crop, dark level and more")
        self._preparing = preparing
        for name in _SPANS:
            self.input(name).editor.setPlaceholderText("all")
        self.changed.connect(self.commit)
        self.reset.clicked.connect(lambda *_: self._preparing.configure(given={}))
        main_thread.connect(preparing.changed, self._show, newest=True)
        self._show()

    def commit(self) -> None:
        """Take over what is still being typed."""
        self._preparing.configure(given=given_beside_defaults(Preparation, self.given()))
        self._say_what_is_wrong()

    def _show(self) -> None:
        given = dict(self._preparing.wish.given)
        if given != given_beside_defaults(Preparation, self.given()):
            self.fill(given)
        self.offer_reset(bool(given))
        self._say_what_is_wrong()

    def _say_what_is_wrong(self) -> None:
        self.mark(what_is_wrong(Preparation, self.given()))
