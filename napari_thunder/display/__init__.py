"""From numbers to colours and layers; legends. No Qt, no napari."""

from napari_thunder.display.colormaps import CYCLIC
from napari_thunder.display.direction import direction_overlay
from napari_thunder.display.factors import factor_overlay
from napari_thunder.display.labels import label_overlay, label_strengths
from napari_thunder.display.layers import (
    LayerSpec,
    layer_for_direction,
    layer_for_factors,
    layer_for_labels,
    layer_for_map,
    layer_for_recording,
    layers_for_result,
)
from napari_thunder.display.legend import Bar, Label, Legend, Swatches, Wheel
from napari_thunder.display.maps import MapChoice, choices, direction_of, factors_of, strengths
from napari_thunder.display.overlay import Overlay
from napari_thunder.display.significance import probability_of, significance_title, significant
from napari_thunder.display.status import NumbersAt, status_text

__all__ = [
    "CYCLIC",
    "Bar",
    "Label",
    "LayerSpec",
    "Legend",
    "MapChoice",
    "NumbersAt",
    "Overlay",
    "Swatches",
    "Wheel",
    "choices",
    "direction_of",
    "direction_overlay",
    "factor_overlay",
    "factors_of",
    "label_overlay",
    "label_strengths",
    "layer_for_direction",
    "layer_for_factors",
    "layer_for_labels",
    "layer_for_map",
    "layer_for_recording",
    "layers_for_result",
    "probability_of",
    "significance_title",
    "significant",
    "status_text",
    "strengths",
]
