"""How it is stored: a view of the settings of the current recording's wish."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from napari_thunder.models.analyze.form import form_fields, given_beside_defaults, what_is_wrong
from napari_thunder.models.preparing import Preparings
from napari_thunder.preparing import Preparation
from napari_thunder.widgets.analyze.parameter_form import ParameterForm
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why

_FIRST = ("bin", "dtype", "compression")
_SPANS = ("crop_t", "crop_z", "crop_y", "crop_x")
_ELSEWHERE = ("brain", "exclude_frames")
"""Chosen with the recording, and under Registration."""


class SettingsPanel(QWidget):
    """The settings that matter most, and crop, dark level and the like behind a button.

    Parameters
    ----------
    preparing
        Whose settings it shows and changes.
    """

    def __init__(self, preparing: Preparings, main_thread: MainThread) -> None:
        super().__init__()
        self._preparing = preparing
        fields = tuple(field for field in form_fields(Preparation) if field.name not in _ELSEWHERE)
        self.form = ParameterForm(tuple(field for field in fields if field.name in _FIRST))
        self.fine = ParameterForm(tuple(field for field in fields if field.name not in _FIRST))
        self.more = QToolButton()
        self.reset = QPushButton("Reset to defaults")
        self._set_up()
        self._lay_out()
        main_thread.connect(preparing.changed, self._show, newest=True)
        self._show()

    def input(self, name: str) -> Any:
        """The input of a setting."""
        return (self.form if name in _FIRST else self.fine).input(name)

    def given(self) -> dict[str, Any]:
        """What is filled in, by name."""
        return self.form.given() | self.fine.given()

    def commit(self) -> None:
        """Take over what is still being typed."""
        self._preparing.configure(given=given_beside_defaults(Preparation, self.given()))
        self._mark()

    def _set_up(self) -> None:
        self.more.setText("Crop, dark level and more")
        self.more.setAccessibleName("Crop, dark level and more")
        self.more.setToolTip("Show what seldom needs to be changed")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.toggled.connect(self._open)
        self.reset.clicked.connect(lambda *_: self._preparing.configure(given={}))
        for form in (self.form, self.fine):
            form.changed.connect(self.commit)
        for name in _SPANS:
            self.input(name).editor.setPlaceholderText("all")
        self._open(False)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch(1)
        row.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addLayout(row)
        layout.addWidget(self.fine)

    def _open(self, opened: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.fine.setVisible(opened)

    def _show(self) -> None:
        given = dict(self._preparing.wish.given)
        if given != given_beside_defaults(Preparation, self.given()):
            for form in (self.form, self.fine):
                form.fill(given)
        self._mark()
        say_why(self.reset, "" if given else "These are the defaults.", "Set everything back to its default")

    def _mark(self) -> None:
        wrong = what_is_wrong(Preparation, self.given())
        self.form.mark({name: why for name, why in wrong.items() if name in _FIRST})
        self.fine.mark({name: why for name, why in wrong.items() if name not in _FIRST})
        if any(name not in _FIRST for name in wrong):
            self.more.setChecked(True)
