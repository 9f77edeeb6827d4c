"""Try, Register, Load, and what comes of it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models import Desk
from napari_thunder.models.analyze.jobs import Run
from napari_thunder.registration.shift_files import Convention
from napari_thunder.widgets.analyze.job_row import status_of
from napari_thunder.widgets.analyze.run_panel import worded
from napari_thunder.widgets.file_dialog import ask_for_file, ask_for_folder
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.progress_line import ProgressLine
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_BAR_HEIGHT = 4
_MIDDLE = -1
_WORST, _SHOWN = "worst", "shown"
_AROUND = 25
"""Frames on either side of the shown one."""

_FILES = ["Tables and arrays of shifts (*.csv *.tsv *.txt *.npy *.npz)", "All files (*)"]
_TABLES: tuple[tuple[str, Convention, str], ...] = (
    ("Table of shifts…", "displacement", "How far the brain lies from the reference in each frame, as of suite2p"),
    ("Table of corrections…", "correction", "How far each frame was moved back, as of CaImAn and scikit-image"),
)
_WHAT = {"trying": "Trying", "judging": "Judging", "running": "Registering"}


class RunPanel(QWidget):
    """The buttons everyone looks for; emits `asked(what)` with `try` or `register`.

    Parameters
    ----------
    desk
        Whose registrations are run.
    """

    asked = Signal(str)

    def __init__(self, desk: Desk, main_thread: MainThread) -> None:
        super().__init__()
        self._desk = desk
        self._registration = desk.registration
        self._offered: tuple[object, ...] | None = None
        self.frames, self.place = QComboBox(), QComboBox()
        self.try_button, self.run_button = QPushButton("Try"), QPushButton("Register")
        self.load_button, self.cancel_button = QPushButton("Load…"), QPushButton("Cancel")
        self.bar = ProgressLine()
        self.status, self.trial = QLabel(), QLabel()
        self.trouble = TroubleLabel()
        self.data_button = QPushButton("Go to Data")
        self._set_up()
        self._lay_out()
        found = desk.registration
        for signal in (found.changed, found.progressed, desk.connection.changed, desk.regions.changed):
            main_thread.connect(signal, self.refresh, newest=True)
        main_thread.connect(found.tried, lambda _: self.refresh(), newest=True)
        self.refresh()

    def try_out(self, half_width: int = 0) -> None:
        """Try the settings where it was chosen."""
        frame = self._desk.pointer.frame
        region = self._desk.regions.get(self.place.currentData()) if self.place.currentData() != _MIDDLE else None
        frames = None
        recording = self._registration.raw
        if self.frames.currentData() == _SHOWN and recording is not None:
            frames = max(0, frame - _AROUND), min(recording.shape[0], frame + _AROUND + 1)
        self._registration.try_out(region, frames, frame, half_width)

    def ask_for_table(self, convention: Convention | None = None) -> None:
        """Let a person choose a file of shifts."""
        if self._registration.dataset is not None:
            ask_for_file(self, "Shifts of every frame", _FILES, lambda path: self.load(path, convention))

    def ask_for_folder(self) -> None:
        """Let a person choose a saved registration, which is a folder."""
        if self._registration.dataset is not None:
            ask_for_folder(self, "A saved registration (.zarr)", self.load)

    def load(self, path: str, convention: Convention | None = None) -> None:
        """Load a saved registration (.zarr), or a file of shifts or corrections."""
        if self._registration.dataset is not None:
            self._registration.files.load(self._registration.dataset, path, convention)

    def refresh(self) -> None:
        """Look again at what can be done and what is under way."""
        why_not = self._registration.why_not_run()
        run = self._under_way()
        say_why(self.try_button, why_not, "An answer within seconds, from few frames of a small box (Ctrl+Shift+Enter)")
        busy = "Wait until this recording is registered, or cancel it." if self._registration.runs.running else ""
        say_why(self.run_button, why_not or busy, "Estimate the motion of all frames, then judge it (Ctrl+Enter)")
        no_recording = "" if self._registration.dataset is not None else "Open a recording first."
        say_why(self.load_button, no_recording, "Load a saved registration (.zarr), or a table of shifts")
        self.cancel_button.setVisible(run is not None)
        self.bar.setVisible(run is not None)
        self.data_button.setVisible(why_not.endswith("first."))
        self._show_run(run, why_not)
        self._show_trial()
        self.trouble.show_trouble(worded(self._registration.trouble))
        self._offer_places()

    def _show_run(self, run: tuple[str, Run] | None, why_not: str) -> None:
        if run is None:
            ready = why_not or f"Ready: {self._registration.what()}."
            self.status.setText("" if self._registration.trouble and not why_not else ready)
            return
        what, now = run
        self.bar.setValue(round(1000 * now.job.fraction))
        self.status.setText(f"{_WHAT[what]}: {status_of(now)}")

    def _show_trial(self) -> None:
        trial = self._registration.trial
        self.trial.setVisible(trial is not None)
        if trial is not None:
            box = " × ".join(str(b - a) for a, b in zip(trial.start, trial.stop, strict=True))
            self.trial.setText(f"Try: {trial.line}.\n{box} voxels, {trial.seconds:.1f} s.")

    def _under_way(self) -> tuple[str, Run] | None:
        runs = self._registration.runs
        named: tuple[tuple[str, Any], ...] = (
            ("trying", runs.trying), ("running", runs.running), ("judging", runs.judging)
        )  # fmt: skip
        return next(((what, run) for what, run in named if run is not None), None)

    def _offer_places(self) -> None:
        recording = self._registration.raw
        fitting = tuple(
            (region.key, region.name)
            for region in self._desk.regions
            if recording is not None and region.volume == recording.shape[1:]
        )
        if fitting == self._offered:
            return
        self._offered, chosen = fitting, self.place.currentData()
        self.place.clear()
        self.place.addItem("middle of the volume", _MIDDLE)
        for key, name in fitting:
            self.place.addItem(name, key)
        self.place.setCurrentIndex(max(0, self.place.findData(chosen)))

    def _set_up(self) -> None:
        self.frames.addItem("worst frames (up to 100)", _WORST)
        self.frames.addItem(f"frames around the shown one (±{_AROUND})", _SHOWN)
        self.frames.setAccessibleName("Frames to try on")
        self.frames.setToolTip("Which frames Try looks at; under Motion, a stretch can be chosen too")
        self.place.setAccessibleName("Place to try on")
        self.place.setToolTip("Where Try looks: the middle, or around an ROI; all planes of it")
        for combo in (self.frames, self.place):
            combo.setMinimumContentsLength(8)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            needs_focus_to_scroll(combo)
        self.try_button.clicked.connect(lambda *_: self.asked.emit("try"))
        self.run_button.clicked.connect(lambda *_: self.asked.emit("register"))
        self.load_button.clicked.connect(lambda *_: self._show_load_menu())
        self.cancel_button.clicked.connect(lambda *_: self._registration.runs.cancel())
        self.cancel_button.setToolTip("Stop what is under way (Esc)")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(_BAR_HEIGHT)
        self.data_button.setToolTip("Go to the Data tab, where recordings are opened and engines connected")
        self.data_button.clicked.connect(lambda *_: self._desk.attend.emit("data"))
        for label in (self.status, self.trial):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)

    def _show_load_menu(self) -> None:
        menu = QMenu(self)
        menu.addAction("Saved registration (.zarr)…").triggered.connect(lambda *_: self.ask_for_folder())
        for words, convention, tip in _TABLES:
            action = menu.addAction(words)
            action.setToolTip(tip)
            action.triggered.connect(lambda *_, convention=convention: self.ask_for_table(convention))
        menu.setToolTipsVisible(True)
        menu.popup(self.load_button.mapToGlobal(self.load_button.rect().bottomLeft()))

    def _lay_out(self) -> None:
        where = QFormLayout()
        where.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        where.addRow("Try on", self.frames)
        where.addRow("In the", self.place)
        buttons = QHBoxLayout()
        for button in (self.try_button, self.run_button, self.load_button):
            buttons.addWidget(button, 1)
        row = QHBoxLayout()
        row.addWidget(self.status, 1)
        row.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(where)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addLayout(row)
        for widget in (self.trial, self.trouble, self.data_button):
            layout.addWidget(widget)
