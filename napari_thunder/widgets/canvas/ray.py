"""The voxels of a volume that lie under the mouse, one behind the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Voxel = tuple[int, int, int]


def voxels_under(viewer: Any, layer: Any, position: Any) -> NDArray[np.intp] | None:
    """The voxels (n, 3) of a layer (…, z, y, x) at a place, front to back; one in 2-D; None beside the volume.

    Parameters
    ----------
    viewer
        In whose canvas the place is.
    layer
        With a volume as its last axes; lies wherever its scale and translation say.
    position
        In world coordinates, as napari's cursor and mouse events have it.
    """
    shape = np.array(_shape(layer)[-3:] if not getattr(layer, "rgb", False) else _shape(layer)[-4:-1])
    if viewer.dims.ndisplay == 2:
        voxel = np.round(np.asarray(layer.world_to_data(position))[-3:]).astype(int)
        return voxel[None] if ((voxel >= 0) & (voxel < shape)).all() else None
    further = viewer.dims.ndim - layer.ndim
    if min(viewer.dims.displayed) < further:
        return None
    ray = viewer.scene.camera.calculate_nd_view_direction(viewer.dims.ndim, viewer.dims.displayed)[further:]
    seen = [axis - further for axis in viewer.dims.displayed]
    start, end = layer.get_ray_intersections(np.asarray(position)[further:], ray, seen, world=True)
    if start is None or end is None:
        return None
    start, end = np.asarray(start)[-3:], np.asarray(end)[-3:]
    steps = int(2 * np.abs(end - start).max()) + 2
    return np.clip(np.round(np.linspace(start, end, steps)).astype(int), 0, shape - 1)


def best_seen(voxels: NDArray[np.intp], strength: NDArray[Any]) -> Voxel | None:
    """The voxel of the largest strength, the first of several; None if none has any."""
    strength = np.nan_to_num(strength)
    if not strength.any():
        return None
    z, y, x = voxels[int(strength.argmax())]
    return int(z), int(y), int(x)


def map_strength(layer: Any, voxels: NDArray[np.intp]) -> NDArray[Any]:
    """How much of a map is seen at these voxels: opacity, or absolute value."""
    values = layer.data[tuple(voxels.T)]
    return values[:, 3] if getattr(layer, "rgb", False) else np.abs(np.nan_to_num(values))


def _shape(layer: Any) -> tuple[int, ...]:
    data = layer.data[0] if layer.multiscale else layer.data
    return tuple(data.shape)
