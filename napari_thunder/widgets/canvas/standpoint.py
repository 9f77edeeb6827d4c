"""Frame, plane and camera stay where they are when a recording's rate or voxel size becomes known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def standing_still(viewer: Any, layer: Any) -> Iterator[None]:
    """Let the scale of a layer change inside, and look at the same voxels of it afterwards.

    napari keeps the place in the world, at which other voxels lie then.
    """
    before = np.array(layer.scale, float)
    at = layer.world_to_data(viewer.dims.point)
    yield
    ratio = np.array(layer.scale, float) / before
    if np.allclose(ratio, 1):
        return
    further = viewer.dims.ndim - layer.ndim
    world = layer.data_to_world(np.round(at))
    seen = [axis - further for axis in viewer.dims.displayed]
    if min(seen) >= 0:
        _move_camera(viewer.scene.camera, ratio[seen])
    still = [axis for axis in range(layer.ndim) if axis not in seen]
    viewer.dims.set_point([further + axis for axis in still], [float(world[axis]) for axis in still])


def _move_camera(camera: Any, ratio: np.ndarray[Any, Any]) -> None:
    center = np.array(camera.center, float)
    center[-len(ratio) :] *= ratio
    camera.center = tuple(center)
    camera.zoom /= float(np.exp(np.log(ratio).mean()))
