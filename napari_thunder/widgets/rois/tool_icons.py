"""Icons of the tools, in the colour of the theme's text."""

from __future__ import annotations

from qtpy.QtCore import QByteArray, QRectF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtSvg import QSvgRenderer

_DRAWINGS = {
    "polygon": '<path d="M4 9 12 3 20 9 17 20 7 20Z"/>',
    "rectangle": '<rect x="3.5" y="6" width="17" height="12"/>',
    "ellipse": '<ellipse cx="12" cy="12" rx="9" ry="6.5"/>',
    "freehand": '<path d="M6 19C0 15 3 6 9 7s4-4 8-3 5 7 2 11-9 6-13 4Z"/>',
    "paint": '<path d="M20 4 10 14"/><path d="M10 14c-3-1-5 1-5 3 0 1.5-1 2.5-2 3 4 1 8 0 9-3 0-1.5-.7-2.5-2-3Z"'
    ' fill="currentColor"/>',
    "erase": '<path d="M4 15 13 5l7 6.5-8 8.5H8Z"/><path d="M8.5 10 15.5 16.5M12 20h9"/>',
    "move": '<path d="M12 3v18M3 12h18M9.5 5.5 12 3l2.5 2.5M9.5 18.5 12 21l2.5-2.5M5.5 9.5 3 12l2.5'
    ' 2.5M18.5 9.5 21 12l-2.5 2.5"/>',
    "points": '<path d="M5 18 9 6l10 3"/><rect x="3" y="16" width="4" height="4" fill="currentColor"/>'
    '<rect x="7" y="4" width="4" height="4" fill="currentColor"/>'
    '<rect x="17" y="7" width="4" height="4" fill="currentColor"/>',
}
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"'
    ' stroke-linecap="round" stroke-linejoin="round">{}</svg>'
)
_PIXELS = 48


def tool_icon(name: str, text: QColor) -> QIcon:
    """The icon of a tool, in this colour, and faint where its button is disabled."""
    icon = QIcon()
    icon.addPixmap(_pixmap(name, text, 1.0), QIcon.Mode.Normal)
    icon.addPixmap(_pixmap(name, text, 0.35), QIcon.Mode.Disabled)
    return icon


def _pixmap(name: str, text: QColor, opacity: float) -> QPixmap:
    drawn = _SVG.format(_DRAWINGS[name]).replace("currentColor", text.name())
    pixmap = QPixmap(_PIXELS, _PIXELS)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    QSvgRenderer(QByteArray(drawn.encode())).render(painter, QRectF(0, 0, _PIXELS, _PIXELS))
    painter.end()
    return pixmap
