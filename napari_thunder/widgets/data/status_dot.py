"""A dot that says how the engine stands: by colour and by shape."""

from __future__ import annotations

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_thunder.models.data.connection import ConnectionState

_COLOURS = {
    ConnectionState.CONNECTED: "#3fb27f",
    ConnectionState.CONNECTING: "#e0b13f",
    ConnectionState.LOST: "#e0703f",
    ConnectionState.DISCONNECTED: "#8a8a8a",
}


class StatusDot(QWidget):
    """Full when connected, half when connecting, a ring otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._state = ConnectionState.DISCONNECTED
        self.setFixedSize(14, 14)

    def show_state(self, state: ConnectionState) -> None:
        """Show this state."""
        self._state = state
        self.setToolTip(str(state))
        self.setAccessibleName(f"Engine is {state}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(_COLOURS[self._state])
        circle = QRectF(2, 2, 10, 10)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(colour if self._state is ConnectionState.CONNECTED else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        if self._state is ConnectionState.CONNECTING:
            painter.setBrush(colour)
            painter.drawPie(circle, 90 * 16, 180 * 16)
        painter.end()
