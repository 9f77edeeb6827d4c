"""The values at the ends of a colormap: typed, or taken from the map."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QToolButton, QWidget

from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll


class LimitsField(QWidget):
    """Two numbers, or one for a map that diverges around 0, and a button that gives them back to the map.

    `asked` is emitted when a person changed them; `limits` is None when they shall come from the map.
    """

    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.limits: tuple[float, float] | None = None
        self._signed = False
        self._filling = False
        self.low, self.high = self._number("Colour from"), self._number("Colour to")
        self.dash = QLabel("to")
        self.auto = QToolButton()
        self.auto.setText("Auto")
        self.auto.setAccessibleName("Colour limits from the map")
        self.auto.setCheckable(True)
        self.auto.setToolTip("Take the limits from the map, whatever it holds")
        self.auto.clicked.connect(self._ask_auto)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.low, self.dash, self.high):
            layout.addWidget(widget)
        layout.setStretch(0, 1)
        layout.setStretch(2, 1)
        layout.addWidget(self.auto)
        self.setFocusProxy(self.low)

    def show_limits(self, limits: tuple[float, float], *, found: bool, signed: bool) -> None:
        """Show limits; `found` says that they come from the map, `signed` that they are symmetric around 0."""
        self._filling, self._signed = True, signed
        self.limits = None if found else limits
        self.auto.setChecked(found)
        self.low.setVisible(not signed)
        self.dash.setText("±" if signed else "to")
        step = abs(limits[1] - limits[0]) / 50 or 0.1
        for box, value in zip((self.low, self.high), limits, strict=True):
            box.setDecimals(3 if step < 1 else 1)
            box.setSingleStep(step)
            box.setMinimum(0.001 if signed and box is self.high else -1e9)
            if not box.hasFocus():
                box.setValue(value)
        self._filling = False

    def _number(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setAccessibleName(name)
        box.setRange(-1e9, 1e9)
        box.setKeyboardTracking(False)
        box.setMinimumWidth(60)
        box.setToolTip("What is at or beyond it has the last colour")
        box.valueChanged.connect(self._ask)
        needs_focus_to_scroll(box)
        return box

    def _ask(self) -> None:
        low, high = (-self.high.value() if self._signed else self.low.value()), self.high.value()
        if not self._filling and low < high:
            self.limits = (low, high)
            self.asked.emit()

    def _ask_auto(self) -> None:
        self.limits = None
        self.auto.setChecked(True)
        self.asked.emit()
