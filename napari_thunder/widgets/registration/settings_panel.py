"""How to register: a view of the settings on the desk."""

from __future__ import annotations

from napari_thunder.models.analyze.form import form_fields, given_beside_defaults, what_is_wrong
from napari_thunder.models.registration import Registrations
from napari_thunder.registration.settings import Registration
from napari_thunder.widgets.analyze.folded_form import FoldedForm
from napari_thunder.widgets.main_thread import MainThread

_FIRST = ("mode", "max_shift", "max_shift_z")
_ELSEWHERE = ("chosen_frames",)
"""Chosen with the reference."""


class SettingsPanel(FoldedForm):
    """The settings that matter most, and the fine ones behind a button.

    Parameters
    ----------
    registration
        Whose settings it shows and changes.
    """

    def __init__(self, registration: Registrations, main_thread: MainThread) -> None:
        fields = tuple(field for field in form_fields(Registration) if field.name not in _ELSEWHERE)
        super().__init__(fields, _FIRST, "Fine settings")
        self._registration = registration
        self.changed.connect(self._write)
        self.reset.clicked.connect(lambda *_: self._registration.configure({}))
        main_thread.connect(registration.changed, self._show, newest=True)
        self._show()

    def commit(self) -> None:
        """Take over what is still being typed: asking for values does."""
        self.given()

    def _write(self) -> None:
        self._registration.configure(given_beside_defaults(Registration, self.given()))
        self._say_what_is_wrong()

    def _show(self) -> None:
        self.fill(dict(self._registration.given))
        self._say_what_is_wrong()

    def _say_what_is_wrong(self) -> None:
        self.mark(what_is_wrong(Registration, self.given()))
