"""The actions, by name: each is a command of the manifest, and so in napari's command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_thunder.models.registration.scenes import Layout
from napari_thunder.volumes.views import ViewKind
from napari_thunder.widgets.actions import action
from napari_thunder.widgets.bottom_dock import bring
from napari_thunder.widgets.registration.kymograph_dock import KymographDock
from napari_thunder.widgets.registration.ortho_dock import OrthoDock
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


@action("Retry the connection", "Data")
def retry_connection(dock: ThunderDock) -> None:
    dock.desk.connection.retry()


@action("Look at voxels as they are", "View", "Alt-1")
def view_raw(dock: ThunderDock) -> None:
    _view(dock, ViewKind.RAW)


@action("Look at ΔF/F", "View", "Alt-2")
def view_dff(dock: ThunderDock) -> None:
    _view(dock, ViewKind.DFF)


@action("Look at means over time", "View", "Alt-3")
def view_mean(dock: ThunderDock) -> None:
    _view(dock, ViewKind.MEAN)


@action("Auto contrast", "View", "Shift-X")
def auto_contrast(dock: ThunderDock) -> None:
    dock.workplace.recording_views.auto_contrast()


@action("Show or hide time and stimulus on the canvas", "View", "Shift-I")
def toggle_caption(dock: ThunderDock) -> None:
    dock.workplace.caption.show(not dock.workplace.caption.shown)


@action("Recordings side by side", "View", "Shift-S")
def side_by_side(dock: ThunderDock) -> None:
    dock.workplace.layers.show_side_by_side(not dock.workplace.layers.side_by_side)


@action("Next stimulus", "Time", "Alt-.")
def next_event(dock: ThunderDock) -> None:
    _step_event(dock, 1)


@action("Previous stimulus", "Time", "Alt-,")
def previous_event(dock: ThunderDock) -> None:
    _step_event(dock, -1)


@action("Show the traces", "Time", "Shift-T")
def show_traces(dock: ThunderDock) -> None:
    dock.show_traces()


@action("Stack the traces, or lay them over each other", "Time", "Shift-K")
def stack_traces(dock: ThunderDock) -> None:
    dock.show_traces().toggle_stack()


@action("Next measure of the traces: raw, ΔF/F, z", "Time", "Shift-M")
def next_measure(dock: ThunderDock) -> None:
    dock.show_traces().next_measure()


@action("Next trace", "Time", "Alt-Down")
def next_trace(dock: ThunderDock) -> None:
    dock.show_traces().select_next(1)


@action("Previous trace", "Time", "Alt-Up")
def previous_trace(dock: ThunderDock) -> None:
    dock.show_traces().select_next(-1)


@action("Show the plots", "Results", "Shift-P")
def show_plots(dock: ThunderDock) -> None:
    dock.show_plots()


@action("Make an ROI of what is chosen in the plot", "Results")
def make_chosen_region(dock: ThunderDock) -> None:
    dock.show_plots().make_region()


@action("Choose nothing in the plots", "Results")
def clear_chosen(dock: ThunderDock) -> None:
    dock.desk.brushing.select(None)


@action("Let go of all pinned voxels", "Time")
def unpin_all(dock: ThunderDock) -> None:
    dock.desk.traces.clear_pins()


@action("Register the recording", "Registration")
def register(dock: ThunderDock) -> None:
    dock.show_tab("registration")
    dock.registration.register()


@action("Try the registration on a few frames", "Registration")
def try_registration(dock: ThunderDock) -> None:
    dock.show_tab("registration")
    dock.registration.try_out()


@action("Load a saved registration", "Registration")
def load_registration(dock: ThunderDock) -> None:
    dock.show_tab("registration")
    dock.registration.run_panel.ask_for_folder()


@action("Load a table of shifts", "Registration")
def load_shifts(dock: ThunderDock) -> None:
    dock.show_tab("registration")
    dock.registration.run_panel.ask_for_table()


@action("Judge the registration", "Registration")
def judge_registration(dock: ThunderDock) -> None:
    dock.show_tab("registration")
    dock.desk.registration.judge()


@action("Use the registration, or the raw recording", "Registration", "Alt-U")
def use_registered(dock: ThunderDock) -> None:
    dock.registration.entries.toggle_use()


@action("Save the registration", "Registration")
def save_registration(dock: ThunderDock) -> None:
    dock.registration.entries.ask_where_to_save()


@action("Export the shifts as a table", "Registration")
def export_shifts(dock: ThunderDock) -> None:
    dock.registration.entries.ask_for_csv()


@action("Report on the registration", "Registration")
def report_registration(dock: ThunderDock) -> None:
    dock.registration.entries.ask_for_report()


@action("Show the motion over time", "Registration", "Shift-N")
def show_motion(dock: ThunderDock) -> None:
    dock.registration.show_motion()


@action("Exclude the frame that is shown, or restore it", "Registration", "Alt-X")
def toggle_frame(dock: ThunderDock) -> None:
    dock.registration.frames.toggle_shown()


@action("Exclude the frames that stand out", "Registration")
def exclude_outliers(dock: ThunderDock) -> None:
    dock.registration.frames.exclude_outliers()


@action("Restore all excluded frames", "Registration")
def restore_frames(dock: ThunderDock) -> None:
    dock.desk.registration.frames.restore()


@action("Undo the last excluding of frames", "Registration")
def undo_frames(dock: ThunderDock) -> None:
    dock.desk.registration.frames.undo()


@action("Next frame that stands out", "Registration", "Alt-N")
def next_outlier(dock: ThunderDock) -> None:
    dock.registration.frames.next_outlier(1)


@action("Previous frame that stands out", "Registration", "Alt-B")
def previous_outlier(dock: ThunderDock) -> None:
    dock.registration.frames.next_outlier(-1)


@action("Prepare the recording as a store", "Prepare")
def prepare(dock: ThunderDock) -> None:
    dock.show_tab("prepare")
    dock.prepare.prepare()


@action("Choose where the store shall be", "Prepare")
def choose_store_place(dock: ThunderDock) -> None:
    dock.show_tab("prepare")
    dock.prepare.browse()


@action("Find the brain, as an ROI", "Prepare")
def find_brain(dock: ThunderDock) -> None:
    dock.show_tab("prepare")
    dock.desk.preparing.find_brain()


@action("Open the prepared store", "Prepare")
def open_prepared_store(dock: ThunderDock) -> None:
    dock.desk.preparing.open_store()


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


@action("Make ROIs of the clusters", "ROIs")
def make_cluster_regions(dock: ThunderDock) -> None:
    dock.show_tab("results")
    dock.results.make_regions()


@action("Make ROIs of what is connected above the threshold", "ROIs")
def make_blob_regions(dock: ThunderDock) -> None:
    dock.show_tab("rois")
    dock.rois.from_map.cut_out_all()


@action("Undo the last change of an ROI", "ROIs", "Shift-Z")
def undo_region(dock: ThunderDock) -> None:
    dock.rois.undo()


@action("Redo the last change of an ROI", "ROIs", "Shift-Y")
def redo_region(dock: ThunderDock) -> None:
    dock.rois.redo()


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


@action("Run the analysis on all recordings", "Analyze")
def run_on_all(dock: ThunderDock) -> None:
    dock.show_tab("analyze")
    dock.analyze.run_on_all()


@action("Cancel what is running", "Analyze")
def cancel(dock: ThunderDock) -> None:
    dock.analyze.cancel()


@action("Flicker between raw and registered", "Registration", "Alt-5")
def flicker_before_after(dock: ThunderDock) -> None:
    _compare(dock, Layout.FLICKER)


@action("Raw and registered side by side", "Registration", "Alt-6")
def before_after_side_by_side(dock: ThunderDock) -> None:
    _compare(dock, Layout.SIDE_BY_SIDE)


@action("Difference to the template, raw and registered", "Registration", "Alt-7")
def difference_to_template(dock: ThunderDock) -> None:
    _compare(dock, Layout.DIFFERENCE)


@action("Raw and registered over the template in two colours", "Registration", "Alt-8")
def overlay_on_template(dock: ThunderDock) -> None:
    _compare(dock, Layout.OVERLAY)


@action("Flip between raw and registered; hold to peek", "Registration", "Shift-U")
def flip_before_after(dock: ThunderDock) -> None:
    if not _say_why_not(dock, Layout.FLICKER):
        dock.desk.quality_views.hold()


@action("End comparing raw and registered", "Registration", "Alt-0")
def end_before_after(dock: ThunderDock) -> None:
    dock.desk.quality_views.show(None)


@action("Show or hide the shifts as arrows", "Registration", "Shift-H")
def show_shift_arrows(dock: ThunderDock) -> None:
    if not _say_why_not(dock):
        dock.desk.quality_views.set(arrows=not dock.desk.quality_views.wish.arrows)


@action("Show or hide the template", "Registration")
def show_template(dock: ThunderDock) -> None:
    if not _say_why_not(dock):
        dock.desk.quality_views.set(template=not dock.desk.quality_views.wish.template)


@action("Draw a line for a kymograph", "Registration", "Shift-Q")
def draw_kymograph(dock: ThunderDock) -> None:
    bring(dock.workplace, KymographDock)
    if not _say_why_not(dock):
        dock.workplace.drawn_line.draw()


@action("Show the ortho views", "Registration", "Shift-J")
def show_ortho_views(dock: ThunderDock) -> None:
    bring(dock.workplace, OrthoDock)


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


@action("Subtract two maps", "Results")
def subtract(dock: ThunderDock) -> None:
    dock.show_tab("results")
    dock.results.subtract()


@action("Save the session", "Session")
def save_session(dock: ThunderDock) -> None:
    dock.session.save()


@action("Restore a session", "Session")
def open_session(dock: ThunderDock) -> None:
    dock.session.open()


@action("Show the keys", "Help", "F1")
def help_with_keys(dock: ThunderDock) -> None:
    show_shortcuts(dock)


def _compare(dock: ThunderDock, layout: Layout) -> None:
    """Compare in this way, or end it if that is what is seen."""
    if not _say_why_not(dock, layout):
        dock.desk.quality_views.toggle(layout)


def _say_why_not(dock: ThunderDock, layout: Layout | None = None) -> bool:
    """Say in napari's status bar what is missing; whether something is."""
    views = dock.desk.quality_views
    why_not = views.why_not(views.wish.subject, layout)
    if why_not:
        dock.workplace.viewer.status = why_not
    return bool(why_not)


def _view(dock: ThunderDock, kind: ViewKind) -> None:
    current = dock.desk.datasets.current
    if current is not None:
        dock.desk.views.show(current.key, kind=kind)


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
