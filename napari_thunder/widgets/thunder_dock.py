"""The Thunder dock: Data, Registration, Prepare, ROIs, Analyze and Results in tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_thunder.models import Desk
from napari_thunder.models.data.history import History
from napari_thunder.widgets.analyze.analyze_tab import AnalyzeTab
from napari_thunder.widgets.banner import Banner
from napari_thunder.widgets.bottom_dock import bring
from napari_thunder.widgets.data.data_tab import DataTab
from napari_thunder.widgets.late_tab import LateTab
from napari_thunder.widgets.plots.plots_dock import PlotsDock
from napari_thunder.widgets.prepare.prepare_tab import PrepareTab
from napari_thunder.widgets.registration.registration_tab import RegistrationTab
from napari_thunder.widgets.results.results_tab import ResultsTab
from napari_thunder.widgets.rois.rois_tab import RoisTab
from napari_thunder.widgets.session_panel import SessionPanel
from napari_thunder.widgets.session_window import SessionWindow
from napari_thunder.widgets.shortcuts import Shortcuts
from napari_thunder.widgets.traces.traces_dock import TracesDock
from napari_thunder.widgets.workplace import Workplace

if TYPE_CHECKING:
    import napari.viewer


class ThunderDock(QWidget):
    """Everything from a recording to a map; each tab is also a dock of its own.

    Parameters
    ----------
    napari_viewer
        Whose layers show the recordings and maps; napari gives it under this name.
    desk, history
        The state behind it; new ones when left out and the viewer has none yet.
    engine
        To connect to at once; as the settings say when left out, none if empty.
    """

    def __init__(
        self,
        napari_viewer: napari.viewer.Viewer,
        desk: Desk | None = None,
        engine: str | None = None,
        history: History | None = None,
    ) -> None:
        super().__init__()
        self.workplace = Workplace.of(napari_viewer, desk, history)
        self.main_thread = self.workplace.hold(self)
        self._traces_shown = self._plots_shown = False
        self.desk = self.workplace.desk
        self._data = LateTab(DataTab, self.workplace)
        self._registration = LateTab(RegistrationTab, self.workplace)
        self._prepare = LateTab(PrepareTab, self.workplace)
        self._rois = LateTab(RoisTab, self.workplace)
        self._analyze = LateTab(AnalyzeTab, self.workplace)
        self._results = LateTab(ResultsTab, self.workplace)
        self.session = SessionPanel(self.desk.session, self.workplace.safekeeping.autosave, self.main_thread)
        self.banner = Banner(self.desk.connection, self.main_thread)
        self.tabs = QTabWidget()
        self.tabs.currentChanged.connect(self._make_shown)
        for late in (self._data, self._registration, self._prepare, self._rois, self._analyze, self._results):
            self.tabs.addTab(late, late.title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.banner)
        layout.addWidget(self.tabs)
        layout.addWidget(self.session)
        self.session.layout().setContentsMargins(9, 0, 9, 6)
        self._tie(engine)

    @property
    def data(self) -> DataTab:
        """Recordings and the engine."""
        return self._data.tab()

    @property
    def registration(self) -> RegistrationTab:
        """Where the brain is registered."""
        return self._registration.tab()

    @property
    def prepare(self) -> PrepareTab:
        """Where a fast store is made."""
        return self._prepare.tab()

    @property
    def rois(self) -> RoisTab:
        """Where regions are drawn."""
        return self._rois.tab()

    @property
    def analyze(self) -> AnalyzeTab:
        """Where an analysis is set up."""
        return self._analyze.tab()

    @property
    def results(self) -> ResultsTab:
        """Where the maps are."""
        return self._results.tab()

    @property
    def settled(self) -> bool:
        """Whether nothing is under way: all that was opened and computed is on the screen."""
        return self.workplace.settled

    def run(self) -> None:
        """Compute what is chosen under Analyze."""
        self.analyze.run()

    def show_tab(self, name: str) -> None:
        """Bring a tab (`data`, `registration`, `prepare`, `rois`, `analyze`, `results`) into sight."""
        for at in range(self.tabs.count()):
            late = self.tabs.widget(at)
            if isinstance(late, LateTab) and late.name == name:
                self.tabs.setCurrentIndex(at)

    @property
    def shown_tab(self) -> str:
        """Name of the tab in sight."""
        late = self.tabs.currentWidget()
        return late.name if isinstance(late, LateTab) else ""

    def show_traces(self) -> TracesDock:
        """Bring the Traces dock into sight, below the canvas if it is not there."""
        return bring(self.workplace, TracesDock)

    def show_plots(self) -> PlotsDock:
        """Bring the Plots dock into sight, beside the traces or below the canvas if it is not there."""
        self._plots_shown = True
        return bring(self.workplace, PlotsDock)

    def _tie(self, engine: str | None) -> None:
        workplace = self.workplace
        self.main_thread.connect(self.desk.attend, self.show_tab)
        self.main_thread.connect(self.desk.registration.runs.filled, self._show_first_motion, newest=True)
        for signal in (self.desk.pointer.pinned, self.desk.regions.added):
            self.main_thread.connect(signal, self._show_first_trace, newest=True)
        self.main_thread.connect(self.desk.plots.offered, self._show_first_plot, newest=True)
        self._window = SessionWindow(workplace, self, self.main_thread)
        self._shortcuts = Shortcuts(workplace.viewer)
        workplace.begin(engine)

    def _make_shown(self, at: int) -> None:
        late = self.tabs.widget(at)
        if isinstance(late, LateTab):
            late.tab()

    def _show_first_motion(self, _: object) -> None:
        self.registration.show_first_motion()

    def _show_first_trace(self, _: object) -> None:
        """The traces come by themselves when there is something to see; a dock that was closed stays closed."""
        if not self._traces_shown:
            self._traces_shown = True
            self.show_traces()

    def _show_first_plot(self) -> None:
        """The plots come by themselves with the first result that has any, and leave the keyboard where it is."""
        if not self._plots_shown:
            self.show_plots()

    def sizeHint(self) -> QSize:
        return QSize(420, 900)
