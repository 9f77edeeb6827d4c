"""One run in the list of jobs."""

from __future__ import annotations

import time

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout

from napari_thunder.engine.job import Job, JobState
from napari_thunder.models.analyze.durations import Duration, said_of
from napari_thunder.models.analyze.jobs import Run
from napari_thunder.models.data.facts import rounded_time_text, time_text
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.analyze.run_panel import data_button, worded
from napari_thunder.widgets.progress_line import ProgressLine
from napari_thunder.widgets.trouble_label import TroubleLabel

_BAR_HEIGHT = 4


class JobRow(QFrame):
    """A title, how far it is, and what can be done: cancel, or show its result.

    Emits `cancelled(run)`, `shown(run)` and `data_wanted()`.

    Parameters
    ----------
    run
        What it is about.
    expected
        About how long it takes, if that is known before.
    """

    cancelled = Signal(object)
    shown = Signal(object)
    data_wanted = Signal()

    def __init__(self, run: Run, expected: Duration | None = None) -> None:
        super().__init__()
        self._expected = expected
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
        self.bar = ProgressLine()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(_BAR_HEIGHT)
        self.trouble: TroubleLabel | None = None
        self.data_button: QPushButton | None = None
        self._lay_out()

    def refresh(self, has_result: bool) -> None:
        """Show how the run is now."""
        job, run = self.run.job, self.run
        running = not run.ended and job.state is JobState.RUNNING
        self.status.setText(status_of(run, self._expected))
        self.bar.setVisible(running)
        self.bar.setValue(round(1000 * job.fraction))
        self.cancel_button.setVisible(not run.ended)
        self.cancel_button.setToolTip("Stop it (Esc)" if running else "Take it out of the queue")
        self.show_button.setVisible(job.state is JobState.DONE)
        self.show_button.setEnabled(has_result)
        if not has_result:
            self.show_button.setToolTip("This result was removed from the desk.")
        if run.trouble is not None and self.trouble is None:
            self._say(run.trouble)

    def _say(self, trouble: Trouble) -> None:
        self.trouble, self.data_button = TroubleLabel(), data_button()
        self.data_button.clicked.connect(self.data_wanted)
        self.layout().addWidget(self.trouble)
        self.layout().addWidget(self.data_button)
        self.trouble.show_trouble(worded(trouble))
        self.data_button.setVisible(trouble.missing)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        for button in (self.show_button, self.cancel_button):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 4)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.bar)
        layout.addWidget(self.status)


def status_of(run: Run, expected: Duration | None = None) -> str:
    """`45 %, computing maps, 12 s left`, `waits, takes about 2 min`, `done in 3 s`, `failed`, `cancelled`."""
    job = run.job
    if job.cancelled:
        return "cancelled"
    if job.state is JobState.RUNNING:
        return ", ".join(part for part in (f"{100 * job.fraction:.0f} %", job.message, _left(job, expected)) if part)
    if job.state is JobState.DONE:
        return f"done in {time_text(job.seconds)}{f', {run.said}' if run.said else ''}"
    takes = f", takes {said_of(expected)}" if expected is not None else ""
    return f"waits{takes}" if job.state is JobState.QUEUED else str(job.state)


def _left(job: Job, expected: Duration | None) -> str:
    """From its own pace once that is known; until then from what was measured before, while it can still be true."""
    if job.seconds_left is not None:
        return f"{rounded_time_text(job.seconds_left)} left"
    if expected is None or job.started is None:
        return ""
    left = expected.seconds - (time.monotonic() - job.started)
    return f"{'at least' if expected.at_least else 'about'} {rounded_time_text(left)} left" if left > 0 else ""
