"""The legend of a coloured map, in the dock; and the wheel as a picture for the canvas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_thunder.display import Legend, Swatches, Wheel

_SIDE = 168
_LINE = 20
_WORDS = 11


class LegendView(QWidget):
    """A colour wheel (hue is direction, distance from the middle is strength), or swatches with names."""

    def __init__(self) -> None:
        super().__init__()
        self._legend: Legend | None = None
        self._threshold: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setVisible(False)

    def sizeHint(self) -> QSize:
        if isinstance(self._legend, Swatches):
            return QSize(_SIDE, _LINE * len(self._legend.entries))
        return QSize(_SIDE, _SIDE)

    def show_legend(self, legend: Legend | None, threshold: float | None = None) -> None:
        """Show a legend; hidden while there is none."""
        self._legend, self._threshold = legend, threshold
        self.setVisible(legend is not None)
        if isinstance(legend, Wheel):
            self.setAccessibleName(f"Colour wheel: {legend.title}")
            self.setToolTip(
                f"Colour: {legend.title}. Opacity: {legend.strength}, {legend.limits[0]:.3g} in the middle to "
                f"{legend.limits[1]:.3g} and more at the rim."
            )
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        if isinstance(self._legend, Wheel):
            painter.translate((self.width() - _SIDE) / 2, 0)
            draw_wheel(painter, self._legend, _SIDE, self._threshold)
        elif isinstance(self._legend, Swatches):
            _draw_swatches(painter, self._legend)
        painter.end()


def wheel_pixels(wheel: Wheel, side: int, ink: QColor, threshold: float | None) -> NDArray[np.uint8]:
    """The wheel with its words as a picture (side, side, 4) uint8, for the canvas."""
    image = QImage(side, side, QImage.Format.Format_RGBA8888)
    image.fill(QColor(0, 0, 0, 0))
    painter = QPainter(image)
    painter.setPen(ink)
    draw_wheel(painter, wheel, side, threshold)
    painter.end()
    pixels = image.constBits().asstring(image.sizeInBytes())
    return np.frombuffer(pixels, np.uint8).reshape(side, side, 4).copy()


def draw_wheel(painter: QPainter, wheel: Wheel, side: int, threshold: float | None) -> None:
    """Draw a wheel and its words into the square (0, 0, side, side)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = painter.font()
    font.setPixelSize(_WORDS)
    painter.setFont(font)
    painter.drawImage(QPointF(0, 0), _image_of(wheel.image(side, threshold)))
    for label in wheel.labels(side):
        box = QRectF(label.x - side / 4, label.y - _LINE / 2, side / 2, _LINE)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label.text)


def _draw_swatches(painter: QPainter, swatches: Swatches) -> None:
    for row, (name, rgb) in enumerate(swatches.entries):
        painter.fillRect(QRectF(2, row * _LINE + 4, 12, 12), QColor(*rgb))
        painter.drawText(QPointF(22, row * _LINE + 15), name)


def _image_of(rgba: NDArray[np.uint8]) -> QImage:
    height, width = rgba.shape[:2]
    return QImage(rgba.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
