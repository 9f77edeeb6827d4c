"""How far reading the traces is."""

from __future__ import annotations

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_thunder.engine.job import Job
from napari_thunder.widgets.progress_line import ProgressLine

_PATIENCE_MS = 400
"""What is read faster than this needs no bar, which would only flicker."""


class ReadingBar(QWidget):
    """A bar with Cancel while traces are read; hidden else."""

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.bar = ProgressLine()
        self.bar.setAccessibleName("Reading traces")
        self.bar.setFixedWidth(180)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop reading; what is missing can be read later with Retry")
        self.cancel.clicked.connect(self.cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bar)
        layout.addWidget(self.cancel)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self.show)
        self.hide()

    def show_job(self, job: Job | None) -> None:
        """Show how far a job is, if it takes its time."""
        if job is None or job.ended:
            self._patience.stop()
            self.hide()
            return
        self.bar.setRange(0, 100 if job.fraction > 0 else 0)
        self.bar.setValue(int(100 * job.fraction))
        self.bar.setFormat(f"Reading traces: %p%{_left(job)}")
        self.cancel.setEnabled(not job.cancelled)
        if self.isHidden() and not self._patience.isActive():
            self._patience.start()


def _left(job: Job) -> str:
    left = job.seconds_left
    return "" if left is None or left < 1 else f", {left:.0f} s left"
