"""The canvas as a picture in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import ResultError
from napari_thunder.io.whole import written_whole
from napari_thunder.widgets.canvas.map_legends import MapLegends


def save_picture(viewer: Any, legends: MapLegends, times: int, write: Callable[[Callable[[Path], None]], None]) -> None:
    """Take a picture of the canvas with all that stands on it, and have it written elsewhere.

    Parameters
    ----------
    viewer
        Whose canvas.
    legends
        On it.
    times
        How many times as fine as on the screen, 1 to 4.
    write
        Gets a function that writes the picture to a path, to call it on another thread.
    """
    with _enlarged(viewer, legends, times):
        pixels = viewer.screenshot(canvas_only=True, flash=False, scale=times if times > 1 else None)
    write(lambda path: write_png(pixels, path))


@contextmanager
def _enlarged(viewer: Any, legends: MapLegends, times: int) -> Iterator[None]:
    """Everything on the canvas `times` as large, as the canvas itself is while its picture is taken."""
    if times == 1:
        yield
        return
    camera, words = viewer.scene.camera, [viewer.canvas.overlays.scale_bar, viewer.canvas.overlays.text]
    zoom, sizes = camera.zoom, [overlay.font_size for overlay in words]
    try:
        camera.zoom = zoom * times
        for overlay, size in zip(words, sizes, strict=True):
            overlay.font_size = size * times
        legends.enlarge(times)
        yield
    finally:
        camera.zoom = zoom
        for overlay, size in zip(words, sizes, strict=True):
            overlay.font_size = size
        legends.enlarge(1)


def write_png(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write a picture (y, x, 3 or 4) uint8: whole or not at all.

    Raises
    ------
    ResultError
        If it cannot be written.
    """
    from imagecodecs import png_encode

    with written_whole(path, ResultError) as draft:
        draft.write_bytes(png_encode(np.ascontiguousarray(pixels)))
