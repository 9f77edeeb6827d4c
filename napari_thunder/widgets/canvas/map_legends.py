"""The legends of the maps in sight, on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_thunder.display import LayerSpec
from napari_thunder.models import Desk
from napari_thunder.widgets.canvas.map_layers import MapLayers
from napari_thunder.widgets.canvas.wheel import show_picture
from napari_thunder.widgets.legend_view import legend_pixels, title_pixels
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer

_MOST = 3
_NAME = "thunder_legend"


class MapLegends:
    """Shows what the colours mean: of the maps in sight, the topmost first, at most three.

    Parameters
    ----------
    viewer
        On whose canvas; in the colours of its theme.
    desk
        Whose maps.
    layers
        Of these maps; those with one colormap get napari's own colour bar where this napari knows no other way.
    """

    def __init__(self, viewer: napari.viewer.Viewer, desk: Desk, main_thread: MainThread, layers: MapLayers) -> None:
        self._viewer = viewer
        self._desk = desk
        self._layers = layers
        self._pair: tuple[int, int] | None = None
        self._times = 1
        self._seen: dict[str, tuple[Any, ...]] = {}
        self.works = True
        viewer.events.theme.connect(self._on_theme)
        for signal in (desk.pictures.painted, desk.pictures.sighted, desk.pictures.changed, desk.pictures.fronted):
            main_thread.connect(signal, lambda *_: self.show(), newest=True)
        for signal in (desk.results.removed, desk.results.renamed, desk.results.arranged):
            main_thread.connect(signal, lambda *_: self.show(), newest=True)

    def close(self) -> None:
        """Let go of the viewer."""
        self._viewer.events.theme.disconnect(self._on_theme)

    def stand_apart(self, pair: tuple[int, int] | None) -> None:
        """Put the legends of two results into the halves of the canvas, or all into one corner again."""
        self._pair = pair
        self.show()

    def enlarge(self, times: int) -> None:
        """Draw the legends so many times as large, for a picture of the canvas."""
        self._times = times
        self.show()

    def show(self) -> None:
        """Draw the legends anew."""
        pictures = self._desk.pictures
        if self._pair is not None:
            shown: list[tuple[int, str]] = list(zip(self._pair, ("bottom_left", "bottom_right"), strict=True))
        else:
            keys = [entry.key for entry in self._desk.results if pictures.in_sight(entry.key)]
            shown = [(key, "bottom_right") for key in sorted(keys, key=lambda k: k != pictures.front)[:_MOST]]
        several = len(shown) > 1
        for n in range(_MOST):
            key, corner = shown[n] if n < len(shown) else (0, "bottom_right")
            self._show_one(f"{_NAME}_{n}" if n else _NAME, key, corner, several)

    def _show_one(self, name: str, key: int, corner: str, several: bool) -> None:
        spec, entry = self._desk.pictures.spec(key), self._desk.results.get(key)
        if spec is None or entry is None:
            self._seen.pop(name, None)
            show_picture(self._viewer, name, None, corner)
            return
        heading, ink = entry.name if several else "", _text_colour(self._viewer)
        seen = (
            spec.thunder["legend"],
            spec.thunder.get("threshold"),
            spec.name,
            heading,
            ink.rgb(),
            self._times,
            corner,
        )
        if self.works and self._seen.get(name) == seen:
            return
        self.works = show_picture(self._viewer, name, self._drawn(spec, heading, ink), corner)
        self._seen[name] = seen
        if not self.works:
            self._fall_back(key)

    def _drawn(self, spec: LayerSpec, heading: str, ink: QColor) -> Any:
        legend = spec.thunder["legend"]
        if legend is None:
            return title_pixels(heading or spec.name, ink, self._times)
        return legend_pixels(legend, ink, spec.thunder.get("threshold"), heading, self._times)

    def _fall_back(self, key: int) -> None:
        bar = getattr(self._layers.layer(key), "colorbar", None)
        if bar is not None:
            bar.visible = True

    def _on_theme(self, _: object) -> None:
        self.show()


def _text_colour(viewer: Any) -> QColor:
    """What can be read on the canvas of the viewer's theme."""
    red, green, blue = get_theme(viewer.theme).text.as_rgb_tuple(alpha=False)
    return QColor(red, green, blue)
