"""The form of an analysis or a step, made from its parameters."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from napari_thunder.models.form import Field
from napari_thunder.widgets.analyze.inputs import Input, make_input


class ParameterForm(QWidget):
    """A line for each field, with help as tooltips."""

    changed = Signal()

    def __init__(self, fields: tuple[Field, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inputs: dict[str, Input] = {}
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for field in fields:
            self._add(field)

    def given(self) -> dict[str, Any]:
        """What was filled in, by name of the parameter."""
        return {name: made.value() for name, made in self._inputs.items()}

    def input(self, name: str) -> Input:
        """The input of a parameter."""
        return self._inputs[name]

    def _add(self, field: Field) -> None:
        made = self._inputs[field.name] = make_input(field)
        made.changed.connect(self.changed)
        label = QLabel(field.label)
        label.setToolTip(field.help)
        label.setBuddy(made)
        self._layout.addRow(label, made)
