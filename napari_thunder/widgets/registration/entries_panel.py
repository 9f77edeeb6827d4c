"""The registrations of a recording: which is looked at, how good it is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.data.preview import condition_columns
from napari_thunder.models.registration import RegistrationEntry
from napari_thunder.widgets.file_dialog import ask_where_to
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace

_NONE = "No registration yet. Try the settings, then press Register; or load one that was saved."
_SIGNS = {"good": "✔", "fair": "≈", "bad": "✘"}
_NOT_WHOLE = "Wait until all frames are registered."


class EntriesPanel(QWidget):
    """A list to choose from, the verdict with its reasons, and buttons.

    Parameters
    ----------
    workplace
        Whose registrations they are.

    `motion_asked()` is emitted when the motion over time should come into sight.
    """

    motion_asked = Signal()

    def __init__(self, workplace: Workplace, main_thread: MainThread) -> None:
        super().__init__()
        self._desk = workplace.desk
        self._registration = workplace.desk.registration
        self.none, self.verdict, self.reasons, self.use_line = QLabel(_NONE), QLabel(), QLabel(), QLabel()
        self.choice = QComboBox()
        self.remove_button = QPushButton("Remove")
        self.by = QComboBox()
        self.use_button = _button("Use registered", self.toggle_use)
        self.judge_button = _button("Judge", self._judge)
        self.motion_button = _button("Motion", self.motion_asked.emit)
        self.prepare_button = _button("Prepare a fast store…", lambda: self._desk.attend.emit("prepare"))
        self.report_button = _button("Report…", self.ask_for_report)
        self.save_button = _button("Save…", self.ask_where_to_save)
        self.csv_button = _button("Shifts as CSV…", self.ask_for_csv)
        self._of: object = None
        self._set_up()
        self._lay_out()
        found = self._registration
        for signal in (found.changed, found.progressed, found.frames_changed, self._desk.connection.changed):
            main_thread.connect(signal, self.refresh, newest=True)
        self.refresh()

    def toggle_use(self) -> None:
        """See the recording through the registration that is looked at, or as it was recorded."""
        found = self._registration
        if found.in_use is not None and found.in_use is found.current:
            found.use_raw()
        else:
            found.use()

    def ask_where_to_save(self) -> None:
        """Let a person choose where to save the registration."""
        entry = self._registration.current
        if entry is not None and entry.finished:
            name = entry.path or f"{self._stem()}-registration.zarr"
            save = self._registration.files.save
            ask_where_to(self, "Save the registration", name, ["Registrations (*.zarr)"],
                         lambda path: save(entry, path, overwrite=True))  # fmt: skip

    def ask_for_csv(self) -> None:
        """Let a person choose where to write the shifts as a table."""
        entry = self._registration.current
        if entry is not None and entry.finished:
            write = self._registration.files.export_csv
            ask_where_to(self, "Export the shifts", f"{self._stem()}-shifts.csv", ["Tables (*.csv)"],
                         lambda path: write(entry, path))  # fmt: skip

    def ask_for_report(self) -> None:
        """Let a person choose where to write the report."""
        entry = self._registration.current
        if entry is not None and entry.quality is not None:
            write = self._registration.files.report
            ask_where_to(self, "Report on the registration", f"{self._stem()}-registration.html",
                         ["Web pages (*.html)"], lambda path: write(entry, path))  # fmt: skip

    def refresh(self) -> None:
        """Show the registrations as they are now."""
        found, entry = self._registration, self._registration.current
        seen = (
            tuple(found.entries),
            entry,
            found.in_use,
            found.dataset,
            found.runs.judging,
            found.can_bring_back,
            found.epochs,
        )
        if seen == self._of:
            return
        self._of = seen
        self._list(found.entries, entry)
        self._offer_epochs()
        self._show_verdict(entry)
        self._say_what_can_be_done(entry)

    def _list(self, entries: tuple[RegistrationEntry, ...], current: RegistrationEntry | None) -> None:
        self.none.setVisible(not entries)
        self.choice.setVisible(bool(entries))
        self.remove_button.setVisible(bool(entries) or self._registration.can_bring_back)
        rows = [(f"{_sign(entry)}{entry.name}{_state(entry)}", entry.key) for entry in entries]
        if rows != [(self.choice.itemText(i), self.choice.itemData(i)) for i in range(self.choice.count())]:
            self.choice.clear()
            for words, key in rows:
                self.choice.addItem(words, key)
        if current is not None:
            self.choice.setCurrentIndex(self.choice.findData(current.key))

    def _offer_epochs(self) -> None:
        """Conditions by which the current recording can be judged."""
        recording = self._registration.raw
        rows: list[tuple[str, tuple[str, str]]] = [("all frames together", ("", ""))]
        if recording is not None and recording.events is not None and recording.frame_times is not None:
            rows += [(f"each {name}", (name, "")) for name in condition_columns(recording.events)]
        if recording is not None and recording.signals is not None:
            rows += [(f"{name}, high and low", ("", str(name))) for name in recording.signals.columns]
        if [words for words, _ in rows] != [self.by.itemText(i) for i in range(self.by.count())]:
            self.by.clear()
            for words, choice in rows:
                self.by.addItem(words, choice)
        at = next((i for i, (_, choice) in enumerate(rows) if choice == self._registration.epochs), 0)
        self.by.setCurrentIndex(at)

    def _show_verdict(self, entry: RegistrationEntry | None) -> None:
        verdict = None if entry is None else entry.verdict
        said = "" if entry is None or verdict is not None else "Not judged yet."
        if entry is not None and not entry.finished:
            said = "Registering …"
        elif entry is not None and self._registration.runs.judging is not None:
            said = "Judging …"
        self.verdict.setText(said if verdict is None else f"<b>{_SIGNS[verdict.word]} {_plain(verdict.line)}</b>")
        self.verdict.setVisible(entry is not None)
        epochs = () if entry is None else tuple(epoch.line for epoch in entry.epochs)
        reasons = () if verdict is None else (*verdict.reasons, *epochs)
        self.reasons.setText("<br>".join(f"· {_plain(reason)}" for reason in reasons))
        self.reasons.setVisible(bool(reasons))

    def _say_what_can_be_done(self, entry: RegistrationEntry | None) -> None:
        found = self._registration
        missing = "Register the recording first." if entry is None else "" if entry.finished else _NOT_WHOLE
        in_use = found.in_use is not None and found.in_use is entry
        self.use_button.setText("Use raw" if in_use else "Use registered")
        raw = found.dataset is None or found.dataset.recording.shifts is None
        self.use_line.setText(
            "" if found.dataset is None
            else "Layers, traces and analyses use the raw recording." if raw
            else "Layers, traces and analyses use this registration." if in_use
            else "Layers, traces and analyses use another registration."
        )  # fmt: skip
        tip = "See the recording as it was recorded again" if in_use else "Undo the motion wherever it is shown or used"
        say_why(self.use_button, missing, f"{tip} (Alt+U)")
        busy = "Wait until it is judged." if found.runs.judging is not None else ""
        say_why(self.judge_button, missing or busy, "Measure again how good it is, without the frames excluded now")
        unjudged = "" if entry is not None and entry.quality is not None else "Judge it first."
        say_why(self.report_button, missing or unjudged, "Write a web page with figures, verdict and parameters")
        say_why(self.save_button, missing, "Save the registration and its judgement, to load it again later")
        say_why(self.csv_button, missing, "Write the shift of every frame as a table")
        no_recording = "" if found.dataset is not None else "Open a recording first."
        say_why(self.prepare_button, no_recording, "Write a store that answers fast, with the motion undone if in use")
        back = entry is None and found.can_bring_back
        self.remove_button.setText("Bring back" if back else "Remove")
        tip = "Bring back the registration that was removed last" if back else "Take it off this list"
        say_why(self.remove_button, "" if back or entry is not None else missing, tip)

    def _stem(self) -> str:
        dataset = self._registration.dataset
        return "recording" if dataset is None else dataset.name.rsplit(".", 1)[0].replace(" ", "-")

    def _judge(self) -> None:
        self._registration.judge()

    def _remove(self) -> None:
        entry = self._registration.current
        if entry is not None:
            self._registration.remove(entry.key)
        else:
            self._registration.bring_back()

    def _set_up(self) -> None:
        self.motion_button.setToolTip("Shifts and correlation of every frame, below the canvas (Shift+N)")
        self.choice.setAccessibleName("Registrations of this recording")
        self.choice.setToolTip("The registration that is looked at")
        self.choice.activated.connect(lambda at: self._registration.look_at(self.choice.itemData(at)))
        self.choice.setMinimumContentsLength(12)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        needs_focus_to_scroll(self.choice)
        self.by.setAccessibleName("Judge by")
        self.by.setToolTip("Judge also each condition by itself, such as swimming and still; Judge applies it")
        self.by.activated.connect(lambda at: self._registration.judge_by(*self.by.itemData(at)))
        self.by.setMinimumContentsLength(8)
        self.by.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        needs_focus_to_scroll(self.by)
        self.remove_button.setAccessibleName("Remove this registration")
        self.remove_button.clicked.connect(lambda *_: self._remove())
        for label in (self.none, self.verdict, self.reasons, self.use_line):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        for label in (self.verdict, self.reasons):
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setAccessibleName("Verdict")
        self.reasons.setAccessibleName("Reasons of the verdict")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.choice, 1)
        head.addWidget(self.remove_button)
        grid = QGridLayout()
        grid.addWidget(self.prepare_button, 2, 0, 1, 3)
        buttons = (self.use_button, self.judge_button, self.motion_button,
                   self.report_button, self.save_button, self.csv_button)  # fmt: skip
        for at, button in enumerate(buttons):
            grid.addWidget(button, at // 3, at % 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.none)
        layout.addLayout(head)
        for widget in (self.verdict, self.reasons):
            layout.addWidget(widget)
        judged = QFormLayout()
        judged.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        judged.addRow("Judge by", self.by)
        layout.addLayout(judged)
        layout.addLayout(grid)
        layout.addWidget(self.use_line)


def _button(text: str, do: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text.rstrip("…"))
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    button.clicked.connect(lambda *_: do())
    return button


def _sign(entry: RegistrationEntry) -> str:
    return "" if entry.verdict is None else f"{_SIGNS[entry.verdict.word]} "


def _state(entry: RegistrationEntry) -> str:
    return {"running": " (running)", "saved": " (saved)"}.get(entry.state, "")


def _plain(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;")
