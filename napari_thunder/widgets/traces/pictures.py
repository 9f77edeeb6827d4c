"""Plots as pictures: for a file, or for the clipboard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QPoint, QRect, QRectF
from qtpy.QtGui import QImage, QPainter
from qtpy.QtSvg import QSvgGenerator

from napari_thunder.errors import ThunderError
from napari_thunder.io.whole import written_whole
from napari_thunder.widgets.traces.plotting import pg

_SCALE = 2
"""Pixels of a picture for each on the screen, so that it can be printed."""


class PictureError(ThunderError):
    """A picture could not be made or saved."""


def image_of(plot: pg.GraphicsLayoutWidget) -> QImage:
    """A plot as it is on the screen, finer."""
    size = plot.viewport().size()
    image = QImage(size * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(plot.backgroundBrush().color())
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    plot.render(painter)
    painter.end()
    image.setDevicePixelRatio(1.0)
    return image


def svg_of(plot: pg.GraphicsLayoutWidget) -> bytes:
    """A plot as it is on the screen, as lines and text."""
    buffer, size = QBuffer(), plot.viewport().size()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(plot.logicalDpiX())
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(0, 0), size))
    generator.setTitle("napari-thunder")
    painter = QPainter(generator)
    painter.fillRect(QRect(QPoint(0, 0), size), plot.backgroundBrush())
    plot.render(painter, QRectF(QRect(QPoint(0, 0), size)), plot.viewport().rect())
    painter.end()
    return bytes(buffer.data())


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot on its way to a file: drawn in the window's thread, encoded and written by `save` in any."""

    path: Path
    content: QImage | bytes

    def save(self) -> Path:
        """Write it.

        Raises
        ------
        PictureError
            If it cannot be written; a file that was there stays as it was.
        """
        with written_whole(self.path, PictureError) as draft:
            draft.write_bytes(self.content if isinstance(self.content, bytes) else _png(self.content))
        return self.path


def draw_picture(plot: pg.GraphicsLayoutWidget, path: str | Path) -> Picture:
    """Draw a plot for a file, as SVG or PNG by the path's ending; PNG if it has another."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".svg", ".png"):
        path = path.with_name(f"{path.name}.png")
    return Picture(path, svg_of(plot) if path.suffix.lower() == ".svg" else image_of(plot))


def picture_for_clipboard(plot: pg.GraphicsLayoutWidget) -> QMimeData:
    """A plot for other programs to paste, as lines where they can."""
    data = QMimeData()
    data.setImageData(image_of(plot))
    data.setData("image/svg+xml", QByteArray(svg_of(plot)))
    return data


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())
