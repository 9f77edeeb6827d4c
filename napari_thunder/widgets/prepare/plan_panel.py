"""What preparing will take, and Prepare, Cancel and Open."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.engine.job import JobState
from napari_thunder.models import Desk
from napari_thunder.models.analyze.jobs import Run
from napari_thunder.models.preparing import Place
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.analyze.job_row import status_of
from napari_thunder.widgets.analyze.run_panel import worded
from napari_thunder.widgets.file_dialog import ask
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.progress_line import ProgressLine
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel

_BAR_HEIGHT = 4


class PlanPanel(QWidget):
    """A clear line before it runs, how far it is while it runs, and a way into the store when it is done.

    Emits `asked(restart)` when someone wants it to run.

    Parameters
    ----------
    desk
        Whose current recording is prepared.
    """

    asked = Signal(bool)

    def __init__(self, desk: Desk, main_thread: MainThread) -> None:
        super().__init__()
        self._desk, self._preparing = desk, desk.preparing
        self._rows: dict[str, str] = {}
        self._filled: dict[str, str] = {}
        self.line, self.status = QLabel(), QLabel()
        self.more = QToolButton()
        self.table = QWidget()
        self.run_button, self.cancel_button = QPushButton("Prepare"), QPushButton("Cancel")
        self.anew_button, self.open_button = QPushButton("Begin anew…"), QPushButton("Open the store")
        self.data_button = QPushButton("Go to Data")
        self.bar = ProgressLine()
        self.trouble = TroubleLabel()
        self._set_up()
        self._lay_out()
        found = desk.preparing
        for signal in (found.changed, found.progressed, desk.datasets.changed, desk.connection.changed):
            main_thread.connect(signal, self.refresh, newest=True)
        self.refresh()

    def refresh(self) -> None:
        """Look again at the plan and at what is under way."""
        preparing = self._preparing
        run, why_not = preparing.finding or preparing.running, preparing.why_not_run()
        standing = None if preparing.forecast is None else preparing.forecast.standing
        place = Place.FREE if standing is None else standing.place
        self.run_button.setText("Resume" if place is Place.BEGUN else "Prepare")
        say_why(self.run_button, why_not, "Write the store; all workers of the engine write at once (Ctrl+Enter)")
        self.anew_button.setVisible(place is Place.BEGUN_OTHERWISE and run is None)
        self.open_button.setVisible(bool(preparing.made) and run is None)
        for widget in (self.cancel_button, self.bar):
            widget.setVisible(run is not None)
        self.data_button.setVisible(preparing.why_not_plan().endswith("first."))
        self._show_plan()
        self._show_run(run, why_not)
        self.trouble.show_trouble(worded(self._trouble(run)))

    def ask_whether_anew(self) -> None:
        """Ask whether what was begun before shall go."""
        question = f"What was written of {self._preparing.wish.path} is thrown away. Begin anew?"
        ask(self, "Begin anew", question, lambda: self.asked.emit(True))

    def _trouble(self, run: Run | None) -> Trouble | None:
        if run is not None:
            return None
        return self._preparing.trouble or self._preparing.planner.trouble

    def _show_plan(self) -> None:
        forecast = self._preparing.forecast
        plan = None if forecast is None else forecast.plan
        rows = {} if plan is None else {name: text for name, text in plan.rows().items() if name != "store"}
        self.line.setText("" if forecast is None else forecast.line)
        self.line.setVisible(bool(self.line.text()) and self._preparing.running is None)
        self.more.setVisible(plan is not None)
        self._rows = rows
        self._show_table()

    def _show_table(self) -> None:
        """Filled only where it is seen, as that takes the window a while."""
        seen = bool(self._rows) and self.more.isChecked()
        if seen and self._filled != self._rows:
            self._filled = self._rows
            self._fill_table()
        self.table.setVisible(seen)

    def _fill_table(self) -> None:
        layout = self.table.layout()
        assert isinstance(layout, QFormLayout)
        while layout.rowCount():
            layout.removeRow(0)
        for name, text in self._rows.items():
            layout.addRow(f"{name[0].upper()}{name[1:]}", _wrapped(QLabel(text)))

    def _show_run(self, run: Run | None, why_not: str) -> None:
        preparing = self._preparing
        if run is not None:
            what = "Finding the brain" if run is preparing.finding else "Preparing"
            self.bar.setValue(round(1000 * run.job.fraction))
            self.status.setText(f"{what}: {status_of(run)}")
        elif preparing.planner.busy:
            self.status.setText("Planning: a few frames are read…")
        elif self._trouble(None) is not None:
            self.status.setText("")
        elif preparing.forecast is not None and preparing.forecast.standing.line:
            self.status.setText(self._standing_line())
        else:
            self.status.setText("" if self.line.text() else why_not)
        self.status.setVisible(bool(self.status.text()))

    def _standing_line(self) -> str:
        """The one of a store that was just made says what came of it."""
        run = self._preparing.last
        assert self._preparing.forecast is not None
        if self._preparing.made and run is not None and run.job.state is JobState.DONE:
            return f"The store is {status_of(run)}."
        return self._preparing.forecast.standing.line

    def _set_up(self) -> None:
        for label in (self.line, self.status):
            _wrapped(label)
        self.more.setText("Chunks, disk and memory")
        self.more.setAccessibleName("Chunks, disk and memory")
        self.more.setToolTip("Show how the store will be cut, and what it needs")
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.toggled.connect(self._open)
        self._open(False)
        self.run_button.clicked.connect(lambda *_: self.asked.emit(False))
        self.anew_button.clicked.connect(lambda *_: self.ask_whether_anew())
        self.anew_button.setToolTip("Throw away what was begun with other settings, and begin with these")
        self.open_button.clicked.connect(lambda *_: self._preparing.open_store())
        self.open_button.setToolTip("Open the store that lies there as a recording")
        self.cancel_button.clicked.connect(lambda *_: self._preparing.cancel())
        self.cancel_button.setToolTip("Stop; what is written is kept, and Resume goes on with it (Esc)")
        self.data_button.clicked.connect(lambda *_: self._desk.attend.emit("data"))
        self.data_button.setToolTip("Go to the Data tab, where recordings are opened and engines connected")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(_BAR_HEIGHT)

    def _open(self, opened: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self._show_table()

    def _lay_out(self) -> None:
        rows = QFormLayout(self.table)
        rows.setContentsMargins(0, 0, 0, 0)
        buttons, row = QHBoxLayout(), QHBoxLayout()
        for button in (self.run_button, self.anew_button, self.open_button):
            buttons.addWidget(button, 1)
        row.addWidget(self.status, 1)
        row.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line)
        layout.addWidget(self.more)
        layout.addWidget(self.table)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addLayout(row)
        layout.addWidget(self.trouble)
        layout.addWidget(self.data_button)


def _wrapped(label: QLabel) -> QLabel:
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
