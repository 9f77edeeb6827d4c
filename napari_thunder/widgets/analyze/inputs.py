"""One input for each kind of field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QLocale, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QWidget,
)

from napari_thunder.models.analyze.form import Field, FieldKind
from napari_thunder.widgets.file_dialog import ask_for_file
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_HUGE = 10**9


class Input(QWidget):
    """An input of a form: it holds a value and says when it changed."""

    changed = Signal()

    def __init__(self, field: Field, editor: QWidget) -> None:
        super().__init__()
        self.field = field
        self.editor = editor
        self.setToolTip(field.help)
        editor.setAccessibleName(field.label)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.addWidget(editor, 1)
        self.setFocusProxy(editor)

    def value(self) -> Any:
        """What was filled in; None when left out."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show a value without saying that it changed."""
        before = self.blockSignals(True)
        self._show(value)
        self.blockSignals(before)

    def _show(self, value: Any) -> None:
        raise NotImplementedError


class CheckInput(Input):
    """Yes or no."""

    def __init__(self, field: Field) -> None:
        self._box = QCheckBox()
        super().__init__(field, self._box)
        self._box.setChecked(bool(field.value))
        self._box.toggled.connect(lambda _: self.changed.emit())

    def value(self) -> bool:
        return self._box.isChecked()

    def _show(self, value: Any) -> None:
        self._box.setChecked(bool(value))


class _Decimal(QDoubleSpinBox):
    """Shows no more digits than there are."""

    def textFromValue(self, value: float) -> str:
        return f"{value:.10g}"


class NumberInput(Input):
    """A number, whole or not, inside its limits."""

    def __init__(self, field: Field) -> None:
        whole = field.kind is FieldKind.INTEGER
        self._spin: Any = QSpinBox() if whole else _Decimal()
        super().__init__(field, self._spin)
        if not whole:
            self._spin.setDecimals(6)
        self._number = number = int if whole else float
        self._spin.setLocale(QLocale.c())
        self._spin.setRange(number(_limit(field.minimum, -_HUGE)), number(_limit(field.maximum, _HUGE)))
        self._spin.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self._spin.setKeyboardTracking(False)
        self._spin.setValue(number(1 if field.value is None else field.value))
        self._spin.valueChanged.connect(lambda _: self.changed.emit())
        needs_focus_to_scroll(self._spin)

    def value(self) -> float:
        self._spin.interpretText()
        return self._spin.value()

    def _show(self, value: Any) -> None:
        wanted = self._number(1 if value is None else value)
        if wanted != self._spin.value():
            self._spin.setValue(wanted)


class TextInput(Input):
    """Words, or numbers or names with commas between."""

    def __init__(self, field: Field) -> None:
        self._line = QLineEdit(_as_text(field.value))
        super().__init__(field, self._line)
        what = {FieldKind.NUMBERS: "numbers, with commas between", FieldKind.WORDS: "none; with commas between"}
        self._line.setPlaceholderText(what.get(field.kind, field.hint or "none"))
        self._line.editingFinished.connect(self.changed)

    def value(self) -> Any:
        text = self._line.text().strip()
        if self.field.kind is FieldKind.NUMBERS:
            return _numbers(text, () if not self.field.optional else None)
        if self.field.kind is FieldKind.WORDS:
            words = tuple(word.strip() for word in text.split(",") if word.strip())
            return words if words or not self.field.optional else None
        return text or None

    def _show(self, value: Any) -> None:
        _set_text(self._line, _as_text(value))


class ChoiceInput(Input):
    """One of a few."""

    def __init__(self, field: Field) -> None:
        self._combo = QComboBox()
        super().__init__(field, self._combo)
        if field.optional:
            self._combo.addItem("none", None)
        for choice in field.choices:
            self._combo.addItem(str(choice).replace("_", " "), choice)
        self._combo.setCurrentIndex(max(0, self._combo.findData(field.value)))
        self._combo.currentIndexChanged.connect(lambda _: self.changed.emit())
        needs_focus_to_scroll(self._combo)

    def value(self) -> Any:
        return self._combo.currentData()

    def _show(self, value: Any) -> None:
        if self._combo.findData(value) < 0 and value is not None:
            self._combo.addItem(str(value), value)
        self._combo.setCurrentIndex(max(0, self._combo.findData(value)))


class NamesInput(Input):
    """Any number of names, ticked in a list; what to do is said where there is nothing to tick."""

    def __init__(self, field: Field) -> None:
        self._list = QListWidget()
        self._hint = QLabel(field.hint)
        self._hint.setWordWrap(True)
        self._hint.setEnabled(False)
        super().__init__(field, self._list)
        self.row.addWidget(self._hint, 1)
        for name in (*field.choices, *([field.together] if field.together else [])):
            self._add(str(name))
        self._show(field.value)
        self._list.itemChanged.connect(lambda _: self.changed.emit())

    def tick(self, name: str) -> None:
        """Tick a name."""
        for item in self._list.findItems(name, Qt.MatchFlag.MatchExactly):
            item.setCheckState(Qt.CheckState.Checked)

    def value(self) -> tuple[str, ...] | None:
        ticked = [item.text() for item in self._items() if item.checkState() == Qt.CheckState.Checked]
        names = tuple(name for name in ticked if name != self.field.together)
        left_out = self.field.optional and not ticked
        return None if left_out else names

    def _show(self, value: Any) -> None:
        wanted = [str(name) for name in (value or ())]
        if value is not None and not wanted and self.field.together:
            wanted = [self.field.together]
        there = {item.text() for item in self._items()}
        for name in wanted:
            if name not in there:
                self._add(name)
        for item in self._items():
            ticked = item.text() in wanted
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        rows = self._list.count()
        self._list.setFixedHeight(min(4, rows) * max(18, self._list.sizeHintForRow(0)) + 6)
        self._list.setVisible(rows > 0)
        self._hint.setVisible(rows == 0)

    def _items(self) -> list[QListWidgetItem]:
        return [self._list.item(i) for i in range(self._list.count())]

    def _add(self, name: str) -> None:
        item = QListWidgetItem(name, self._list)
        item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        item.setCheckState(Qt.CheckState.Unchecked)


class FileInput(Input):
    """A path to a table, or the table that a result was made with."""

    def __init__(self, field: Field) -> None:
        self._line = QLineEdit()
        self._table: Any = None
        super().__init__(field, self._line)
        self._line.setPlaceholderText("none")
        self._line.editingFinished.connect(self.changed)
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        self.row.addWidget(browse)

    def value(self) -> Any:
        return self._line.text().strip() or self._table

    def _show(self, value: Any) -> None:
        path = value is None or isinstance(value, str)
        self._table = None if path else value
        self._line.setPlaceholderText("none" if path else "the table of the result")
        _set_text(self._line, _as_text(value) if path else "")

    def _browse(self) -> None:
        ask_for_file(self, self.field.label, ["Tables (*.csv *.tsv *.txt)", "All files (*)"], self._take)

    def _take(self, path: str) -> None:
        self._line.setText(path)
        self.changed.emit()


class OptionalInput(Input):
    """A number that may be left out: tick to give it."""

    def __init__(self, inner: Input) -> None:
        super().__init__(inner.field, inner)
        self._inner = inner
        self._tick = QCheckBox()
        self._tick.setToolTip(f"Tick to give {inner.field.label.lower()}; otherwise it is left out")
        self._tick.setAccessibleName(f"Give {inner.field.label}")
        self._tick.setChecked(inner.field.value is not None)
        inner.setEnabled(self._tick.isChecked())
        self._tick.toggled.connect(inner.setEnabled)
        self._tick.toggled.connect(lambda _: self.changed.emit())
        inner.changed.connect(self.changed)
        self.row.insertWidget(0, self._tick)

    def value(self) -> Any:
        return self._inner.value() if self._tick.isChecked() else None

    def _show(self, value: Any) -> None:
        self._tick.setChecked(value is not None)
        if value is not None:
            self._inner.show_value(value)


_INPUTS: dict[FieldKind, Callable[[Field], Input]] = {
    FieldKind.CHECK: CheckInput,
    FieldKind.INTEGER: NumberInput,
    FieldKind.NUMBER: NumberInput,
    FieldKind.TEXT: TextInput,
    FieldKind.CHOICE: ChoiceInput,
    FieldKind.NAMES: NamesInput,
    FieldKind.NUMBERS: TextInput,
    FieldKind.WORDS: TextInput,
    FieldKind.TABLE: FileInput,
}


def make_input(field: Field) -> Input:
    """The input that suits a field."""
    made = _INPUTS[field.kind](field)
    if field.optional and field.kind in (FieldKind.INTEGER, FieldKind.NUMBER):
        return OptionalInput(made)
    return made


def _limit(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit


def _set_text(line: QLineEdit, text: str) -> None:
    """Leave the cursor where it is unless there is something new."""
    if line.text().strip() != text:
        line.setText(text)


def _numbers(text: str, nothing: Any) -> Any:
    """Numbers between commas or blanks; the text itself if it is none, to be told what is wrong with it."""
    words = text.replace(",", " ").split()
    try:
        return tuple(float(word) for word in words) if words else nothing
    except ValueError:
        return text


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return ", ".join(v if isinstance(v, str) else f"{v:.10g}" for v in value)
    return str(value)
