"""Regions: sets of voxels with a name and a colour, drawn, painted, made from maps, or read from files."""

from napari_thunder.regions.colors import COLORS
from napari_thunder.regions.of_labels import regions_of_labels
from napari_thunder.regions.plain import region_from_plain, region_to_plain
from napari_thunder.regions.region import Box, Kind, Mask, Outline, Region, region_of_mask, region_of_outline
from napari_thunder.regions.surround import surround
from napari_thunder.regions.threshold import Sign, region_above, regions_above

__all__ = [
    "COLORS",
    "Box",
    "Kind",
    "Mask",
    "Outline",
    "Region",
    "Sign",
    "region_above",
    "region_from_plain",
    "region_of_mask",
    "region_of_outline",
    "region_to_plain",
    "regions_above",
    "regions_of_labels",
    "surround",
]
