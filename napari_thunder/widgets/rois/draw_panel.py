"""The tools that regions are drawn with, and on which planes."""

from __future__ import annotations

from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import QSize
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.widgets.actions import ACTIONS
from napari_thunder.widgets.canvas.region_layers import RegionLayers
from napari_thunder.widgets.canvas.region_tools import TOOLS
from napari_thunder.widgets.rois.tool_icons import tool_icon
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_ACTIONS = {
    "polygon": "new_polygon",
    "rectangle": "new_rectangle",
    "ellipse": "new_ellipse",
    "freehand": "new_freehand",
    "paint": "paint_region",
}
_GAP = 5
"""Pixels between drawing, painting and changing."""

_NO_TOOL = "Choose a tool, then drag on the brain. Each closed line becomes a region with its own trace."


class DrawPanel(QWidget):
    """Buttons for the tools, and the planes that what is drawn reaches.

    Parameters
    ----------
    layers
        Whose tools they are.
    viewer
        Whose theme the icons follow.
    """

    def __init__(self, layers: RegionLayers, viewer: Any) -> None:
        super().__init__()
        self._layers = layers
        self._viewer = viewer
        self.buttons = {name: self._button(name) for name in TOOLS}
        self.planes = QComboBox()
        self.depth = QSpinBox()
        self.ball = QCheckBox("Ball brush")
        self.keep = QCheckBox("Draw one region after another")
        self.hint = QLabel(_NO_TOOL)
        self._lay_out()
        self._recolor()
        viewer.events.theme.connect(self._recolor)
        layers.tooled.connect(self.show_tool)
        self.show_tool()

    def let_go(self) -> None:
        """Undo the connections; the panel is about to go."""
        self._viewer.events.theme.disconnect(self._recolor)
        self._layers.tooled.disconnect(self.show_tool, missing_ok=True)

    def show_tool(self) -> None:
        """Show which tool is in hand, and what keeps from drawing."""
        why_not, current = self._layers.why_not_draw(), self._layers.tool
        for name, button in self.buttons.items():
            button.setChecked(name == current)
            say_why(button, why_not, _tip(name))
        self.hint.setText(why_not or (f"{TOOLS[current].title}: {TOOLS[current].tip}." if current else _NO_TOOL))
        self.ball.setEnabled(not why_not)
        self.planes.setEnabled(not why_not)
        self._show_reach()

    def _button(self, name: str) -> QPushButton:
        button = QPushButton()
        button.setCheckable(True)
        button.setAccessibleName(TOOLS[name].title)
        button.setAccessibleDescription(TOOLS[name].tip)
        button.setIconSize(QSize(20, 20))
        button.setFixedHeight(32)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumWidth(30)
        button.clicked.connect(lambda checked: self._use(name, checked))
        return button

    def _use(self, name: str, checked: bool) -> None:
        self._layers.use(name if checked else None)
        self.show_tool()

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(3)
        for name, button in self.buttons.items():
            tools.addSpacing(_GAP if name in ("paint", "move") else 0)
            tools.addWidget(button, 1)
        self.hint.setWordWrap(True)
        self.hint.setMinimumHeight(2 * self.hint.fontMetrics().lineSpacing())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(tools)
        layout.addLayout(self._planes_row())
        layout.addWidget(self.keep)
        layout.addWidget(self.hint)

    def _planes_row(self) -> QHBoxLayout:
        for text, data in (("This plane", "one"), ("Planes around", "some"), ("All planes", "all")):
            self.planes.addItem(text, data)
        self.planes.setAccessibleName("Planes of what is drawn")
        self.planes.setToolTip("On which planes z a new outline encloses voxels")
        self.depth.setRange(1, 999)
        self.depth.setPrefix("± ")
        self.depth.setAccessibleName("Planes above and below")
        self.depth.setToolTip("How many planes above and below the one drawn on belong to a new region")
        self.ball.setToolTip("Paint through the neighbouring planes too, not only on the plane shown")
        for widget in (self.planes, self.depth):
            needs_focus_to_scroll(widget)
        self.planes.currentIndexChanged.connect(lambda _: self._reach())
        self.depth.valueChanged.connect(lambda _: self._reach())
        self.ball.toggled.connect(lambda on: self._layers.brush(ball=on))
        self.keep.setToolTip("Keep the tool in hand; otherwise it is laid down after each region")
        self.keep.toggled.connect(self._keep)
        label = QLabel("Draw on")
        label.setBuddy(self.planes)
        row = QHBoxLayout()
        for widget in (label, self.planes, self.depth, self.ball):
            row.addWidget(widget)
        row.addStretch(1)
        self.depth.setVisible(False)
        return row

    def _keep(self, on: bool) -> None:
        self._layers.keeps_tool = on

    def _show_reach(self) -> None:
        reach = self._layers.reach
        for widget in (self.planes, self.depth):
            widget.blockSignals(True)
        self.planes.setCurrentIndex(2 if reach is None else min(reach, 1))
        self.depth.setValue(reach or self.depth.value())
        self.depth.setVisible(bool(reach))
        for widget in (self.planes, self.depth):
            widget.blockSignals(False)

    def _reach(self) -> None:
        self._layers.reach = {"one": 0, "some": self.depth.value()}.get(self.planes.currentData())

    def _recolor(self, _: object = None) -> None:
        red, green, blue = get_theme(self._viewer.theme).text.as_rgb_tuple(alpha=False)
        for name, button in self.buttons.items():
            button.setIcon(tool_icon(name, QColor(red, green, blue)))


def _tip(name: str) -> str:
    known = ACTIONS.get(_ACTIONS.get(name, ""))
    key = f" ({known.shown_keys})" if known and known.keys else ""
    return f"{TOOLS[name].title}: {TOOLS[name].tip}{key}"
