"""The Motion dock: how the brain moved over time, below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QVBoxLayout

from napari_thunder.models.registration.motion import Motion
from napari_thunder.widgets.bottom_dock import BottomDock
from napari_thunder.widgets.registration.motion_bar import DRIFT, JITTER, SHIFT, SPREAD, MotionBar
from napari_thunder.widgets.registration.motion_plot import MotionPlot
from napari_thunder.widgets.traces.hint import Hint
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.time_axis import TimeAxis

if TYPE_CHECKING:
    import napari.viewer

_NO_SIZE = "The voxel size is not known: give it under Data."


class MotionDock(BottomDock):
    """Shifts of the registration that is looked at, frame by frame, with what is excluded.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    title: ClassVar[str] = "Motion"
    usual_size: ClassVar[tuple[int, int]] = (1200, 280)
    least_size: ClassVar[tuple[int, int]] = (500, 190)

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.registration = self.desk.registration
        self.bar = MotionBar()
        self.plot = MotionPlot()
        self.hint = Hint(self.plot)
        self._motion: Motion | None = None
        self._of: object = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(3)
        layout.addWidget(self.bar)
        layout.addWidget(self.plot, 1)
        self._connect()
        self.follow_theme()
        self._refresh()

    def state(self) -> dict[str, Any]:
        """What a session keeps of the dock, as plain JSON values."""
        return {
            "what": self.bar.what.currentData(),
            "um": bool(self.bar.unit.currentData()),
            "axes": list(self.bar.shown_axes),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave; what is missing stays as it is."""
        self.bar.what.setCurrentIndex(max(0, self.bar.what.findData(state.get("what"))))
        self.bar.unit.setCurrentIndex(0 if state.get("um", True) else 1)
        axes = state.get("axes")
        if isinstance(axes, list) and len(axes) == len(self.bar.axes):
            self.bar.show_axes([bool(seen) for seen in axes])
        self._show_motion()

    def _connect(self) -> None:
        bar, plot, found, bridge = self.bar, self.plot, self.registration, self.bridge
        bar.configured.connect(self._show_motion)
        bar.all_asked.connect(plot.show_all)
        bar.stretch_toggled.connect(plot.stretch.show)
        bar.frame_toggled.connect(self.toggle_frame)
        bar.stretch_excluded.connect(lambda: self._with_stretch(found.frames.exclude))
        bar.stretch_restored.connect(lambda: self._with_stretch(found.frames.restore))
        bar.stretch_tried.connect(self._try)
        plot.asked.connect(self._go_to)
        plot.stepped.connect(self._step)
        plot.stretched.connect(self._show_stretch)
        bridge.connect(self.desk.pointer.moved, self._show_frame, newest=True)
        bridge.connect(self.desk.connection.changed, self._show_stretch, newest=True)
        for signal in (found.changed, found.progressed):
            bridge.connect(signal, self._refresh, newest=True)
        bridge.connect(found.judged, lambda _: self._refresh(), newest=True)
        bridge.connect(found.motions.arrived, self._draw, newest=True)
        bridge.connect(found.frames_changed, self._show_frames, newest=True)

    # showing

    def _refresh(self) -> None:
        recording, entry = self.registration.raw, self.registration.current
        seen = (entry, None if recording is None else (recording.source, recording.voxel_size, recording.frame_rate))
        if self._of == seen and entry is not None:
            return
        self._of = seen
        axis = None if recording is None else TimeAxis.of(recording)
        self.plot.show_axis(axis)
        self.bar.show_units("" if recording is None or recording.voxel_size else _NO_SIZE)
        self._show_motion()
        self._show_frames()
        self._show_stretch()
        self.hint.say(self._next_step())

    def _show_motion(self) -> None:
        recording, entry = self.registration.raw, self.registration.current
        self.registration.motions.ask(entry, recording, in_um=bool(self.bar.unit.currentData()))

    def _draw(self, motion: Motion | None) -> None:
        self._motion = motion
        what = self.bar.what.currentData()
        lines = None if motion is None else {
            SHIFT: motion.shift, DRIFT: motion.drift, JITTER: motion.jitter, SPREAD: motion.spread
        }[what]  # fmt: skip
        self.plot.show_lines(self.bar.shown_axes)
        self.plot.show_motion(motion, lines, motion.drift if motion is not None and what == SHIFT else None)
        self._show_frame(self.desk.pointer.frame)

    def _show_frames(self) -> None:
        found = self.registration
        self.plot.show_frames([outlier.frame for outlier in found.outliers], found.frames.excluded)
        self._show_frame(self.desk.pointer.frame)

    def _show_frame(self, frame: int) -> None:
        axis = self.plot.time_axis
        if axis is None:
            self.bar.show_frame("", False, "Open a recording first.")
            return
        self.plot.cursor_line.move(axis.time_of(frame))
        said = axis.words(frame) + ("" if self._motion is None else f" · {self._motion.words(frame)}")
        self.bar.show_frame(said, frame in self.registration.frames.excluded, "")

    def _show_stretch(self) -> None:
        self.bar.show_stretch(self.plot.stretch.frames, self.registration.why_not_run())

    def _next_step(self) -> str:
        if self.registration.dataset is None:
            return "Open a recording under Data to see its motion here."
        if self.registration.current is not None:
            return ""
        if self.registration.runs.running is not None:
            return "Registering …"
        return "Register the recording under Registration to see its motion here."

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.plot.set_colours(colours)
        self.bar.set_colours(colours)

    # what was asked for

    def toggle_frame(self) -> None:
        """Exclude the frame that is shown, or take it back in."""
        frame, frames = self.desk.pointer.frame, self.registration.frames
        if frame in frames.excluded:
            frames.restore([frame])
        else:
            frames.exclude([frame])

    def _with_stretch(self, do: Any) -> None:
        frames = self.plot.stretch.frames
        if frames is not None:
            do(range(*frames))

    def _try(self) -> None:
        self.registration.try_out(frames=self.plot.stretch.frames, frame=self.desk.pointer.frame)
        self.desk.attend.emit("registration")

    def _go_to(self, time: float) -> None:
        if self.plot.time_axis is not None:
            self.desk.pointer.ask(self.plot.time_axis.frame_at(time))

    def _step(self, frames: int) -> None:
        if self.plot.time_axis is not None:
            last = len(self.plot.time_axis.times) - 1
            self.desk.pointer.ask(min(max(self.desk.pointer.frame + frames, 0), last))
