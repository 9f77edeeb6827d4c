"""Reading and writing regions: GeoJSON, ImageJ's ROIs, label images as TIFF and OME-Zarr."""

from napari_thunder.io.regions.registry import RegionFormat, read_regions, region_formats, write_regions

__all__ = ["RegionFormat", "read_regions", "region_formats", "write_regions"]
