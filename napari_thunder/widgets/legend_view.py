"""The legend of a map, in the dock; and as a picture for the canvas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_thunder.display import Bar, Legend, Swatches, Wheel

_WIDTH = 168
_SIDE = 140
_LINE = 18
_BAR = 14
_WORDS = 11
_MOST_ROWS = 12


class LegendView(QWidget):
    """A colour wheel (hue is direction, distance from the middle is strength), a colour bar, or swatches with names."""

    def __init__(self) -> None:
        super().__init__()
        self._legend: Legend | None = None
        self._threshold: float | None = None
        self._picture: QImage | None = None
        self._seen: tuple[int, int] = (0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setVisible(False)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, 0 if self._legend is None else _height(self._legend))

    def show_legend(self, legend: Legend | None, threshold: float | None = None) -> None:
        """Show a legend; hidden while there is none. It is drawn anew only if it is another one."""
        if legend is self._legend and threshold == self._threshold and self.isVisibleTo(self.parentWidget()):
            return
        self._picture = None
        self._legend, self._threshold = legend, threshold
        self.setVisible(legend is not None)
        if legend is not None:
            self.setAccessibleName(_spoken(legend))
            self.setToolTip(_spoken(legend))
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._legend is None:
            return
        painter = QPainter(self)
        painter.drawImage(QPointF(max(0.0, (self.width() - _WIDTH) / 2), 0), self._drawn(self._legend))
        painter.end()

    def _drawn(self, legend: Legend) -> QImage:
        """The legend as a picture, kept until legend, colour of the text or screen is another."""
        ink, fine = self.palette().windowText().color(), max(1, round(self.devicePixelRatioF()))
        if self._picture is None or self._seen != (ink.rgba(), fine):
            self._seen = ink.rgba(), fine
            self._picture = _image_of(legend_pixels(legend, ink, self._threshold, times=fine))
            self._picture.setDevicePixelRatio(fine)
        return self._picture


def legend_pixels(
    legend: Legend, ink: QColor, threshold: float | None = None, heading: str = "", times: int = 1
) -> NDArray[np.uint8]:
    """A legend as a picture (y, x, 4) uint8, for the canvas; `heading` goes above it, all `times` as large."""
    room = _LINE if heading else 0
    image = QImage(_WIDTH * times, (_height(legend) + room) * times, QImage.Format.Format_RGBA8888)
    image.fill(QColor(0, 0, 0, 0))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(times, times)
    painter.setPen(ink)
    if heading:
        _small(painter, bold=True)
        _write(painter, QRectF(0, 0, _WIDTH, room), heading)
        painter.translate(0, room)
    _draw(painter, legend, threshold)
    painter.end()
    pixels = image.constBits().asstring(image.sizeInBytes())
    return np.frombuffer(pixels, np.uint8).reshape(image.height(), image.width(), 4).copy()


def title_pixels(text: str, ink: QColor, times: int = 1) -> NDArray[np.uint8]:
    """A title alone as a picture (y, x, 4) uint8, for a map that has no legend."""
    return legend_pixels(Swatches("", ()), ink, heading=text, times=times)


def _height(legend: Legend) -> int:
    if isinstance(legend, Wheel):
        return _LINE + _SIDE + _LINE
    if isinstance(legend, Bar):
        return _LINE + _BAR + _LINE
    rows = min(len(legend.entries), _MOST_ROWS) + (len(legend.entries) > _MOST_ROWS)
    return _LINE * (rows + bool(legend.title))


def _draw(painter: QPainter, legend: Legend, threshold: float | None) -> None:
    """Draw a legend into (0, 0, _WIDTH, _height(legend))."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _small(painter)
    if isinstance(legend, Bar):
        _draw_bar(painter, legend, threshold)
        return
    if legend.title:
        _write(painter, QRectF(0, 0, _WIDTH, _LINE), legend.title)
        painter.translate(0, _LINE)
    if isinstance(legend, Wheel):
        _draw_wheel(painter, legend, threshold)
    else:
        _draw_swatches(painter, legend)


def _draw_wheel(painter: QPainter, wheel: Wheel, threshold: float | None) -> None:
    left = (_WIDTH - _SIDE) / 2
    painter.drawImage(QPointF(left, 0), _image_of(wheel.image(_SIDE, threshold)))
    for label in wheel.labels(_SIDE):
        box = QRectF(left + label.x - _SIDE / 4, label.y - _LINE / 2, _SIDE / 2, _LINE)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label.text)
    if wheel.strength:
        low, high = wheel.limits
        _write(painter, QRectF(0, _SIDE, _WIDTH, _LINE), f"opacity: {wheel.strength} {low:.2g} – {high:.2g}")


def _draw_bar(painter: QPainter, bar: Bar, threshold: float | None) -> None:
    _write(painter, QRectF(0, 0, _WIDTH, _LINE), f"{bar.title} ({bar.units})" if bar.units else bar.title)
    painter.drawImage(QPointF(0, _LINE), _image_of(bar.image(_WIDTH, _BAR, threshold)))
    painter.drawRect(QRectF(0.5, _LINE + 0.5, _WIDTH - 1, _BAR - 1))
    metrics = QFontMetricsF(painter.font())
    for at, text in bar.ticks():
        wide = metrics.horizontalAdvance(text)
        left = min(max(0.0, at * _WIDTH - wide / 2), _WIDTH - wide)
        painter.drawText(QPointF(left, _LINE + _BAR + metrics.ascent() + 2), text)


def _draw_swatches(painter: QPainter, swatches: Swatches) -> None:
    for row, (name, rgb) in enumerate(swatches.entries[:_MOST_ROWS]):
        painter.fillRect(QRectF(2, row * _LINE + 3, 12, 12), QColor(*rgb))
        _write(painter, QRectF(22, row * _LINE, _WIDTH - 22, _LINE), name, Qt.AlignmentFlag.AlignLeft)
    if (more := len(swatches.entries) - _MOST_ROWS) > 0:
        _write(painter, QRectF(22, _MOST_ROWS * _LINE, _WIDTH - 22, _LINE), f"… and {more} more")


def _write(painter: QPainter, box: QRectF, text: str, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter) -> None:
    """One line of text, shortened if it is too long."""
    short = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, box.width())
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, short)


def _small(painter: QPainter, *, bold: bool = False) -> None:
    font = painter.font()
    font.setPixelSize(_WORDS)
    font.setBold(bold)
    painter.setFont(font)


def _spoken(legend: Legend) -> str:
    if isinstance(legend, Wheel):
        low, high = legend.limits
        return (
            f"Colour wheel: {legend.title}. Opacity: {legend.strength}, {low:.3g} in the middle to {high:.3g} and more "
            "at the rim."
        )
    if isinstance(legend, Bar):
        low, high = legend.limits
        return f"Colour bar: {legend.title}, from {low:.3g} to {high:.3g} {legend.units}".rstrip() + "."
    return f"{legend.title}: {', '.join(name for name, _ in legend.entries)}."


def _image_of(rgba: NDArray[np.uint8]) -> QImage:
    height, width = rgba.shape[:2]
    return QImage(rgba.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
