"""One run in the list of jobs."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QVBoxLayout

from napari_thunder.engine.job import JobState
from napari_thunder.models.facts import time_text
from napari_thunder.models.jobs import Run
from napari_thunder.widgets.analyze.run_panel import data_button, worded
from napari_thunder.widgets.trouble_label import TroubleLabel

_BAR_HEIGHT = 4


class JobRow(QFrame):
    """A title, how far it is, and what can be done: cancel, or show its result.

    Emits `cancelled(run)`, `shown(run)` and `data_wanted()`.
    """

    cancelled = Signal(object)
    shown = Signal(object)
    data_wanted = Signal()

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self.title = QLabel(run.job.title)
        self.title.setWordWrap(True)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.show_button = QToolButton()
        self.show_button.setText("Show")
        self.show_button.setToolTip("Bring this result to the front")
        self.show_button.setAccessibleName(f"Show {run.job.title}")
        self.show_button.clicked.connect(lambda: self.shown.emit(self.run))
        self.cancel_button = QToolButton()
        self.cancel_button.setText("✕")
        self.cancel_button.setAccessibleName(f"Cancel {run.job.title}")
        self.cancel_button.clicked.connect(lambda: self.cancelled.emit(self.run))
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(_BAR_HEIGHT)
        self.trouble = TroubleLabel()
        self.data_button = data_button()
        self.data_button.clicked.connect(self.data_wanted)
        self._lay_out()

    def refresh(self, has_result: bool) -> None:
        """Show how the run is now."""
        job, run = self.run.job, self.run
        running = not run.ended and job.state is JobState.RUNNING
        self.status.setText(status_of(run))
        self.bar.setVisible(running)
        self.bar.setValue(round(1000 * job.fraction))
        self.cancel_button.setVisible(not run.ended)
        self.cancel_button.setToolTip("Stop it (Esc)" if running else "Take it out of the queue")
        self.show_button.setVisible(job.state is JobState.DONE)
        self.show_button.setEnabled(has_result)
        if not has_result:
            self.show_button.setToolTip("This result was removed from the desk.")
        self.trouble.show_trouble(worded(run.trouble))
        self.data_button.setVisible(run.trouble is not None and run.trouble.missing)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        for button in (self.show_button, self.cancel_button):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 4)
        layout.setSpacing(2)
        layout.addLayout(head)
        for widget in (self.bar, self.status, self.trouble, self.data_button):
            layout.addWidget(widget)


def status_of(run: Run) -> str:
    """`45 %, computing maps, 12 s left`, `waits`, `done in 3 s`, `failed`, `cancelled`."""
    job = run.job
    if job.cancelled:
        return "cancelled"
    if job.state is JobState.RUNNING:
        left = None if job.seconds_left is None else f"{time_text(job.seconds_left)} left"
        return ", ".join(part for part in (f"{100 * job.fraction:.0f} %", job.message, left) if part)
    if job.state is JobState.DONE:
        return f"done in {time_text(job.seconds)}{f', {run.said}' if run.said else ''}"
    return {JobState.QUEUED: "waits"}.get(job.state, str(job.state))
