"""Brings the Motion dock into sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_thunder.widgets.bottom_dock import put_beside, show_dock
from napari_thunder.widgets.registration.motion_dock import MotionDock
from napari_thunder.widgets.traces.traces_dock import TracesDock

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace


def show_motion(workplace: Workplace) -> MotionDock:
    """The Motion dock, opened below the canvas if it is not there; beside the traces if they are."""
    motion = workplace.held(MotionDock)
    if motion is None:
        motion = MotionDock(workplace.viewer)
        traces = workplace.held(TracesDock)
        workplace.viewer.window.add_dock_widget(motion, name="Motion", area="bottom")
        put_beside(motion.window(), motion, traces)
    show_dock(motion)
    return motion
