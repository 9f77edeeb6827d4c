"""What OME-Zarr 0.5 says of a store's image and labels."""

from __future__ import annotations

import itertools
from typing import Any

from napari_thunder.io.storing.layout import Factors, StoreLayout, VoxelSize

_METHOD = (
    "Means over boxes of the next finer level, rounded to even for whole numbers; NaN are left out. Space only: every "
    "level has every frame."
)


def ome_attributes(
    name: str, layout: StoreLayout, voxel_size: VoxelSize | None, frame_interval: float | None
) -> dict[str, Any]:
    """The `ome` attributes of the image.

    Parameters
    ----------
    name
        Of the image.
    layout
        Of the store.
    voxel_size
        (z, y, x) in µm, or None if it is not known.
    frame_interval
        Between frames in s, or None if it is not known. Irregular times are in the array `frame_times`.
    """
    time = {"name": "t", "type": "time"} | ({} if frame_interval is None else {"unit": "second"})
    datasets = _datasets(layout, voxel_size, (frame_interval or 1.0,))
    image: dict[str, Any] = {"name": name, "axes": [time, *_space_axes(voxel_size)], "datasets": datasets}
    if len(datasets) > 1:
        image |= {"type": "mean", "metadata": {"description": _METHOD, "method": "napari_thunder"}}
    return {"version": "0.5", "multiscales": [image]}


def label_attributes(name: str, layout: StoreLayout, voxel_size: VoxelSize | None) -> dict[str, Any]:
    """The attributes of a mask (z, y, x) that is stored as a label image, 1 inside, on as many levels as the image."""
    datasets = _datasets(layout, voxel_size, ())
    image = {"name": name, "axes": _space_axes(voxel_size), "datasets": datasets}
    label = {
        "colors": [{"label-value": 1, "rgba": [255, 255, 255, 255]}],
        "properties": [{"label-value": 1, "name": name}],
        "source": {"image": "../../"},
    }
    return {"ome": {"version": "0.5", "multiscales": [image], "image-label": label}}


def _space_axes(voxel_size: VoxelSize | None) -> list[dict[str, str]]:
    unit = {} if voxel_size is None else {"unit": "micrometer"}
    return [{"name": axis, "type": "space", **unit} for axis in "zyx"]


def _datasets(layout: StoreLayout, voxel_size: VoxelSize | None, interval: tuple[float, ...]) -> list[dict[str, Any]]:
    size = tuple(float(v) for v in voxel_size or (1.0, 1.0, 1.0))
    whole = itertools.accumulate(layout.factors, _product, initial=(1, 1, 1))
    return [
        {"path": array.key, "coordinateTransformations": _transforms(factors, size, interval)}
        for array, factors in zip(layout.levels, whole, strict=True)
    ]


def _transforms(factors: Factors, size: tuple[float, ...], interval: tuple[float, ...]) -> list[dict[str, Any]]:
    """Scale, and where the middle of the first voxel lies from that of the finest level."""
    scale = [*interval, *(s * f for s, f in zip(size, factors, strict=True))]
    if factors == (1, 1, 1):
        return [{"type": "scale", "scale": scale}]
    middle = [0.0] * len(interval) + [s * (f - 1) / 2 for s, f in zip(size, factors, strict=True)]
    return [{"type": "scale", "scale": scale}, {"type": "translation", "translation": middle}]


def _product(one: Factors, other: Factors) -> Factors:
    z, y, x = (a * b for a, b in zip(one, other, strict=True))
    return z, y, x
