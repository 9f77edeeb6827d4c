"""From numbers to colours and layers; legends. No Qt, no napari."""

from napari_thunder.display.colormaps import CYCLIC
from napari_thunder.display.direction import direction_overlay
from napari_thunder.display.factors import factor_overlay
from napari_thunder.display.layers import (
    LayerSpec,
    layer_for_direction,
    layer_for_factors,
    layer_for_map,
    layer_for_recording,
    layers_for_result,
)
from napari_thunder.display.legend import Label, Legend, Swatches, Wheel
from napari_thunder.display.maps import MapChoice, choices, direction_of, factors_of, strengths
from napari_thunder.display.overlay import Overlay
from napari_thunder.display.status import status_text

__all__ = [
    "CYCLIC",
    "Label",
    "LayerSpec",
    "Legend",
    "MapChoice",
    "Overlay",
    "Swatches",
    "Wheel",
    "choices",
    "direction_of",
    "direction_overlay",
    "factor_overlay",
    "factors_of",
    "layer_for_direction",
    "layer_for_factors",
    "layer_for_map",
    "layer_for_recording",
    "layers_for_result",
    "status_text",
    "strengths",
]
