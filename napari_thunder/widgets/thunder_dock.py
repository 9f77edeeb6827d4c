"""The Thunder dock: a recording, an engine, an analysis, Run, results."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QSize, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QFrame, QScrollArea, QShortcut, QVBoxLayout, QWidget

from napari_thunder.errors import ThunderError
from napari_thunder.models import Desk
from napari_thunder.models.history import History
from napari_thunder.models.jobs import Run
from napari_thunder.models.results import ResultEntry
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.analysis_panel import AnalysisPanel
from napari_thunder.widgets.engine_panel import EnginePanel
from napari_thunder.widgets.layers import Layers
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.recording_panel import RecordingPanel
from napari_thunder.widgets.results_panel import ResultsPanel
from napari_thunder.widgets.run_panel import RunPanel
from napari_thunder.widgets.section import Section

if TYPE_CHECKING:
    import napari.viewer


class ThunderDock(QWidget):
    """Everything for a first map, from top to bottom.

    Each section is a widget of its own that knows a model and nothing of the others; the dock ties them.

    Parameters
    ----------
    napari_viewer
        Whose layers show the recordings and maps; napari gives it under this name.
    desk
        The state behind it; a new one when left out. The dock closes it in the end.
    engine
        To connect to at once; none if empty.
    """

    def __init__(
        self,
        napari_viewer: napari.viewer.Viewer,
        desk: Desk | None = None,
        engine: str = "threads",
        history: History | None = None,
    ) -> None:
        super().__init__()
        self.desk = desk or Desk()
        self._main_thread = MainThread()
        self._layers = Layers(napari_viewer, self.desk, self._main_thread)
        self._make_panels(history or History())
        self._lay_out()
        self._tie()
        endings = [self._main_thread.close, self._layers.close, self.desk.close]
        self.destroyed.connect(partial(_end, endings))
        self._layers.adopt_all()
        if engine:
            self.desk.connection.connect(engine)

    @property
    def settled(self) -> bool:
        """Whether nothing is under way: all that was opened and computed is on the screen."""
        busy = self.desk.jobs.running or self.desk.datasets.opening or not self.desk.pictures.idle
        return not busy and self._layers.settled

    def run(self) -> None:
        """Compute what is chosen; what is missing or wrong is said in the dock."""
        try:
            self.desk.run(self.analysis.name, self.analysis.given(), self.analysis.chain.chain())
        except ThunderError as error:
            self.run_panel.say(Trouble(str(error)))
        else:
            self.run_panel.say(None)

    def _make_panels(self, history: History) -> None:
        desk, main_thread = self.desk, self._main_thread
        self.recording = RecordingPanel(desk.datasets, main_thread, history)
        self.engine = EnginePanel(desk.connection, main_thread)
        self.analysis = AnalysisPanel(desk.datasets, main_thread)
        self.run_panel = RunPanel(desk.jobs, main_thread, desk.why_not_run)
        self.results = ResultsPanel(desk.results, desk.pictures, main_thread)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.addWidget(Section("Recording", self.recording))
        column.addWidget(Section("Engine", self.engine))
        column.addWidget(Section("Analysis", self.analysis, self.run_panel))
        column.addWidget(Section("Results", self.results))
        column.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.setMinimumWidth(340)

    def sizeHint(self) -> QSize:
        return QSize(400, 900)

    def _tie(self) -> None:
        self.run_panel.asked.connect(self.run)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.run)
        for signal in (self.desk.results.added, self.desk.results.updated):
            self._main_thread.connect(signal, self._show_result)
        self._main_thread.connect(self.desk.jobs.changed, self._show_failure, newest_of_each=True)
        for signal in (self.desk.datasets.changed, self.desk.connection.changed):
            self._main_thread.connect(signal, self.run_panel.refresh, newest=True)

    def _show_result(self, entry: ResultEntry) -> None:
        """Bring a result that is whole into sight, once it has its place."""
        if entry.finished:
            self._main_thread.call(self._main_thread.call, self._scroll_to_results)

    def _show_failure(self, run: Run) -> None:
        """Bring what went wrong with a run into sight, once it has its place."""
        if run.trouble is not None:
            self._main_thread.call(self._main_thread.call, self._scroll.ensureWidgetVisible, self.run_panel)

    def _scroll_to_results(self) -> None:
        bar = self._scroll.verticalScrollBar()
        bar.setValue(min(bar.maximum(), self.run_panel.mapTo(self._scroll.widget(), QPoint(0, 0)).y() - 8))


def _end(endings: list[Callable[[], None]], *_: object) -> None:
    """Undo every connection and let the desk go; needs nothing of the widget, which is gone.

    The list is emptied, as Qt may keep hold of it.
    """
    while endings:
        endings.pop(0)()
