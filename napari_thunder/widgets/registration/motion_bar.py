"""What can be set and done with the motion, in one row above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from napari_thunder.models.registration.motion import AXES
from napari_thunder.widgets.registration.motion_plot import COLORS, MARKS
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.trace_curve import line_icon
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

SHIFT, DRIFT, JITTER, SPREAD = "shift", "drift", "jitter", "spread"
_WHAT = (
    (SHIFT, "shift, and drift dashed"),
    (DRIFT, "drift"),
    (JITTER, "jitter"),
    (SPREAD, "spread over blocks"),
)


class MotionBar(QWidget):
    """Signals: `configured()` for what is drawn; `stretch_toggled(on)`; `stretch_excluded()`, `stretch_restored()`,
    `stretch_tried()`; `frame_toggled()` for the frame that is shown; `all_asked()`.
    """

    configured = Signal()
    stretch_toggled = Signal(bool)
    stretch_excluded = Signal()
    stretch_restored = Signal()
    stretch_tried = Signal()
    frame_toggled = Signal()
    all_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.what = QComboBox()
        self.unit = QComboBox()
        self.axes = tuple(QCheckBox(axis) for axis in AXES)
        self.frame = _button("Exclude frame", self.frame_toggled)
        self.stretch = _button("Stretch", None)
        self.exclude = _button("Exclude it", self.stretch_excluded)
        self.restore = _button("Restore it", self.stretch_restored)
        self.try_on = _button("Try on it", self.stretch_tried)
        self.all = _button("All", self.all_asked)
        self.moment = QLabel()
        self._set_up()
        self._lay_out()
        self.show_stretch(None)

    @property
    def shown_axes(self) -> tuple[bool, bool, bool]:
        """Which of z, y and x are drawn."""
        z, y, x = (box.isChecked() for box in self.axes)
        return z, y, x

    def show_axes(self, shown: Sequence[bool]) -> None:
        """Choose which of z, y and x are drawn."""
        for box, seen in zip(self.axes, shown, strict=True):
            box.setChecked(seen)

    def set_colours(self, colours: Colours) -> None:
        """Draw the lines' pieces beside their names in the colours of the theme."""
        for box, color, mark in zip(self.axes, COLORS, MARKS, strict=True):
            box.setIcon(line_icon(colours.readable(color), mark))

    def show_units(self, why_no_um: str) -> None:
        """Offer µm where the voxel size is known."""
        with QSignalBlocker(self.unit):
            if why_no_um:
                self.unit.setCurrentIndex(1)
        say_why(self.unit, why_no_um, "What the shifts are in")

    def show_frame(self, words: str, excluded: bool, why_not: str) -> None:
        """Say what the cursor stands at, and what can be done with that frame."""
        self.moment.setText(words)
        self.frame.setText("Restore frame" if excluded else "Exclude frame")
        tip = "Take the frame that is shown back in" if excluded else "Keep the frame that is shown out of all analyses"
        say_why(self.frame, why_not, f"{tip} (Alt+X)")

    def show_stretch(self, frames: tuple[int, int] | None, why_no_try: str = "") -> None:
        """Say what can be done with the stretch that is chosen."""
        there = frames is not None
        with QSignalBlocker(self.stretch):
            self.stretch.setChecked(there)
        for button in (self.exclude, self.restore, self.try_on):
            button.setVisible(there)
        if frames is not None:
            said = f"frames {frames[0]} to {frames[1] - 1}"
            self.exclude.setToolTip(f"Keep {said} out of all analyses")
            self.restore.setToolTip(f"Take {said} back in")
            say_why(self.try_on, why_no_try, f"Try the settings of the Registration tab on {said}, at once")

    def _set_up(self) -> None:
        for name, words in _WHAT:
            self.what.addItem(words, name)
        self.what.setAccessibleName("What is drawn of the motion")
        self.what.setToolTip("Drift is slower than a minute; jitter is what is left of the shift without it")
        for words, in_um in (("µm", True), ("voxels", False)):
            self.unit.addItem(words, in_um)
        self.unit.setAccessibleName("Unit of the motion")
        for combo in (self.what, self.unit):
            combo.activated.connect(lambda _: self.configured.emit())
            needs_focus_to_scroll(combo)
        for axis, box in zip(AXES, self.axes, strict=True):
            box.setChecked(True)
            box.setToolTip(f"Draw the motion along {axis}")
            box.setAccessibleName(f"Motion along {axis}")
            box.toggled.connect(lambda _: self.configured.emit())
        self.stretch.setCheckable(True)
        self.stretch.setToolTip("Choose a stretch of time by its edges, to exclude, restore or try it")
        self.stretch.toggled.connect(self.stretch_toggled)
        self.all.setToolTip("Show all of the time (Home, or a double click in the plot)")
        self.moment.setAccessibleName("Motion at the moment shown")

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.what, self.unit, *self.axes):
            layout.addWidget(widget)
        layout.addSpacing(8)
        self.moment.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # gives way first
        layout.addWidget(self.moment, 1)
        for widget in (self.frame, self.stretch, self.exclude, self.restore, self.try_on, self.all):
            layout.addWidget(widget)


def _button(text: str, signal: Callable[..., None] | None) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text)
    if signal is not None:
        button.clicked.connect(lambda *_: signal.emit())
    return button
