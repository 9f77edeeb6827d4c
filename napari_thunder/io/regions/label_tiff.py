"""Regions as a label image in TIFF: (z, y, x) uint16, an ImageJ stack with names and colours in its Info."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tifffile

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.labels import (
    Look,
    check_label_type,
    fit_labels,
    label_planes,
    overlap,
    regions_of_labels,
    sheets,
)
from napari_thunder.regions import Box, Region

_KEY = "napari-thunder regions"
_MOST_LABELS = 2**16 - 1


def write(regions: Sequence[Region], path: Path, voxel_size: tuple[float, float, float] | None) -> None:
    """Write label i + 1 where the i-th region is."""
    if len(regions) > _MOST_LABELS:
        raise RegionError(
            f"{path.name}: a label TIFF holds {_MOST_LABELS} regions, not {len(regions)}. Write OME-Zarr."
        )
    _check_apart(regions, path)
    volume = regions[0].volume
    looks = {str(i + 1): {"name": region.name, "color": region.color} for i, region in enumerate(regions)}
    metadata: dict[str, Any] = {"axes": "ZYX", "Info": json.dumps({_KEY: looks}), "mode": "grayscale"}
    resolution = None
    if voxel_size is not None:
        metadata |= {"spacing": voxel_size[0], "unit": "um"}
        resolution = (1 / voxel_size[2], 1 / voxel_size[1])
    tifffile.imwrite(
        path,
        label_planes(regions, range(1, len(regions) + 1), "uint16"),
        shape=volume,
        dtype="uint16",
        imagej=True,
        resolution=resolution,
        metadata=metadata,
    )


def read(path: Path, volume: Box, plane: int | None, say: Callable[[str], None]) -> list[Region]:
    """Read labels, and names and colours if they are there."""
    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            check_label_type(series.dtype, path)
            first, shape = fit_labels(series.shape, volume, plane, path)
            image = series.asarray().reshape(shape)
            looks = _looks(file.imagej_metadata or {})
    except (tifffile.TiffFileError, ValueError, IndexError, TypeError) as error:
        raise RegionError(f"{path}: cannot be read as a label image ({error}).") from error
    return list(regions_of_labels(image, first, volume, looks, path).values())


def _check_apart(regions: Sequence[Region], path: Path) -> None:
    found = sheets(regions)
    if len(found) > 1:
        second = regions[found[1][0]]
        first, n = next((regions[i], n) for i in found[0] if (n := overlap(regions[i], second)))
        raise RegionError(
            f"{path.name}: {first.name} and {second.name} share {n} voxels, but a label image gives each voxel to one "
            "region. Write OME-Zarr, GeoJSON or an ImageJ .zip, which hold both, or write them apart."
        )


def _looks(metadata: dict[str, Any]) -> dict[int, Look]:
    try:
        stored = json.loads(metadata["Info"])[_KEY]
        return {int(label): (_text(look.get("name")), _hex(look.get("color"))) for label, look in stored.items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _hex(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value) else None
