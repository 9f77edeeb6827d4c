"""Pictures on napari's canvas, such as a colour wheel: the one module that touches napari's private parts.

napari offers plugins no way to register an overlay of their own, so this registers one in its private table.
Where that fails (another napari), there is no legend on the canvas, and the one in the dock does.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import napari.viewer

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Picture:
    """Pixels that are compared by identity, as an evented field needs."""

    pixels: NDArray[np.uint8]


def show_picture(
    viewer: napari.viewer.Viewer, name: str, picture: NDArray[np.uint8] | None, position: str = "bottom_right"
) -> bool:
    """Show a picture in a corner of the canvas, or take it away.

    Parameters
    ----------
    viewer
        Whose canvas.
    name
        Of the overlay, so that it can be changed.
    picture
        (y, x, 4) uint8; None to take it away.
    position
        As napari names the corners; pictures in the same corner lie beside each other.

    Returns
    -------
    bool
        False if this napari cannot.
    """
    try:
        overlay = _overlay(viewer, name, make=picture is not None)
        if overlay is None:
            return True
        if picture is not None:
            overlay.picture = _Picture(picture)
            if overlay.position != position:
                overlay.position = position
        if overlay.visible != (picture is not None):
            overlay.visible = picture is not None
    except Exception:
        log.warning("no legend on the canvas of this napari", exc_info=True)
        return False
    return True


def _overlay(viewer: Any, name: str, *, make: bool) -> Any:
    overlays = viewer.canvas.overlays
    if name not in overlays:
        if not make:
            return None
        overlays[name] = _overlay_class()()
    return overlays[name]


@cache
def _overlay_class() -> Any:
    """The overlay's model, made and registered on first use."""
    from napari._vispy.overlays.base import ViewerOverlayMixin, VispyCanvasOverlay
    from napari._vispy.utils.visual import overlay_to_visual
    from napari.components.overlays import CanvasOverlay
    from vispy.scene.visuals import Image

    class PictureOverlay(CanvasOverlay):
        picture: Any = None

    class VispyPictureOverlay(ViewerOverlayMixin, VispyCanvasOverlay):
        def __init__(self, **given: Any) -> None:
            blank = np.zeros((1, 1, 4), np.uint8)
            super().__init__(node=Image(blank, interpolation="linear"), **given)
            self.overlay.events.picture.connect(self._on_picture)
            self._on_picture()
            self.reset()

        def _on_picture(self) -> None:
            if self.overlay.picture is None:
                return
            pixels = self.overlay.picture.pixels
            self.node.set_data(pixels)
            self.y_size, self.x_size = pixels.shape[:2]
            self._on_position_change()

        def close(self) -> None:
            self.overlay.events.picture.disconnect(self._on_picture)
            super().close()

    overlay_to_visual[PictureOverlay] = VispyPictureOverlay
    return PictureOverlay
