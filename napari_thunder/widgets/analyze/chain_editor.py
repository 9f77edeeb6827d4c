"""The preprocessing chain: steps in order, each with its form."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from napari_thunder.analysis.registry import steps
from napari_thunder.models.form import form_fields
from napari_thunder.recording import Recording
from napari_thunder.widgets.analyze.parameter_form import ParameterForm


class StepRow(QFrame):
    """One step: its title, its form, and a button that takes it out."""

    removed = Signal()
    changed = Signal()

    def __init__(self, name: str, step: type[Any], recording: Recording | None) -> None:
        super().__init__()
        self.name = name
        self.form = ParameterForm(form_fields(step, recording))
        self.form.changed.connect(self.changed)
        self.head = QToolButton()
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setAutoRaise(True)
        self.head.setCheckable(True)
        self.head.setToolTip(f"{step.summary}. Click to show or hide its parameters.")
        self.head.toggled.connect(self._open)
        self._title = step.title
        remove = QToolButton()
        remove.setText("✕")
        remove.setToolTip(f"Take {step.title} out of the chain")
        remove.setAccessibleName(f"Remove {step.title}")
        remove.clicked.connect(self.removed)
        head = QHBoxLayout()
        head.addWidget(self.head)
        head.addStretch(1)
        head.addWidget(remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.addLayout(head)
        layout.addWidget(self.form)
        self.head.setChecked(True)

    def show_number(self, number: int) -> None:
        """Say which step this is."""
        self.head.setText(f"{number}. {self._title}")

    def _open(self, opened: bool) -> None:
        self.head.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.form.setVisible(opened)


class ChainEditor(QWidget):
    """Steps are done in the order shown, before the analysis."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._recording: Recording | None = None
        self._rows: list[StepRow] = []
        self._none = QLabel("None: the values as they were recorded.")
        self._none.setWordWrap(True)
        self.add_button = QPushButton("Add a step")
        menu = QMenu(self.add_button)
        for name, step in steps().items():
            action = menu.addAction(step.title)
            action.setToolTip(step.summary)
            action.triggered.connect(lambda _=False, name=name: self.add(name))
        menu.setToolTipsVisible(True)
        self.add_button.setMenu(menu)
        self.add_button.setToolTip("Add a preprocessing step, such as ΔF/F, that is done before the analysis")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self._none)
        self._layout.addWidget(self.add_button)

    def set_recording(self, recording: Recording | None) -> None:
        """Offer this recording's columns and signals in steps added from now on."""
        self._recording = recording

    def add(self, name: str) -> StepRow:
        """Add a step at the end."""
        row = StepRow(name, steps()[name], self._recording)
        row.removed.connect(lambda: self.remove(row))
        row.changed.connect(self.changed)
        self._layout.insertWidget(self._layout.count() - 1, row)
        self._rows.append(row)
        self._renumber()
        return row

    def remove(self, row: StepRow) -> None:
        """Take a step out."""
        self._rows.remove(row)
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._renumber()

    def chain(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Name and parameters of each step, in order."""
        return tuple((row.name, row.form.given()) for row in self._rows)

    def _renumber(self) -> None:
        for number, row in enumerate(self._rows, 1):
            row.show_number(number)
        self._none.setVisible(not self._rows)
        self.changed.emit()
