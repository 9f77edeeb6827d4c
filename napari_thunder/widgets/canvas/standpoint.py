"""Where recordings are looked at from: kept when their voxel size becomes known, changed for one of another size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class _Standpoint:
    """Sliders and camera, when they were left."""

    point: tuple[float, ...]
    center: tuple[float, ...]
    zoom: float


class Standpoints:
    """Turns the eye from one recording to another.

    Recordings that fill the same space are seen from the same place, so that they compare. One of another size is
    seen whole at first, and later from where it was left.

    Parameters
    ----------
    viewer
        Whose sliders and camera are moved.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._left: dict[int, _Standpoint] = {}
        self._key: int | None = None
        self._space: np.ndarray[Any, Any] | None = None

    def turn_to(self, key: int, layer: Any) -> None:
        """Look at this recording now."""
        before, self._space = self._space, _space_of(layer)
        self._leave()
        self._key = key
        if before is None or not np.allclose(before, self._space):
            self._go(self._left.get(key), layer)
        self._enter(layer)

    def amended(self, key: int, layer: Any) -> None:
        """The space that this recording fills has changed."""
        if key == self._key:
            self._space = _space_of(layer)
        self._left.pop(key, None)

    def forget(self, key: int) -> None:
        """The recording is gone."""
        self._left.pop(key, None)
        if key == self._key:
            self._key = None

    def _leave(self) -> None:
        if self._key is not None:
            camera, dims = self._viewer.scene.camera, self._viewer.dims
            self._left[self._key] = _Standpoint(tuple(dims.point), tuple(camera.center), float(camera.zoom))

    def _go(self, left: _Standpoint | None, layer: Any) -> None:
        camera, dims = self._viewer.scene.camera, self._viewer.dims
        if left is None or len(left.point) != dims.ndim:
            self._viewer.fit_to_view(layers=[layer])
            middle = layer.data_to_world(np.array(layer.data.shape) // 2)
            dims.set_point(dims.ndim - 3, float(middle[-3]))
            return
        dims.set_point(list(range(dims.ndim)), list(left.point))
        camera.center, camera.zoom = left.center, left.zoom

    def _enter(self, layer: Any) -> None:
        """Never stand before its first or behind its last frame, nor above or below it."""
        dims = self._viewer.dims
        further, at = dims.ndim - layer.ndim, np.array(layer.world_to_data(dims.point), float)
        last = np.array(layer.data.shape) - 1
        outside = (np.round(at) < 0) | (np.round(at) > last)
        middle = np.array([last[0], *(last[1:] // 2)])
        world = layer.data_to_world(np.where(outside, middle, at))
        axes = [axis for axis in np.flatnonzero(outside) if axis + further not in dims.displayed]
        if axes:
            dims.set_point([further + int(axis) for axis in axes], [float(world[axis]) for axis in axes])


def _space_of(layer: Any) -> np.ndarray[Any, Any]:
    """Corners (2, 3) of the volume that a recording fills."""
    return np.array(layer.extent.world)[:, -3:]


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
