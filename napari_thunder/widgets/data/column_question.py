"""Asks which columns of a table say when, and in which unit."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.data.attaching import Question
from napari_thunder.models.data.columns import Columns, Unit, number_columns
from napari_thunder.widgets.data.rows_model import RowsModel, rows_view
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_CHOOSE = "choose…"
_UNITS = (
    (Unit.SECONDS, "seconds"),
    (Unit.MILLISECONDS, "milliseconds"),
    (Unit.MINUTES, "minutes"),
    (Unit.FRAMES, "frames, from 0"),
)


class ColumnQuestion(QWidget):
    """Shows a table's first rows and what its columns may mean; emits `answered(columns)` or `left`."""

    answered = Signal(object)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._question: Question | None = None
        self._rows = RowsModel()
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.start = self._combo("Column with the times", "The column that says when")
        self.stop = self._combo("Column with the end or length", "The column that says when an event ends, or how long")
        self.meaning = self._combo("What it says", "Whether that column holds times or lengths")
        self.meaning.addItem("is when it ends", False)
        self.meaning.addItem("is how long it lasts", True)
        self.unit = self._combo("Unit", "The unit of these times")
        for unit, name in _UNITS:
            self.unit.addItem(name, unit)
        self.take = QPushButton("Attach")
        self.take.clicked.connect(lambda: self.answered.emit(self.columns()))
        self.leave = QPushButton("Leave it")
        self.leave.setToolTip("Do not attach this table")
        self.leave.clicked.connect(self.left.emit)
        self._lay_out()
        for combo in (self.start, self.stop):
            combo.currentIndexChanged.connect(lambda _: self._check())

    def ask(self, question: Question | None) -> None:
        """Ask this; hidden while there is nothing to ask."""
        self.setVisible(question is not None)
        if question is None or question is self._question:
            self._question = question
            return
        self._question = question
        self.why.setText(question.why)
        self._rows.show_table(question.table)
        numbers = number_columns(question.table)
        for combo, chosen in ((self.start, question.guess.start), (self.stop, question.guess.stop)):
            combo.clear()
            combo.addItem(_CHOOSE, "")
            for name in numbers:
                combo.addItem(name, name)
            combo.setCurrentIndex(max(0, combo.findData(chosen)))
        self.meaning.setCurrentIndex(int(question.guess.lasts))
        self.unit.setCurrentIndex(max(0, self.unit.findData(question.guess.unit)))
        events = question.what == "events"
        self._form.labelForField(self.start).setText("An event begins at" if events else "Time")
        for part in (self.stop, self._form.labelForField(self.stop), self.meaning):
            part.setVisible(events)
        self._check()

    def columns(self) -> Columns:
        """What was chosen."""
        chosen = (self.start.currentData() or "", self.stop.currentData() or "")
        return Columns(*chosen, bool(self.meaning.currentData()), Unit(self.unit.currentData()))

    def _combo(self, name: str, tip: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setToolTip(tip)
        combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        needs_focus_to_scroll(combo)
        return combo

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("An event begins at", self.start)
        self._form.addRow("and", self.stop)
        self._form.addRow("", self.meaning)
        self._form.addRow("Unit", self.unit)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.why)
        layout.addWidget(rows_view(self._rows, "First rows of the table", 4))
        layout.addLayout(self._form)
        layout.addLayout(buttons)

    def _check(self) -> None:
        need_stop = self._question is not None and self._question.what == "events"
        chosen = self.start.currentData() and (self.stop.currentData() or not need_stop)
        say_why(self.take, "" if chosen else "Choose the columns first.", "Attach the table, read like this")
