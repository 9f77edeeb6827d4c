"""The preprocessing chain: steps in order, each with its form."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from napari_thunder.analysis.registry import steps
from napari_thunder.models.analyze.draft import Draft, Link
from napari_thunder.models.analyze.form import form_fields, given_beside_defaults, what_is_wrong
from napari_thunder.recording import Recording
from napari_thunder.widgets.analyze.docs_dialog import DocsDialog
from napari_thunder.widgets.analyze.parameter_form import ParameterForm


class StepRow(QFrame):
    """One step: whether it is done, its title, its form, and buttons that move it and take it out.

    Emits `edited(changes)` with fields of `Link`, `moved(by)` and `removed()`.
    """

    edited = Signal(object)
    moved = Signal(int)
    removed = Signal()

    def __init__(self, name: str, recording: Recording | None) -> None:
        super().__init__()
        self.name = name
        self._step: Any = steps()[name]
        self._recording = recording
        self.on = QCheckBox()
        self.on.setToolTip(f"Do {self._step.title}; unticked, it stays in its place and is left out")
        self.on.setAccessibleName(f"Do {self._step.title}")
        self.on.clicked.connect(lambda on: self.edited.emit({"on": on}))
        self.form = ParameterForm(form_fields(self._step, recording))
        self.form.changed.connect(self._edit)
        self.head = QToolButton()
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setAutoRaise(True)
        self.head.setCheckable(True)
        self.head.setToolTip(f"{self._step.summary}. Click to show or hide its parameters.")
        self.head.toggled.connect(self._open)
        self.up = self._button("↑", "earlier", lambda: self.moved.emit(-1))
        self.down = self._button("↓", "later", lambda: self.moved.emit(1))
        docs = self._button("?", "", lambda: DocsDialog(self._step, self).open())
        docs.setToolTip(f"What {self._step.title} does, with formula and sources")
        remove = self._button("✕", "", self.removed.emit)
        remove.setToolTip(f"Take {self._step.title} out of the chain")
        remove.setAccessibleName(f"Remove {self._step.title}")
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.on)
        head.addWidget(self.head)
        head.addStretch(1)
        for button in (docs, self.up, self.down, remove):
            head.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.addLayout(head)
        layout.addWidget(self.form)
        self._open(False)

    def show_link(self, number: int, count: int, link: Link) -> None:
        """Show the step as it is now."""
        self.on.setChecked(link.on)
        self.form.fill(link.parameters)
        self.form.mark(what_is_wrong(self._step, self.form.given(), self._recording))
        filled = ", ".join(f"{name.replace('_', ' ')} {_brief(value)}" for name, value in link.parameters.items())
        self.head.setText(f"{number}. {self._step.title}{f' ({filled})' if filled else ''}")
        self.up.setEnabled(number > 1)
        self.down.setEnabled(number < count)
        self.form.setEnabled(link.on)

    def _edit(self) -> None:
        self.edited.emit({"parameters": given_beside_defaults(self._step, self.form.given())})

    def _open(self, opened: bool) -> None:
        self.head.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.form.setVisible(opened and bool(self.form.given()))

    def _button(self, text: str, where: str, call: Any) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAutoRaise(True)
        button.setToolTip(f"Do {self._step.title} {where}")
        button.setAccessibleName(f"{self._step.title} {where}".strip())
        button.clicked.connect(lambda: call())
        return button


class ChainEditor(QWidget):
    """Edits the preprocessing of a draft: steps are done in the order shown, before the analysis.

    Parameters
    ----------
    draft
        Whose preprocessing it shows and changes.
    """

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
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
        self._layout.setSpacing(2)
        self._layout.addWidget(self._none)
        self._layout.addWidget(self.add_button)
        self.show_chain()

    def set_recording(self, recording: Recording | None) -> None:
        """Offer this recording's columns and signals in steps added from now on."""
        self._recording = recording

    def add(self, name: str) -> StepRow:
        """Add a step at the end, opened."""
        self._draft.add_step(name)
        self.show_chain()
        row = self._rows[-1]
        row.head.setChecked(True)
        return row

    def remove(self, row: StepRow) -> None:
        """Take a step out."""
        self._draft.remove_step(self._rows.index(row))
        self._rows.remove(row)
        self._drop(row)
        self.show_chain()

    def rows(self) -> tuple[StepRow, ...]:
        """Its steps as they are shown."""
        return tuple(self._rows)

    def show_chain(self) -> None:
        """Show the draft's preprocessing, keeping rows of steps that are still there."""
        links, spare = self._draft.links, list(self._rows)
        if [row.name for row in spare] != [link.name for link in links]:
            self._rows = [_taken(spare, link.name) or self._new_row(link.name) for link in links]
            for row in spare:
                self._drop(row)
            for at, row in enumerate(self._rows):
                self._layout.insertWidget(1 + at, row)
        for number, (row, link) in enumerate(zip(self._rows, links, strict=True), 1):
            row.show_link(number, len(links), link)
        self._none.setVisible(not links)

    def _new_row(self, name: str) -> StepRow:
        row = StepRow(name, self._recording)
        row.edited.connect(lambda new: self._edit(row, new))
        row.moved.connect(lambda by: self._move(row, by))
        row.removed.connect(lambda: self.remove(row))
        return row

    def _edit(self, row: StepRow, new: dict[str, Any]) -> None:
        self._draft.edit_step(self._rows.index(row), **new)
        self.show_chain()

    def _move(self, row: StepRow, by: int) -> None:
        at = self._rows.index(row)
        if 0 <= at + by < len(self._rows):
            self._draft.move_step(at, at + by)
            self._rows.insert(at + by, self._rows.pop(at))
            self._layout.insertWidget(1 + at + by, row)
            self.show_chain()

    def _drop(self, row: StepRow) -> None:
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()


def _brief(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _taken(rows: list[StepRow], name: str) -> StepRow | None:
    found = next((row for row in rows if row.name == name), None)
    if found is not None:
        rows.remove(found)
    return found
