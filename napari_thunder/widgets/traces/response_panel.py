"""How the selected subject answers events: its average around them and its tuning."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from napari_thunder.traces.responses import EventResponse, TuningCurve
from napari_thunder.traces.settings import TraceSettings
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.traces.conditions import colors_of, short_label
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.response_plot import ResponsePlot
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.tuning_plot import TuningPlot
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_TOGETHER = "all events"
_LONGEST = 3600.0
_ROOM = 116
"""Pixels for `−10.0 s` between napari's − and +."""


class ResponsePanel(QWidget):
    """Average around events and tuning curve side by side; `configured(changes)` when someone wants other settings."""

    configured = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self.group = QComboBox()
        self.before = _seconds("−", "Time shown before the start of an event")
        self.after = _seconds("+", "Time shown after the start of an event")
        self.graphics = pg.GraphicsLayoutWidget()
        self.response = ResponsePlot()
        self.tuning = TuningPlot()
        self.hint = QLabel()
        self.pages = QStackedWidget()
        self._response: EventResponse | None = None
        self._tuning: TuningCurve | None = None
        self._column = ""
        self._colours: Colours | None = None
        self._lay_out()
        self.group.activated.connect(self._on_group)
        for spin, name in ((self.before, "before"), (self.after, "after")):
            spin.editingFinished.connect(lambda spin=spin, name=name: self.configured.emit({name: spin.value()}))

    def show_settings(self, settings: TraceSettings, columns: Sequence[str], why_not: str) -> None:
        """Show how events are grouped and averaged; `why_not` says what is missing before they can be."""
        offered = ["", *columns]
        if offered != [self.group.itemData(i) for i in range(self.group.count())]:
            self.group.clear()
            for column in offered:
                self.group.addItem(column or _TOGETHER, column)
        self.group.setCurrentIndex(max(0, offered.index(settings.group_by) if settings.group_by in offered else 0))
        say_why(self.group, why_not, "Column of the events that tells conditions apart")
        for spin, value in ((self.before, settings.before), (self.after, settings.after)):
            if not spin.hasFocus() and spin.value() != value:
                spin.setValue(value)
            say_why(spin, why_not, spin.accessibleDescription())

    def show_answer(
        self, response: EventResponse | None, tuning: TuningCurve | None, column: str, unit: str, hint: str
    ) -> None:
        """Show the answer of the selected subject; `hint` says why there is none."""
        self._response, self._tuning, self._column = response, tuning, column
        self.response.set_unit(unit)
        self.tuning.set_unit(unit)
        self._draw()
        self.hint.setText(hint)
        self.pages.setCurrentWidget(self.graphics if response is not None else self.hint)
        self._make_room(tuning is not None)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._colours = colours
        self.graphics.setBackground(colours.background)
        self.response.set_colours(colours)
        self.tuning.set_colours(colours)
        self._draw()

    def _draw(self) -> None:
        response, tuning = self._response, self._tuning
        labels = [] if response is None else [short_label(label, self._column) for label in response.labels]
        self.response.show_response(response, labels, self._readable(colors_of(labels, self._column)))
        points = [] if tuning is None else [f"{value:g}" for value in tuning.values.tolist()]
        self.tuning.show_tuning(tuning, self._readable(colors_of(points, self._column or "value")))

    def _readable(self, colors: Sequence[str]) -> list[str]:
        return list(colors) if self._colours is None else [self._colours.readable(color) for color in colors]

    def _make_room(self, for_tuning: bool) -> None:
        """The tuning curve takes no room while there is none."""
        there = self.tuning.scene() is not None
        if for_tuning and not there:
            self.graphics.addItem(self.tuning, 0, 1)
            self.graphics.ci.layout.setColumnStretchFactor(1, 2)
        elif there and not for_tuning:
            self.graphics.removeItem(self.tuning)

    def _on_group(self, _: int) -> None:
        self.configured.emit({"group_by": self.group.currentData() or ""})

    def _lay_out(self) -> None:
        self.group.setAccessibleName("Group events by")
        self.group.setMinimumContentsLength(6)
        self.group.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        needs_focus_to_scroll(self.group)
        self.graphics.addItem(self.response, 0, 0)
        self.graphics.ci.layout.setColumnStretchFactor(0, 3)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.pages.addWidget(self.graphics)
        self.pages.addWidget(self.hint)
        self.pages.setCurrentWidget(self.hint)
        self.graphics.setMinimumSize(200, 110)
        self.graphics.setAccessibleName("Average around events, and tuning")
        label = QLabel("Events by")
        label.setBuddy(self.group)
        row = QHBoxLayout()
        for widget in (label, self.group, _with_room(self.before), _with_room(self.after)):
            row.addWidget(widget)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.pages, 1)


def _seconds(sign: str, what: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(0.0, _LONGEST)
    spin.setDecimals(1)
    spin.setPrefix(sign)
    spin.setSuffix(" s")
    spin.setAccessibleName(what)
    spin.setAccessibleDescription(what)
    spin.setToolTip(what)
    spin.setKeyboardTracking(False)
    needs_focus_to_scroll(spin)
    return spin


def _with_room(spin: QDoubleSpinBox) -> QWidget:
    """A field that is not made narrower than its text: napari's style has a width of its own for fields."""
    room = QWidget()
    room.setMinimumWidth(_ROOM)
    layout = QHBoxLayout(room)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(spin)
    return room
