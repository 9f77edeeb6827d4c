"""The Traces dock: activity over time, below the brain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSplitter, QVBoxLayout, QWidget

from napari_thunder.models.traces.traces import Trace
from napari_thunder.models.trouble import Trouble
from napari_thunder.traces.measures import units_of
from napari_thunder.widgets.bottom_dock import BottomDock
from napari_thunder.widgets.traces.exports import Exports
from napari_thunder.widgets.traces.hint import Hint
from napari_thunder.widgets.traces.reading_bar import ReadingBar
from napari_thunder.widgets.traces.recording_view import RecordingView
from napari_thunder.widgets.traces.response_panel import ResponsePanel
from napari_thunder.widgets.traces.subject_list import Row, SubjectList
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.toolbar import Toolbar
from napari_thunder.widgets.traces.trace_plot import TracePlot
from napari_thunder.widgets.traces.trouble_row import TroubleRow

if TYPE_CHECKING:
    import napari.viewer

_NEXT_STEP = "Draw an ROI, or hold Shift over the brain; Shift+click keeps a voxel."
_SIZES = (1000, 520)


class TracesDock(BottomDock):
    """Activity of voxels and regions over time, and how they answer events.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    title: ClassVar[str] = "Traces"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.traces = self.desk.traces
        self.toolbar = Toolbar()
        self.reading = ReadingBar()
        self.trouble = TroubleRow()
        self.list = SubjectList()
        self.plot = TracePlot()
        self.hint = Hint(self.plot)
        self.panel = ResponsePanel()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.around = RecordingView(self.plot, self.toolbar, self.traces)
        self.exports = Exports(self.traces, {"traces": self.plot, "response": self.panel.graphics}, self.bridge)
        self._lay_out()
        self._connect_views()
        self._connect_models()
        self.follow_theme()
        self._refresh()

    # what a person can ask for

    def show_all(self) -> None:
        """Show all of the time."""
        self.plot.show_all()

    def toggle_stack(self) -> None:
        """One trace above the next, or all over each other."""
        self.toolbar.stack.toggle()

    def next_measure(self) -> None:
        """Raw, ΔF/F, z-score, and raw again."""
        self.toolbar.measure.setCurrentIndex((self.toolbar.measure.currentIndex() + 1) % self.toolbar.measure.count())
        self._configure({"measure": self.toolbar.measure.currentData()})

    def select_next(self, step: int = 1) -> None:
        """Select the next subject of the list, or the one before."""
        if self.list.count():
            self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())

    def unpin_all(self) -> None:
        """Let go of all pinned voxels."""
        self.traces.clear_pins()

    def export(self, what: str, path: str | Path) -> None:
        """Save what is shown: `csv`, or `traces` or `response` as a picture by the ending of the path."""
        self.exports.save(what, path)

    def copy(self, what: str) -> None:
        """Put what is shown on the clipboard: `numbers` (tab separated), or a picture of `traces` or `response`."""
        self.exports.copy(what)

    def state(self) -> dict[str, Any]:
        """What a session keeps of the dock, as plain JSON values; the traces' settings and pins are the model's."""
        return {
            "stacked": self.toolbar.stack.isChecked(),
            "signals": self.around.chosen_signals,
            "sizes": [int(size) for size in self.splitter.sizes()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave; what is missing stays as it is."""
        self.toolbar.stack.setChecked(bool(state.get("stacked", self.toolbar.stack.isChecked())))
        if isinstance(state.get("signals"), list):
            self.around.choose_signals([str(name) for name in state["signals"]])
        if isinstance(state.get("sizes"), list) and len(state["sizes"]) == self.splitter.count():
            self.splitter.setSizes([int(size) for size in state["sizes"]])

    # laying out and connecting

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        lines = QSplitter(Qt.Orientation.Horizontal)
        lines.addWidget(self.list)
        lines.addWidget(self.plot)
        lines.setStretchFactor(1, 1)
        for widget in (self.toolbar, self.trouble):
            column.addWidget(widget)
        column.addWidget(lines, 1)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.panel)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes(list(_SIZES))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.addWidget(self.splitter)
        bar = self.toolbar.layout()
        bar.insertWidget(bar.indexOf(self.toolbar.copy), self.reading)

    def _connect_views(self) -> None:
        bar, plot = self.toolbar, self.plot
        bar.configured.connect(self._configure)
        self.panel.configured.connect(self._configure)
        bar.stacked.connect(plot.set_stacked)
        bar.all_asked.connect(plot.show_all)
        bar.signals_chosen.connect(self.around.choose_signals)
        bar.exported.connect(self._ask_where)
        bar.copied.connect(self.copy)
        self.reading.cancelled.connect(self.traces.cancel)
        self.trouble.retried.connect(self._retry)
        plot.asked.connect(self._go_to)
        plot.stepped.connect(self._step)
        self.list.chosen.connect(self.traces.select)
        self.list.dismissed.connect(self._dismiss)
        self.list.cleared.connect(self.traces.clear_pins)

    def _connect_models(self) -> None:
        bridge, desk = self.bridge, self.desk
        bridge.connect(desk.pointer.moved, self._show_frame, newest=True)
        bridge.connect(desk.datasets.changed, self._refresh, newest=True)
        bridge.connect(self.traces.changed, self._refresh, newest=True)
        bridge.connect(self.traces.arrived, self._show_traces, newest=True)
        bridge.connect(self.traces.answered, self._show_answer, newest=True)
        bridge.connect(self.traces.selected, self._show_selection, newest=True)
        bridge.connect(self.traces.progressed, self._show_progress, newest=True)
        self.exports.changed.connect(self._show_progress)

    # showing

    def _refresh(self) -> None:
        self.around.show(self.desk.datasets.current)
        self._show_settings()
        self._show_traces()
        self._show_selection(self.traces.selection)
        self._show_progress()

    def _show_settings(self) -> None:
        settings, axis = self.traces.settings, self.around.axis
        self.toolbar.show_settings(settings)
        self.panel.show_settings(settings, self.around.columns, self.around.why_no_response())
        if axis is not None:
            self.plot.set_axes(axis.span, axis.label, units_of(settings.measure))
            self._show_frame(self.desk.pointer.frame)

    def _show_traces(self, *_: object) -> None:
        """Draw the lines that are there, and say which are still to come; only what differs is touched."""
        subjects, pending = self.traces.subjects, self.traces.pending
        rows, drawn = [], []
        for number, subject in enumerate(subjects):
            trace = self.traces.get(subject.key)
            if trace is not None:
                self.plot.show_trace(subject, number, trace.times, trace.values)
                drawn.append(subject.key)
            color = subject.color if self.colours is None else self.colours.readable(subject.color)
            rows.append(Row(subject, color, number, _note(trace, waits=subject.key in pending)))
        self.plot.keep_only(drawn)
        self.plot.fit()
        self.list.show_rows(rows)
        self.list.show_selection(self.traces.selection)
        self.hint.say(self._next_step(drawn))
        self._show_possible(drawn)

    def _show_selection(self, key: str | None) -> None:
        self.list.show_selection(key)
        self.plot.select(key)
        self._show_answer()

    def _show_answer(self) -> None:
        response, tuning = self.traces.response(), self.traces.tuning()
        settings = self.traces.settings
        self.panel.show_answer(response, tuning, settings.group_by, units_of(settings.measure), self._why_no_answer())
        self._show_possible(list(self.plot.curves))

    def _show_frame(self, frame: int) -> None:
        if self.around.axis is not None:
            self.plot.cursor_line.move(self.around.axis.time_of(frame))
            self.toolbar.show_moment(self.around.axis.words(frame))

    def _show_progress(self) -> None:
        trouble = self.traces.trouble or self.exports.trouble
        left_out = self.traces.why_left_out()
        self.reading.show_job(self.traces.job)
        can_retry = self.traces.trouble is not None
        self.trouble.show_trouble(trouble or (Trouble(left_out) if left_out else None), can_retry=can_retry)

    def _show_possible(self, drawn: list[str]) -> None:
        no_traces = "" if drawn else f"There is no trace yet. {_NEXT_STEP}"
        self.toolbar.show_possible(no_traces, "" if self.traces.response() is not None else self._why_no_answer())

    def _next_step(self, drawn: list[str]) -> str:
        if self.around.recording is None:
            return "Open a recording under Data to see its activity here."
        if drawn or self.traces.trouble is not None:
            return ""
        return "Reading …" if self.traces.subjects else _NEXT_STEP

    def _why_no_answer(self) -> str:
        if not self.traces.subjects:
            return ""
        if why_not := self.around.why_no_response():
            return why_not
        if self.traces.selection is None:
            return "Choose a trace in the list to see how it answers events."
        trouble = self.traces.answer_trouble
        return trouble.message if trouble is not None else "Working …"

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.plot.set_colours(colours)
        self.panel.set_colours(colours)
        self._show_traces()

    # what was asked for

    def _configure(self, changes: dict[str, Any]) -> None:
        self.traces.configure(**changes)

    def _go_to(self, time: float) -> None:
        if self.around.axis is not None:
            self.desk.pointer.ask(self.around.axis.frame_at(time))

    def _step(self, frames: int) -> None:
        if self.around.axis is not None:
            last = len(self.around.axis.times) - 1
            self.desk.pointer.ask(min(max(self.desk.pointer.frame + frames, 0), last))

    def _dismiss(self, key: str) -> None:
        if key.startswith("region:"):
            self.desk.regions.edit(int(key.removeprefix("region:")), visible=False)
        else:
            self.traces.unpin(key)

    def _retry(self) -> None:
        self.exports.trouble = None
        self.traces.retry()

    def _ask_where(self, what: str) -> None:
        recording = self.around.recording
        self.exports.ask_where(what, "recording" if recording is None else recording.name, self)


def _note(trace: Trace | None, *, waits: bool) -> str:
    if trace is not None:
        return trace.note
    return "…" if waits else "could not be read"
