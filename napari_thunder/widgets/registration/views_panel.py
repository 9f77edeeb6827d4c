"""Chooses how the canvas shows a registration, to be judged by eye."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.registration.arrows import LONGEST
from napari_thunder.models.registration.quality_views import FASTEST, SLOWEST, Subject
from napari_thunder.models.registration.scenes import Layout
from napari_thunder.widgets.bottom_dock import bring
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.progress_line import ProgressLine
from napari_thunder.widgets.registration.kymograph_dock import KymographDock
from napari_thunder.widgets.registration.ortho_dock import OrthoDock
from napari_thunder.widgets.registration.shift_map_plot import ShiftMapPlot
from napari_thunder.widgets.row import row_of
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.showing import Showing
from napari_thunder.widgets.traces.theme import colours_of
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace

_LAYOUTS = {
    Layout.FLICKER: (
        "Flicker",
        "Raw and registered take turns in the same place (Alt+5); hold Shift+U to flip by hand",
    ),
    Layout.SIDE_BY_SIDE: ("Side by side", "Raw and registered beside each other, with one camera and one time (Alt+6)"),
    Layout.DIFFERENCE: ("Difference", "Each minus the template: red where brighter, blue where darker (Alt+7)"),
    Layout.OVERLAY: ("Overlay", "Each in magenta over the template in green: grey where both agree (Alt+8)"),
}
_SUBJECTS = {
    Subject.FRAMES: ("Frames", "The frame that the time slider stands at"),
    Subject.MEAN: ("Mean over time", "What moved is blurred in it"),
    Subject.MAXIMUM: ("Maximum over time", "What moved leaves trails in it"),
}
_COMPONENT = "Means of the frames in which this component is lowest and highest: what shifts between them is motion"


class ViewsPanel(QWidget):
    """Buttons and choices for looking at the registration of the current recording.

    Parameters
    ----------
    workplace
        Whose canvas shows it.
    main_thread
        Brings news of it here.
    """

    def __init__(self, workplace: Workplace, main_thread: MainThread) -> None:
        super().__init__()
        self._workplace = workplace
        self._desk = workplace.desk
        self._views = workplace.desk.quality_views
        self._showing = Showing()
        self.subject = self._make_subject()
        self.layouts = {layout: self._make_layout(layout) for layout in Layout}
        self.playing = QPushButton("Play")
        self.playing.setCheckable(True)
        self.playing.setAccessibleName("Flicker by itself")
        self.playing.clicked.connect(lambda on: self._views.set(playing=bool(on)))
        self.rate = self._spin("Turns per second", SLOWEST, FASTEST, 0.5, " /s", lambda v: self._set(rate=v))
        self.template = self._check("Template", lambda on: self._set(template=on))
        self.arrows = self._check("Arrows of the shifts", lambda on: self._set(arrows=on))
        self.length = self._spin("Length of the arrows", 0.5, LONGEST, 1, " ×", lambda v: self._set(arrow_length=v))
        self.kymograph = self._button("Kymograph…", lambda: bring(workplace, KymographDock))
        self.ortho = self._button("Ortho views…", lambda: bring(workplace, OrthoDock))
        self.progress = ProgressLine()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(6)
        self.state = QLabel()
        self.cancel = self._button("Cancel", self._views.cancel)
        self.trouble = TroubleLabel()
        self.shifts = ShiftMapPlot()
        self.shifts.asked.connect(self._ask_map)
        self.shifts.clicked.connect(self._go_to)
        self._lay_out()
        main_thread.connect(self._views.changed, self._show, newest=True)
        main_thread.connect(self._views.shift_maps.changed, self._show_map, newest=True)
        main_thread.connect(self._views.paired, self._say_whether_relative, newest=True)
        main_thread.connect(self._desk.datasets.changed, self._show, newest=True)
        main_thread.connect(self._desk.pointer.moved, self._on_frame, newest=True)
        self._follow_theme()
        self._show()
        self._show_map()
        self._say_whether_relative()

    def changeEvent(self, event: QEvent) -> None:
        """Follow napari's theme, which changes the style sheet."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "shifts"):
            self._follow_theme()

    def _make_subject(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName("What is compared")
        box.setToolTip("What is compared before and after registration")
        box.setMinimumContentsLength(8)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.activated.connect(self._choose)
        needs_focus_to_scroll(box)
        return box

    def _make_layout(self, layout: Layout) -> QPushButton:
        button = QPushButton(_LAYOUTS[layout][0])
        button.setCheckable(True)
        button.setAccessibleName(_LAYOUTS[layout][0])
        button.clicked.connect(partial(self._on_layout, layout))
        return button

    def _check(self, text: str, slot: Any) -> QCheckBox:
        box = QCheckBox(text)
        box.setAccessibleName(text)
        box.toggled.connect(slot)
        return box

    def _button(self, text: str, slot: Any) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(text.rstrip("…"))
        button.clicked.connect(lambda *_: slot())
        return button

    def _spin(self, name: str, low: float, high: float, step: float, suffix: str, slot: Any) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(low, high)
        spin.setSingleStep(step)
        spin.setDecimals(1)
        spin.setSuffix(suffix)
        spin.setAccessibleName(name)
        spin.setToolTip(name)
        spin.setKeyboardTracking(False)
        spin.valueChanged.connect(slot)
        needs_focus_to_scroll(spin)
        return spin

    def _lay_out(self) -> None:
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        for n, button in enumerate(self.layouts.values()):
            self._group.addButton(button)
            grid.addWidget(button, n // 2, n % 2)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Compare", self.subject)
        self._busy = row_of(self.state, self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addLayout(grid)
        speed = QLabel("Flicker &speed")
        speed.setBuddy(self.rate)
        layout.addWidget(row_of(speed, self.rate, self.playing))
        layout.addWidget(self._busy)
        layout.addWidget(self.progress)
        layout.addWidget(self.trouble)
        layout.addWidget(row_of(self.template, self.arrows, self.length))
        layout.addWidget(row_of(self.kymograph, self.ortho))
        layout.addWidget(self.shifts)

    def _on_layout(self, layout: Layout, on: bool = True) -> None:
        self._views.show(layout if on else None)
        self._show()

    def _choose(self, row: int) -> None:
        subject, component = self.subject.itemData(row)
        self._views.choose(Subject(subject), component)

    def _set(self, **changes: Any) -> None:
        if not self._showing:
            self._views.set(**changes)

    def _show(self, *_: object) -> None:
        wish = self._views.wish
        with self._showing:
            self._show_subjects()
            for layout, button in self.layouts.items():
                button.setChecked(wish.layout is layout)
                say_why(button, self._views.why_not(wish.subject, layout), _tip(layout, wish.subject))
            self.playing.setChecked(wish.playing)
            self.playing.setText("Pause" if wish.playing else "Play")
            if not self.rate.hasFocus():
                self.rate.setValue(wish.rate)
            self.template.setChecked(wish.template)
            self.arrows.setChecked(wish.arrows)
            if not self.length.hasFocus():
                self.length.setValue(wish.arrow_length)
        self._say_whats_possible()
        self._show_progress()

    def _say_whats_possible(self) -> None:
        wish, pair = self._views.wish, self._views.pair
        missing = self._views.why_not(Subject.FRAMES)
        say_why(self.subject, missing, "What is compared before and after registration")
        still = missing or ("" if wish.layout is Layout.FLICKER else "Choose Flicker first.")
        say_why(self.playing, still, "Let the pictures take turns by themselves, or by hand with Shift+U only")
        say_why(self.rate, still, "How often a second the picture changes")
        unknown = "" if pair is None or pair.template is not None else "Its template is not known."
        say_why(self.template, missing or unknown, "What the frames were registered to, as a layer above the recording")
        say_why(
            self.arrows,
            missing,
            "Where each block of the frame went; yellow is sure, violet is not, where that is known",
        )
        say_why(self.length, "" if wish.arrows else "Show the arrows first.", "How many times longer than the shift")
        say_why(self.kymograph, missing, "What lies on a line you draw, over time: straight stripes when it is still")
        say_why(self.ortho, missing, "The planes xy, xz and yz through a point, raw and registered (Shift+J)")

    def _show_subjects(self) -> None:
        wish, box = self._views.wish, self.subject
        rows = [(title, (subject, 0), tip) for subject, (title, tip) in _SUBJECTS.items()]
        rows += [(t, (Subject.COMPONENT, k), _COMPONENT) for k, t in enumerate(self._views.component_titles)]
        if [box.itemText(i) for i in range(box.count())] != [title for title, _, _ in rows]:
            box.clear()
            for title, data, tip in rows:
                box.addItem(title, data)
                box.setItemData(box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        wanted = (wish.subject, wish.component if wish.subject is Subject.COMPONENT else 0)
        box.setCurrentIndex(next((i for i, (_, data, _) in enumerate(rows) if data == wanted), 0))

    def _show_progress(self) -> None:
        job = self._views.job
        self._busy.setVisible(job is not None)
        self.progress.setVisible(job is not None)
        if job is not None:
            self.state.setText(f"Mean and maximum over time, {job.fraction:.0%}…")
            self.progress.setValue(round(100 * job.fraction))
        self.trouble.show_trouble(self._views.trouble)

    def _ask_map(self) -> None:
        self._views.shift_maps.show(self.shifts.along, relative=self.shifts.relative)

    def _show_map(self, *_: object) -> None:
        self.shifts.show_map(
            self._views.shift_maps.found, "The shifts of each plane or block appear here when a registration is done."
        )
        self.shifts.move_cursor(self._desk.pointer.frame)

    def _say_whether_relative(self, *_: object) -> None:
        pair = self._views.pair
        piecewise = pair is not None and pair.shifts.grid != (1, 1, 1)
        one = "" if piecewise else "All of the volume was shifted as one."
        say_why(self.shifts.relative_box, one, "Subtract the mean of each frame: what moved unlike the rest")
        self._ask_map()

    def _on_frame(self, frame: int) -> None:
        self.shifts.move_cursor(frame)

    def _go_to(self, frame: int, center: tuple[float, float, float]) -> None:
        self._desk.pointer.ask(frame)
        if self._views.pair is not None and self._views.pair.shifts.grid[0] > 1:
            self._workplace.shown_plane.go_to(round(center[0]))

    def _follow_theme(self) -> None:
        self.shifts.set_colours(colours_of(self._workplace.viewer))


def _tip(layout: Layout, subject: Subject) -> str:
    if subject is not Subject.COMPONENT:
        return _LAYOUTS[layout][1]
    return {
        Layout.FLICKER: "Lowest and highest take turns, raw beside registered: what jumps is motion (Alt+5)",
        Layout.SIDE_BY_SIDE: "Lowest and highest, raw above registered (Alt+6)",
        Layout.DIFFERENCE: "Highest minus lowest, raw beside registered: edges in it are motion (Alt+7)",
        Layout.OVERLAY: "Lowest in green, highest in magenta, raw beside registered (Alt+8)",
    }[layout]
