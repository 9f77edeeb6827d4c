"""A recording's time as a strip, with its events as bands."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_thunder.models.data.facts import time_text
from napari_thunder.widgets.traces.conditions import Conditions

_BAND = 22
_WORDS = 14


class EventStrip(QWidget):
    """Bands of colour, one colour and one height for each condition; the mouse reads them."""

    def __init__(self) -> None:
        super().__init__()
        self._events: Conditions | None = None
        self._end = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("When events happen")

    def sizeHint(self) -> QSize:
        return QSize(200, _BAND + _WORDS + 4)

    def show_events(self, events: Conditions, seconds: float | None) -> None:
        """Show events in a recording of so many seconds; as long as they last if that is not known."""
        last = float(events.stop.max()) if len(events.stop) else 1.0
        self._events, self._end = events, max(seconds or last, last, 1e-9)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink = self.palette().windowText().color()
        faint = QColor(ink)
        faint.setAlpha(40)
        painter.fillRect(QRectF(0, 0, self.width(), _BAND), faint)
        if self._events is not None:
            self._draw_bands(painter, self._events)
        painter.setPen(ink)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        words = QRectF(0, _BAND + 1, self.width(), _WORDS)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, "0 s")
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, time_text(self._end))
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._events is not None:
            text = self._at(event.pos().x() / max(1, self.width()) * self._end)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _draw_bands(self, painter: QPainter, events: Conditions) -> None:
        scale, n = self.width() / self._end, max(1, len(events.labels))
        bands: list[list[QRectF]] = [[] for _ in range(n)]
        for start, stop, code in zip(events.start, events.stop, events.of, strict=True):
            height = _BAND * (0.55 + 0.45 * (code + 1) / n)
            band = QRectF(start * scale, _BAND - height, max(1.5, (stop - start) * scale), height)
            bands[int(code)].append(band)
        painter.setPen(Qt.PenStyle.NoPen)
        for color, of_one in zip(events.colors, bands, strict=True):
            painter.setBrush(QColor(color))
            painter.drawRects(of_one)

    def _at(self, seconds: float) -> str:
        events = self._events
        if events is None:
            return ""
        return f"{seconds:.1f} s  {events.at(seconds)}".rstrip()
