"""A form that shows what matters most, and the rest behind a button."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from napari_thunder.models.analyze.form import Field
from napari_thunder.widgets.analyze.inputs import Input
from napari_thunder.widgets.analyze.parameter_form import ParameterForm
from napari_thunder.widgets.section import say_why


class FoldedForm(QWidget):
    """Two forms as one, the second folded away until it is asked for or something in it is wrong.

    Parameters
    ----------
    fields
        All of them, in order.
    first
        Names of those that are always shown.
    title
        What the button calls the others.
    """

    changed = Signal()

    def __init__(self, fields: tuple[Field, ...], first: Collection[str], title: str) -> None:
        super().__init__()
        self._first = frozenset(first)
        self.form = ParameterForm(tuple(field for field in fields if field.name in self._first))
        self.fine = ParameterForm(tuple(field for field in fields if field.name not in self._first))
        self.more = QToolButton()
        self.reset = QPushButton("Reset to defaults")
        self._set_up(title)
        self._lay_out()

    def input(self, name: str) -> Input:
        """The input of a field."""
        return (self.form if name in self._first else self.fine).input(name)

    def given(self) -> dict[str, Any]:
        """What is filled in, by name."""
        return self.form.given() | self.fine.given()

    def fill(self, given: Mapping[str, Any]) -> None:
        """Show these values, and the defaults of what is left out; says nothing."""
        for form in (self.form, self.fine):
            form.fill(given)
        self.offer_reset(bool(given))

    def offer_reset(self, possible: bool) -> None:
        """Whether there is anything to set back."""
        say_why(self.reset, "" if possible else "These are the defaults.", "Set everything back to its default")

    def mark(self, wrong: Mapping[str, str]) -> None:
        """Show beside each field what is wrong with it, by name."""
        self.form.mark({name: why for name, why in wrong.items() if name in self._first})
        self.fine.mark({name: why for name, why in wrong.items() if name not in self._first})
        if any(name not in self._first for name in wrong):
            self.more.setChecked(True)

    def _set_up(self, title: str) -> None:
        self.more.setText(title)
        self.more.setAccessibleName(title)
        self.more.setToolTip("Show what seldom needs to be changed")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.toggled.connect(self._open)
        for form in (self.form, self.fine):
            form.changed.connect(self.changed)
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
