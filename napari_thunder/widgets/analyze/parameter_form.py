"""The form of an analysis or a step, made from its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from napari_thunder.models.analyze.form import Field, seldom_changed
from napari_thunder.widgets.analyze.inputs import Input, make_input


class ParameterForm(QWidget):
    """A line for each field, with help as tooltips and the reason below what is wrong.

    Parameters
    ----------
    fields
        In order.
    fold
        Whether what is seldom changed is folded away in a long form.
    """

    changed = Signal()

    def __init__(self, fields: tuple[Field, ...] = (), parent: QWidget | None = None, *, fold: bool = False) -> None:
        super().__init__(parent)
        self._inputs: dict[str, Input] = {}
        self._notes: dict[str, QLabel] = {}
        self._cells: dict[str, QVBoxLayout] = {}
        self._layout = _form(self)
        self._fine = QWidget(self)
        self._fine.hide()
        self._fine_layout = _form(self._fine)
        seldom = seldom_changed(fields) if fold else frozenset()
        self.more: QToolButton | None = None
        self._folded: list[str] = [field.name for field in fields if field.name in seldom]
        for field in (*(f for f in fields if f.name not in seldom), *(f for f in fields if f.name in seldom)):
            if field.name in seldom and self.more is None:
                self._add_more(len(seldom))
            self._add(field)
        self._open(False)
        if not fields:
            self.hide()

    def given(self) -> dict[str, Any]:
        """What was filled in, by name of the parameter."""
        return {name: made.value() for name, made in self._inputs.items()}

    def fill(self, given: Mapping[str, Any]) -> None:
        """Show these values, and the defaults of what is left out; says nothing."""
        for name, made in self._inputs.items():
            made.show_value(given.get(name, made.field.value))
        if self.more is not None:
            changed = sum(name in given for name in self._folded)
            self.more.setText(f"More settings ({len(self._folded)}{f', {changed} changed' if changed else ''})")

    def mark(self, wrong: Mapping[str, str]) -> None:
        """Show beside each field what is wrong with it, by name."""
        for name in wrong.keys() - self._notes.keys():
            note = self._notes[name] = QLabel()
            note.setWordWrap(True)
            self._cells[name].addWidget(note)
        for name, note in self._notes.items():
            note.setText(f"⚠ {wrong[name]}" if name in wrong else "")
            note.setVisible(name in wrong)

        if self.more is not None and any(name in wrong for name in self._folded):
            self.more.setChecked(True)

    @property
    def marked(self) -> dict[str, str]:
        """What is said to be wrong, by name."""
        return {name: note.text() for name, note in self._notes.items() if note.text()}

    def input(self, name: str) -> Input:
        """The input of a parameter."""
        return self._inputs[name]

    def focus_first(self) -> bool:
        """Put the cursor into the first field; False if there is none."""
        for made in self._inputs.values():
            made.setFocus()
            return True
        return False

    def _add_more(self, count: int) -> None:
        """The line behind which fields are folded away that are seldom changed."""
        more = self.more = QToolButton()
        more.setText(f"More settings ({count})")
        more.setAccessibleName("More settings")
        more.setToolTip("Show what is seldom changed: how it is computed, rather than what")
        more.setCheckable(True)
        more.setAutoRaise(True)
        more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        more.toggled.connect(self._open)
        self._layout.addRow(more)
        self._layout.addRow(self._fine)

    def _open(self, opened: bool) -> None:
        if self.more is None:
            return
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self._fine.setVisible(opened)

    def _add(self, field: Field) -> None:
        made = self._inputs[field.name] = make_input(field)
        made.changed.connect(self.changed)
        label = QLabel(field.label)
        label.setToolTip(field.help)
        label.setBuddy(made)
        cell = self._cells[field.name] = QVBoxLayout()
        cell.setSpacing(1)
        cell.addWidget(made)
        (self._layout if self.more is None else self._fine_layout).addRow(label, cell)


def _form(of: QWidget) -> QFormLayout:
    layout = QFormLayout(of)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return layout
