"""What stands around the traces: the time axis of the recording, its events and its behaviour signals."""

from __future__ import annotations

from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.traces.traces import Traces
from napari_thunder.recording import Recording
from napari_thunder.traces.responses import period_of
from napari_thunder.widgets.traces.conditions import conditions_of, grouping_columns
from napari_thunder.widgets.traces.time_axis import TimeAxis, why_no_signals
from napari_thunder.widgets.traces.toolbar import Toolbar
from napari_thunder.widgets.traces.trace_plot import TracePlot

_SIGNALS_AT_FIRST = 1


class RecordingView:
    """Keeps a plot and its toolbar in step with the current recording.

    Parameters
    ----------
    plot
        Where events and signals are drawn.
    toolbar
        Where signals are chosen.
    traces
        Whose settings say how events are told apart.
    """

    def __init__(self, plot: TracePlot, toolbar: Toolbar, traces: Traces) -> None:
        self.axis: TimeAxis | None = None
        self.chosen_signals: list[str] | None = None
        self._plot = plot
        self._toolbar = toolbar
        self._traces = traces
        self._dataset: Dataset | None = None
        self._group_by: str | None = None

    @property
    def recording(self) -> Recording | None:
        """The recording that is shown."""
        return None if self._dataset is None else self._dataset.recording

    @property
    def columns(self) -> tuple[str, ...]:
        """Event columns that may tell conditions apart."""
        return () if self.recording is None else grouping_columns(self.recording.events)

    def show(self, dataset: Dataset | None) -> None:
        """Show another recording, or the same one with more known of it; nothing is done if nothing changed."""
        if dataset is not self._dataset or self._group_by is None:
            self._dataset = dataset
            self.axis = None if self.recording is None else TimeAxis.of(self.recording)
            self._suggest_group()
            self.show_signals()
            self._group_by = None
        if self._group_by != self._traces.settings.group_by:
            self._group_by = self._traces.settings.group_by
            self._show_events()

    def choose_signals(self, names: list[str]) -> None:
        """Show these behaviour signals."""
        self.chosen_signals = names
        self.show_signals()

    def show_signals(self) -> None:
        """Draw the signals that are chosen; at first the first one."""
        recording, axis = self.recording, self.axis
        why_not = why_no_signals(recording, axis)
        signals = None if recording is None or why_not else recording.signals
        names = [] if signals is None else [str(name) for name in signals.columns]
        chosen = names[:_SIGNALS_AT_FIRST] if self.chosen_signals is None else self.chosen_signals
        shown = [name for name in names if name in chosen]
        times = None if signals is None or axis is None else axis.of_signals(signals)
        columns = {} if signals is None else {name: signals[name].to_numpy(float) for name in shown}
        self._plot.show_signals(times, columns)
        self._toolbar.show_signals(names, shown, why_not)

    def why_no_response(self) -> str:
        """What is missing before traces can be averaged around events; empty if nothing is."""
        if self.recording is None:
            return "Open a recording first."
        if self.recording.events is None:
            return "Attach events under Data to see the average around them."
        return "" if self.axis is not None and self.axis.in_seconds else "Say the frame rate under Data first."

    def _show_events(self) -> None:
        in_seconds = self.axis is not None and self.axis.in_seconds
        events = self.recording.events if self.recording is not None and in_seconds else None
        self._plot.show_conditions(conditions_of(events, self._traces.settings.group_by))

    def _suggest_group(self) -> None:
        """Group events by a column that is there: a direction if there is one."""
        columns = self.columns
        if self.recording is not None and self._traces.settings.group_by not in columns:
            best = next((column for column in columns if period_of(column)), next(iter(columns), ""))
            self._traces.configure(group_by=best)
