"""What the settings say of how things look at first, told to the desk."""

from __future__ import annotations

from napari_thunder.display import CYCLIC
from napari_thunder.models import Desk
from napari_thunder.widgets.settings import on_setting, setting


class Preferences:
    """Keeps a desk in step with napari's preferences page.

    Parameters
    ----------
    desk
        Whose new pictures take the colours that were chosen.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._take_colours(str(setting("display", "direction_colormap")))
        self._unfollow = on_setting("display", "direction_colormap", self._take_colours)

    def close(self) -> None:
        """Follow no longer."""
        self._unfollow()

    def _take_colours(self, name: str) -> None:
        self._desk.pictures.direction_colormap = "" if name == CYCLIC[0] else name
