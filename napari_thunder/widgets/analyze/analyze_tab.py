"""The Analyze tab: what to compute, and what is being computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QShortcut, QVBoxLayout

from napari_thunder.engine.job import JobState
from napari_thunder.errors import ThunderError
from napari_thunder.models.analyze.cautions import cautions_of
from napari_thunder.models.analyze.durations import caution_of, said_of
from napari_thunder.models.analyze.jobs import Request, Run
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.analyze.analysis_panel import AnalysisPanel
from napari_thunder.widgets.analyze.design_panel import DesignPanel
from napari_thunder.widgets.analyze.jobs_panel import JobsPanel
from napari_thunder.widgets.analyze.run_panel import RunPanel
from napari_thunder.widgets.analyze.target_panel import TargetPanel
from napari_thunder.widgets.section import Section
from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


_LEAST_HEIGHT = 140
"""Of the part that scrolls, where the tab stands alone beside others."""


class AnalyzeTab(Tab):
    """An analysis, where to compute it, Preview, Run, and the jobs that came of it."""

    title: ClassVar[str] = "Analyze"
    name: ClassVar[str] = "analyze"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        desk = self.desk = self.workplace.desk
        self.analysis = AnalysisPanel(desk.draft, desk.datasets, desk.regions, desk.own_models, self.main_thread)
        self.target = TargetPanel(desk, self.main_thread)
        self.run_panel = RunPanel(desk.why_not_run)
        self.jobs = JobsPanel(desk.jobs, self.main_thread, desk.result_of, desk.durations.of_run)
        self.column.addWidget(Section("Analysis", self.analysis))
        self.design = DesignPanel(desk.shown_designs, self.workplace.viewer, self.main_thread)
        self.column.addWidget(self.design)
        self.column.addStretch(1)
        always_in_sight = QVBoxLayout()
        always_in_sight.setContentsMargins(9, 0, 9, 6)
        always_in_sight.addWidget(Section("Run", self.target, self.run_panel))
        always_in_sight.addWidget(Section("Jobs", self.jobs))
        self.scroll.setMinimumHeight(_LEAST_HEIGHT)
        self.layout().setStretchFactor(self.scroll, 1)
        self.layout().addLayout(always_in_sight)
        self._connect()
        self._refresh()

    def run(self) -> None:
        """Compute what is prepared; what is missing or wrong is said here."""
        self._ask(lambda: self.desk.run_draft())

    def preview(self) -> None:
        """Take a first look at few voxels."""
        self._ask(lambda: self.desk.run_draft(preview=True))

    def run_on_all(self) -> None:
        """Compute what is prepared on every recording that is open."""

        def run_each() -> None:
            for dataset in self.desk.datasets:
                self.desk.run_draft(dataset=dataset)

        self._ask(run_each)

    def cancel(self) -> None:
        """Stop what runs."""
        self.desk.jobs.cancel_newest()

    def focus_search(self) -> None:
        """Put the cursor into the search line."""
        self.analysis.finder.search.setFocus()
        self.analysis.finder.search.selectAll()

    @property
    def trouble_message(self) -> str:
        """Why nothing was run, or why the newest run failed; empty if all is well."""
        newest = next(iter(self.desk.jobs.runs[::-1]), None)
        failed = newest.trouble.message if newest is not None and newest.trouble is not None else ""
        return self.run_panel.trouble.message or failed

    def _connect(self) -> None:
        desk = self.desk
        self.run_panel.asked.connect(lambda preview: self.preview() if preview else self.run())
        self.run_panel.asked_for_all.connect(self.run_on_all)
        self.jobs.shown.connect(desk.show)
        for part in (self.run_panel, self.target, self.jobs):
            part.data_wanted.connect(lambda: desk.attend.emit("data"))
        self.target.rois_wanted.connect(lambda: desk.attend.emit("rois"))
        for keys, call in (
            ("Ctrl+Return", self.run),
            ("Ctrl+Enter", self.run),
            ("Ctrl+Shift+Return", self.preview),
            ("Ctrl+Shift+Enter", self.preview),
        ):
            self._shortcut(keys, call)
        changes = (desk.datasets.changed, desk.connection.changed, desk.draft.changed, desk.regions.changed)
        for signal in (*changes, desk.own_models.changed, desk.results.changed):
            self.main_thread.connect(signal, self._refresh, newest=True)
        self.main_thread.connect(desk.durations.changed, self._refresh, newest=True)
        self.main_thread.connect(desk.results.changed, self.jobs.refresh, newest=True)
        self.main_thread.connect(desk.jobs.changed, self._measure, newest_of_each=True)

    def _shortcut(self, keys: str, call: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(call)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape that nobody else wanted empties the search line, or else cancels what runs."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.analysis.finder.search.text():
            self.analysis.finder.search.clear()
        else:
            self.cancel()

    def _ask(self, ask: Callable[[], object]) -> None:
        self.analysis.commit()
        try:
            ask()
        except ThunderError as error:
            self.run_panel.say(Trouble.of(error))
        else:
            self.run_panel.say(None)

    def _refresh(self) -> None:
        chosen, draft = self.desk.chosen, self.desk.draft
        request = self._request()
        self.desk.durations.ask(request)
        duration = self.desk.durations.of(request)
        said = () if chosen is None else cautions_of(chosen, draft.parameters)
        n_recordings = len(self.desk.datasets) if draft.maps is None else 1
        self.run_panel.refresh(self._what(request), n_recordings, (*said, *caution_of(duration)))

    def _request(self) -> Request | None:
        """What Run would compute of a recording; None where something is missing, or it is of maps, which are small."""
        if self.desk.draft.maps is not None:
            return None
        try:
            return self.desk.draft_request()
        except ThunderError:
            return None

    def _measure(self, run: Run) -> None:
        """After a first look, how long it takes in full is worth knowing, whatever the size."""
        if run.request.preview and run.job.state is JobState.DONE:
            self.desk.durations.ask(self._request(), least_bytes=0)

    def _what(self, request: Request | None) -> str:
        """`Ready: Regression of fish in tectum, after ΔF/F. It takes about 20 s.`"""
        current, draft, chosen = self.desk.datasets.current, self.desk.draft, self.desk.chosen
        of = self.target.recording.currentText() if draft.maps is not None else current.name if current else ""
        if chosen is None or not of:
            return ""
        region = None if draft.region is None else self.desk.regions.get(draft.region)
        place = region.name if region else "a mask file" if draft.mask_file else "the whole brain"
        steps = f", after {n} step{'s' if n > 1 else ''} of preprocessing" if (n := len(draft.chain)) else ""
        return f"Ready: {chosen.title} of {of} in {place}{steps}.{self._how_long(request)}"

    def _how_long(self, request: Request | None) -> str:
        durations = self.desk.durations
        if durations.measuring(request):
            return " Measuring how long it takes…"
        said = said_of(durations.of(request))
        return f" It takes {said}." if said else ""
