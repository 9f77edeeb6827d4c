"""Regions as the `labels` of an OME-Zarr 0.5: label images with names and colours.

Each label image holds regions that share no voxel; where regions overlap there are several. What is written is a
group that can be put as `labels` into an OME-Zarr image. Read are such groups, images that have one (0.4 too), and
single label images.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.labels import (
    Look,
    check_label_type,
    fit_labels,
    label_planes,
    label_type,
    regions_of_labels,
    sheets,
)
from napari_thunder.regions import Box, Region

Node = Any
"""A group or an array of Zarr, whose own types say too little to be of use."""

_VERSION = "0.5"
_CHUNK = 1024


def write(regions: Sequence[Region], path: Path, voxel_size: tuple[float, float, float] | None) -> None:
    """Write label i + 1 where the i-th region is."""
    found = sheets(regions)
    names = ["regions" if i == 0 else f"regions_{i + 1}" for i in range(len(found))]
    group = zarr.open_group(path, mode="w-", zarr_format=3, attributes={"ome": {"version": _VERSION, "labels": names}})
    for name, sheet in zip(names, found, strict=True):
        ome = _metadata({i + 1: regions[i] for i in sheet}, name, voxel_size)
        image = group.create_group(name, attributes={"ome": ome})
        volume = regions[0].volume
        dtype = label_type(len(regions))
        array = image.create_array(
            "0",
            shape=volume,
            chunks=(1, min(volume[1], _CHUNK), min(volume[2], _CHUNK)),
            dtype=dtype,
            dimension_names=("z", "y", "x"),
        )
        planes = label_planes([regions[i] for i in sheet], [i + 1 for i in sheet], dtype)
        for z, plane in enumerate(planes):
            if plane.any():
                array[z] = plane


def read(path: Path, volume: Box, plane: int | None, say: Callable[[str], None]) -> list[Region]:
    """Read every label image there is."""
    try:
        root = zarr.open_group(path, mode="r")
        images = list(_label_images(root))
    except (KeyError, ValueError, TypeError, FileNotFoundError) as error:
        raise RegionError(f"{path}: cannot be read as OME-Zarr ({error}).") from error
    if not images:
        raise RegionError(f"{path}: there are no labels in this OME-Zarr.")
    found: list[tuple[int, Region]] = []
    for name, ome, array in images:
        where = f"{path}/{name}"
        check_label_type(array.dtype, where)
        first, shape = fit_labels(array.shape, volume, plane, where)
        try:
            values = np.asarray(array[...]).reshape(shape)
        except (ValueError, RuntimeError, TypeError) as error:
            raise RegionError(f"{where}: cannot be read ({error}).") from error
        found += regions_of_labels(values, first, volume, _looks(ome), where).items()
    if len({label for label, _ in found}) == len(found):
        # images that number their labels together, as ours do, are one list
        found.sort(key=lambda one: one[0])
    return [region for _, region in found]


def _metadata(regions: dict[int, Region], name: str, voxel_size: tuple[float, float, float] | None) -> dict[str, Any]:
    unit = {} if voxel_size is None else {"unit": "micrometer"}
    scale = [{"type": "scale", "scale": list(voxel_size or (1.0, 1.0, 1.0))}]
    colors = [{"label-value": label, "rgba": _rgba(region.color)} for label, region in regions.items()]
    properties = [{"label-value": label, "name": region.name} for label, region in regions.items()]
    return {
        "version": _VERSION,
        "multiscales": [
            {
                "name": name,
                "axes": [{"name": axis, "type": "space", **unit} for axis in "zyx"],
                "datasets": [{"path": "0", "coordinateTransformations": scale}],
            }
        ],
        "image-label": {"colors": colors, "properties": properties},
    }


def _label_images(root: Node) -> Iterator[tuple[str, dict[str, Any], Node]]:
    """Name, metadata and full-size array of each label image in a group, its `labels`, or the group itself."""
    ome = _ome(root)
    if "image-label" in ome:
        yield ".", ome, _array(root, ome)
    elif isinstance(ome.get("labels"), list):
        for name in ome["labels"]:
            image = root[name]
            yield name, _ome(image), _array(image, _ome(image))
    elif "labels" in root:
        yield from _label_images(root["labels"])


def _array(image: Node, ome: dict[str, Any]) -> Node:
    array = image[ome["multiscales"][0]["datasets"][0]["path"]]
    if not isinstance(array, zarr.Array):
        raise ValueError("the label image has no array where it says")
    if "pickle" in str(getattr(array.metadata, "filters", "")).lower():
        raise ValueError("its values are pickled, which this program does not read")
    return array


def _ome(group: Any) -> dict[str, Any]:
    """The OME metadata, which 0.4 has on the top of the attributes and 0.5 under `ome`."""
    attributes = dict(group.attrs)
    ome = attributes.get("ome", attributes)
    return ome if isinstance(ome, dict) else {}


def _looks(ome: dict[str, Any]) -> dict[int, Look]:
    label = ome.get("image-label")
    stored = label if isinstance(label, dict) else {}
    colors = {c["label-value"]: _hex(c.get("rgba")) for c in _listed(stored, "colors")}
    names = {p["label-value"]: _text(p.get("name")) for p in _listed(stored, "properties")}
    return {value: (names.get(value), colors.get(value)) for value in colors.keys() | names.keys()}


def _listed(stored: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = stored.get(key)
    listed = entries if isinstance(entries, list) else []
    return [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("label-value"), int)]


def _rgba(color: str) -> list[int]:
    return [*(int(color[a : a + 2], 16) for a in (1, 3, 5)), 255]


def _hex(rgba: Any) -> str | None:
    try:
        color = "#{:02x}{:02x}{:02x}".format(*(int(c) for c in rgba[:3]))
    except (TypeError, ValueError, IndexError):
        return None
    return color if re.fullmatch("#[0-9a-f]{6}", color) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
