"""What waits, runs and has run."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from napari_thunder.models.analyze.durations import Duration
from napari_thunder.models.analyze.jobs import Jobs, Run
from napari_thunder.widgets.analyze.job_row import JobRow
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why

_MOST_HEIGHT = 190


class JobsPanel(QWidget):
    """A row for each run, the newest on top; emits `shown(run)` and `data_wanted()`.

    Parameters
    ----------
    jobs
        Whose runs it shows and cancels.
    result_of
        Gives the key of a run's result, or None.
    expected
        Gives about how long a run takes, or None; asked once.
    """

    shown = Signal(object)
    data_wanted = Signal()

    def __init__(
        self,
        jobs: Jobs,
        main_thread: MainThread,
        result_of: Callable[[Run], int | None],
        expected: Callable[[Run], Duration | None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._result_of, self._expected = result_of, expected
        self._rows: dict[int, JobRow] = {}
        self._none = QLabel("Nothing has run yet. Preview takes a first look, Run computes the whole map.")
        self._none.setWordWrap(True)
        self.cancel_all_button = QPushButton("Cancel all")
        self.cancel_all_button.clicked.connect(jobs.cancel_all)
        self.clear_button = QPushButton("Clear finished")
        self.clear_button.clicked.connect(jobs.clear_ended)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        self._list_area = QScrollArea()
        self._list_area.setFrameShape(QFrame.Shape.NoFrame)
        self._list_area.setWidgetResizable(True)
        self._list_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list_area.setWidget(inside)
        buttons = QHBoxLayout()
        buttons.addWidget(self.cancel_all_button)
        buttons.addWidget(self.clear_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._none)
        layout.addWidget(self._list_area)
        layout.addLayout(buttons)
        main_thread.connect(jobs.listed, self._list, newest=True)
        main_thread.connect(jobs.changed, self._refresh, newest_of_each=True)
        self._list()

    def row(self, run: Run) -> JobRow | None:
        """The row of a run that is listed."""
        return self._rows.get(run.key)

    def refresh(self) -> None:
        """Look again at which results are there."""
        for row in self._rows.values():
            row.refresh(self._result_of(row.run) is not None)

    def _list(self) -> None:
        runs = {run.key: run for run in self._jobs.runs}
        for key in self._rows.keys() - runs.keys():
            row = self._rows.pop(key)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for key, run in runs.items():
            if key not in self._rows:
                self._rows[key] = self._new_row(run)
                self._column.insertWidget(0, self._rows[key])
                self._refresh(run)
        self._none.setVisible(not runs)
        self._list_area.setVisible(bool(runs))
        self._fit()
        self._say_what_can_be_done()

    def _new_row(self, run: Run) -> JobRow:
        row = JobRow(run, self._expected(run))
        row.cancelled.connect(self._jobs.cancel)
        row.shown.connect(self.shown)
        row.data_wanted.connect(self.data_wanted)
        return row

    def _refresh(self, run: Run) -> None:
        row = self._rows.get(run.key)
        if row is not None:
            row.refresh(self._result_of(run) is not None)
            self._fit()
        self._say_what_can_be_done()

    def _fit(self) -> None:
        """As high as what is listed, up to a limit."""
        self._column.activate()
        flows, width = self._column.hasHeightForWidth(), self._list_area.viewport().width()
        height = self._column.heightForWidth(width) if flows else self._column.sizeHint().height()
        self._list_area.widget().setMinimumHeight(height)  # or Qt keeps room for titles in several lines
        frame = 2 * self._list_area.frameWidth()
        self._list_area.setFixedHeight(min(max(0, height) + frame, _MOST_HEIGHT))

    def _say_what_can_be_done(self) -> None:
        ended = [row.run.ended for row in self._rows.values()]
        say_why(
            self.cancel_all_button, "" if not all(ended) else "Nothing is running.", "Stop everything (Esc: the newest)"
        )
        say_why(self.clear_button, "" if any(ended) else "Nothing has ended.", "Take what has ended off this list")
        for button in (self.cancel_all_button, self.clear_button):
            button.setVisible(bool(ended))
