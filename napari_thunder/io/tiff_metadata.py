"""What a TIFF says about voxel size and frame times: ImageJ's and OME's words for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_thunder.io.source import Metadata
from napari_thunder.io.units import micrometres, seconds

VoxelSize = tuple[float, float, float]


def tiff_metadata(file: tifffile.TiffFile, n_frames: int, n_planes: int) -> Metadata:
    """What the file says; nothing where it has no unit. A plane that is alone counts as 1 µm thick.

    Parameters
    ----------
    file
        The (first) file.
    n_frames, n_planes
        Of the movie.
    """
    if file.is_ome and file.ome_metadata:
        return _ome(file.ome_metadata, n_frames, n_planes)
    if file.is_imagej and file.imagej_metadata:
        return _imagej(file.imagej_metadata, file.pages.first, n_frames, n_planes)
    return Metadata()


def _ome(xml: str, n_frames: int, n_planes: int) -> Metadata:
    try:
        pixels = next(e for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("}Pixels") or e.tag == "Pixels")
    except (ElementTree.ParseError, StopIteration):
        return Metadata()
    sizes = {n: micrometres(pixels.get(f"PhysicalSize{n}"), pixels.get(f"PhysicalSize{n}Unit", "µm")) for n in "ZYX"}
    step = seconds(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"))
    return Metadata(_voxel_size(sizes["Z"], sizes["Y"], sizes["X"], n_planes), _times(step, n_frames))


def _imagej(said: Mapping[str, Any], page: tifffile.TiffPage, n_frames: int, n_planes: int) -> Metadata:
    unit = str(said.get("unit", ""))
    x, y = (_pitch(page, f"{n}Resolution", unit) for n in "XY")
    z = micrometres(said.get("spacing"), str(said.get("zunit", unit)))
    step = seconds(said.get("finterval"), str(said.get("tunit", "s")))
    if not step and said.get("fps") and float(said["fps"]) > 0 and "finterval" not in said:
        step = 1 / float(said["fps"])
    return Metadata(_voxel_size(z, y, x, n_planes), _times(step, n_frames))


def _pitch(page: tifffile.TiffPage, tag: str, unit: str) -> float | None:
    """µm for each pixel, from pixels for each unit as a fraction."""
    found = page.tags.get(tag)
    if found is None or not found.value[0] or not found.value[1]:
        return None
    return micrometres(found.value[1] / found.value[0], unit)


def _voxel_size(z: float | None, y: float | None, x: float | None, n_planes: int) -> VoxelSize | None:
    z = 1.0 if z is None and n_planes == 1 else z
    return (z, y, x) if z and y and x else None


def _times(step: float | None, n_frames: int) -> NDArray[np.float64] | None:
    return np.arange(n_frames, dtype=np.float64) * step if step and n_frames > 1 else None
