"""The actions, by name: each is a command of the manifest, and so in napari's command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_thunder.widgets.actions import action
from napari_thunder.widgets.shortcut_help import show_shortcuts

if TYPE_CHECKING:
    from napari_thunder.widgets.thunder_dock import ThunderDock


@action("Open a recording", "Data")
def open_recording(dock: ThunderDock) -> None:
    dock.show_tab("data")
    dock.data.recording.path.setFocus()


@action("Browse the engine's files", "Data", "Shift-D")
def browse(dock: ThunderDock) -> None:
    dock.show_tab("data")
    dock.data.browse()


@action("Connect to an engine", "Data")
def connect(dock: ThunderDock) -> None:
    dock.show_tab("data")
    dock.data.engine.setFocus()


@action("Next stimulus", "Time", "Alt-.")
def next_event(dock: ThunderDock) -> None:
    _step_event(dock, 1)


@action("Previous stimulus", "Time", "Alt-,")
def previous_event(dock: ThunderDock) -> None:
    _step_event(dock, -1)


@action("Show the traces", "Time", "Shift-T")
def show_traces(dock: ThunderDock) -> None:
    dock.show_traces()


@action("New polygon ROI", "ROIs", "Shift-G")
def new_polygon(dock: ThunderDock) -> None:
    dock.show_tab("rois")
    dock.rois.new_region("polygon")


@action("New rectangular ROI", "ROIs", "Shift-R")
def new_rectangle(dock: ThunderDock) -> None:
    dock.show_tab("rois")
    dock.rois.new_region("rectangle")


@action("New elliptic ROI", "ROIs", "Shift-E")
def new_ellipse(dock: ThunderDock) -> None:
    dock.show_tab("rois")
    dock.rois.new_region("ellipse")


@action("New freehand ROI", "ROIs", "Shift-F")
def new_freehand(dock: ThunderDock) -> None:
    dock.show_tab("rois")
    dock.rois.new_region("freehand")


@action("Paint a 3-D ROI", "ROIs", "Shift-B")
def paint_region(dock: ThunderDock) -> None:
    dock.show_tab("rois")
    dock.rois.new_region("paint")


@action("Undo the last change of an ROI", "ROIs", "Shift-Z")
def undo_region(dock: ThunderDock) -> None:
    dock.desk.regions.undo()


@action("Redo the last change of an ROI", "ROIs", "Shift-Y")
def redo_region(dock: ThunderDock) -> None:
    dock.desk.regions.redo()


@action("Choose an analysis", "Analyze")
def choose_analysis(dock: ThunderDock) -> None:
    dock.show_tab("analyze")
    dock.analyze.focus_search()


@action("Run the analysis", "Analyze", "Control-Enter")
def run(dock: ThunderDock) -> None:
    dock.show_tab("analyze")
    dock.analyze.run()


@action("Preview the analysis", "Analyze", "Control-Shift-Enter")
def preview(dock: ThunderDock) -> None:
    dock.show_tab("analyze")
    dock.analyze.preview()


@action("Cancel what is running", "Analyze")
def cancel(dock: ThunderDock) -> None:
    dock.analyze.cancel()


@action("Next map", "Results", "Alt-]")
def next_map(dock: ThunderDock) -> None:
    dock.results.next_map()


@action("Previous map", "Results", "Alt-[")
def previous_map(dock: ThunderDock) -> None:
    dock.results.previous_map()


@action("Show or hide the maps", "Results", "Shift-O")
def toggle_maps(dock: ThunderDock) -> None:
    dock.results.toggle_overlay()


@action("Compare two results side by side", "Results", "Shift-C")
def compare(dock: ThunderDock) -> None:
    dock.show_tab("results")
    dock.results.compare()


@action("Save the session", "Session")
def save_session(dock: ThunderDock) -> None:
    dock.session.save()


@action("Restore a session", "Session")
def open_session(dock: ThunderDock) -> None:
    dock.session.open()


@action("Show the keys", "Help", "F1")
def help_with_keys(dock: ThunderDock) -> None:
    show_shortcuts(dock)


def _step_event(dock: ThunderDock, step: int) -> None:
    """Go to the start of the next or the previous event."""
    current = dock.desk.datasets.current
    recording: Any = current.recording if current else None
    if recording is None or recording.events is None or recording.frame_times is None:
        return
    frames = recording.frame_times.searchsorted(recording.events["start_time"].to_numpy())
    frames = sorted({int(frame) for frame in frames if frame < recording.shape[0]})
    here = dock.desk.pointer.frame
    ahead = [f for f in frames if f > here] if step > 0 else [f for f in reversed(frames) if f < here]
    if ahead:
        dock.desk.pointer.ask(ahead[0])
