"""What N5's metadata says about axes, voxel size and frame interval, in the ways that are in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_thunder.io.axes import Shape
from napari_thunder.io.source import Metadata
from napari_thunder.io.spacing import spacing

_UNNAMED = {3: "xyz", 4: "xyzt", 5: "xyczt"}


def n5_axes(attributes: Mapping[str, Any], n_axes: int, *, of_frames: bool) -> str | None:
    """Letters of a dataset's axes, fastest first; None if there are too few or too many.

    Parameters
    ----------
    attributes
        Its metadata.
    n_axes
        How many it has.
    of_frames
        Whether the last axis is that of frames stacked here, of which the metadata knows nothing.
    """
    said = attributes.get("axes")
    letters = "".join(str(name).lower()[:1] for name in said) if isinstance(said, list) else ""
    if of_frames and len(letters) == n_axes - 1:
        letters += "t"
    return letters if len(letters) == n_axes and set(letters) <= set("tczyx") else _UNNAMED.get(n_axes)


def n5_metadata(attributes: Mapping[str, Any], names: str, shape: Shape) -> Metadata:
    """Voxel size and frame times by `pixelResolution`, or by `resolution` and `units`."""
    return spacing(names, *_resolution(attributes), shape)


def _resolution(attributes: Mapping[str, Any]) -> tuple[list[Any], list[str]]:
    """Steps along the axes, fastest first, and their units."""
    pixel = attributes.get("pixelResolution")
    if isinstance(pixel, dict):
        sizes = list(pixel.get("dimensions", ()))
        return sizes, [str(pixel.get("unit", ""))] * len(sizes)
    steps, units = attributes.get("resolution"), attributes.get("units")
    known = isinstance(steps, list) and isinstance(units, list) and len(steps) == len(units)
    return (list(steps or ()), [str(unit) for unit in units or ()]) if known else ([], [])
