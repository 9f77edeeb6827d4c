"""Run, watch and cancel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.engine.job import JobState
from napari_thunder.models.facts import time_text
from napari_thunder.models.jobs import Jobs, Run
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel


class RunPanel(QWidget):
    """The button everyone looks for; emits `asked` when it is pressed.

    Parameters
    ----------
    why_not
        Says what is missing before anything can run.
    """

    asked = Signal()

    def __init__(self, jobs: Jobs, main_thread: MainThread, why_not: Callable[[], str]) -> None:
        super().__init__()
        self._jobs = jobs
        self._why_not = why_not
        self._shown: Run | None = None
        self.run_button = QPushButton("Run")
        self.run_button.clicked.connect(self.asked)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self._cancel)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.trouble = TroubleLabel()
        self._lay_out()
        main_thread.connect(jobs.changed, self._show_run, newest_of_each=True)
        self.refresh()

    def say(self, trouble: Trouble | None) -> None:
        """Show why nothing was run."""
        self.trouble.show_trouble(trouble)

    def refresh(self) -> None:
        """Look again at what can be done."""
        why_not, busy = self._why_not(), self._jobs.running is not None
        say_why(self.run_button, why_not, "Compute this analysis on the current recording (Ctrl+Enter)")
        say_why(self.cancel_button, "" if busy else "Nothing is running.", "Stop what is running")
        self.bar.setVisible(busy)
        if self._shown is None:
            self.status.setText(why_not or "Ready to run.")

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button, 1)
        buttons.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        for widget in (self.bar, self.status, self.trouble):
            layout.addWidget(widget)

    def _cancel(self) -> None:
        if self._jobs.running is not None:
            self._jobs.cancel(self._jobs.running)

    def _show_run(self, run: Run) -> None:
        if run is self._jobs.running or self._jobs.running is None:
            self._shown = run
            self.bar.setValue(round(1000 * run.job.fraction))
            self.status.setText(status_of(run, len(self._jobs.waiting)))
            self.trouble.show_trouble(_with_hint(run.trouble))
        self.refresh()


def _with_hint(trouble: Trouble | None) -> Trouble | None:
    if trouble is None or not trouble.missing:
        return trouble
    return replace(trouble, message=f"{trouble.message} In this window: fill it in under Recording, above.")


def status_of(run: Run, waiting: int) -> str:
    """`fish · PCA: 45 %, computing maps, 12 s left, 2 more wait`."""
    job = run.job
    if job.state is JobState.RUNNING:
        parts = [f"{job.fraction:.0%}", job.message]
        if job.seconds_left is not None:
            parts.append(f"{time_text(job.seconds_left)} left")
        if waiting:
            parts.append(f"{waiting} more in the queue")
        said = ", ".join(part for part in parts if part)
    elif job.state is JobState.DONE:
        said = f"done in {time_text(job.seconds)}"
    else:
        said = {JobState.CANCELLING: "cancelled"}.get(job.state, str(job.state))
    return f"{job.title}: {said}"
