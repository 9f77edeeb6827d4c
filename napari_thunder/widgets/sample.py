"""Sample data: a zebrafish whose answers are known."""

from __future__ import annotations

from napari.types import LayerData

from napari_thunder.simulation import sample
from napari_thunder.widgets.reader import recording_layers


def simulated_fish() -> list[LayerData]:
    """A simulated zebrafish that responds to motion in eight directions; made beside the window when first seen."""
    return recording_layers(sample())
