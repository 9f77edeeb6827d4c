"""Reading and writing regions: GeoJSON, ImageJ's ROIs, label images; cells of suite2p, CaImAn and NWB are read."""

from napari_thunder.io.regions.registry import (
    RegionFormat,
    read_region_formats,
    read_regions,
    region_formats,
    write_regions,
)
from napari_thunder.io.regions.stored_traces import read_traces

__all__ = ["RegionFormat", "read_region_formats", "read_regions", "read_traces", "region_formats", "write_regions"]
