"""The ROIs tab: regions drawn, painted, made from maps, imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


class RoisTab(Tab):
    """Regions."""

    title: ClassVar[str] = "ROIs"
    name: ClassVar[str] = "rois"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.column.addStretch(1)
