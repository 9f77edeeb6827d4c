"""What lies on a line over time: a still brain gives straight stripes, a moving one wavy ones."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from napari_thunder.blocks import Block, Box
from napari_thunder.errors import RegistrationError
from napari_thunder.registration.apply import field_of
from napari_thunder.registration.shifts import Shifts

Array = NDArray[Any]

_MOST_POINTS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Places along a line.

    Parameters
    ----------
    places
        (points, width, 3) in voxels (z, y, x): the points of the line, and those beside each that it is averaged over.
    distance
        (points,) along the line, in µm or voxels.
    """

    places: NDArray[np.float32] = field(repr=False)
    distance: NDArray[np.float32] = field(repr=False)

    @property
    def box(self) -> tuple[Box, Box]:
        """First voxel (z, y, x) that is needed, and the one after the last."""
        flat = self.places.reshape(-1, 3)
        low, high = np.floor(flat.min(axis=0)), np.ceil(flat.max(axis=0)) + 1
        return _three(low), _three(high)


def line_along(
    corners: ArrayLike,
    space: tuple[int, int, int],
    *,
    width: int = 3,
    across: int = 0,
    voxel_size: tuple[float, float, float] | None = None,
) -> Line:
    """Places along a path, about a voxel apart.

    Parameters
    ----------
    corners
        (n, 3) of the path in voxels (z, y, x).
    space
        Shape (z, y, x) of the volume; places are moved into it.
    width
        Places beside each other that are averaged, a voxel apart, in the plane that was drawn on.
    across
        Axis that the path was looked at along: 0 for z, 1 for y, 2 for x.
    voxel_size
        (z, y, x) in µm, to measure the distance in; in voxels when left out.

    Raises
    ------
    RegistrationError
        If the path has no length.
    """
    path = np.clip(np.asarray(corners, np.float64).reshape(-1, 3), 0, np.array(space) - 1)
    steps = np.diff(path, axis=0)
    lengths = np.sqrt((steps**2).sum(axis=1))
    if len(path) < 2 or lengths.sum() < 1:
        raise RegistrationError("The line is shorter than a voxel inside the brain. Draw a longer one.")
    at = np.linspace(0, lengths.sum(), min(_MOST_POINTS, math.ceil(lengths.sum()) + 1))
    known = np.concatenate([[0], np.cumsum(lengths)])
    points = np.stack([np.interp(at, known, path[:, axis]) for axis in range(3)], axis=1)
    beside = _beside(points, across)
    offsets = np.arange(width) - (width - 1) / 2
    places = points[:, None] + beside[:, None] * offsets[None, :, None]
    size = np.array(voxel_size or (1, 1, 1))
    walked = np.sqrt(((np.diff(points, axis=0) * size) ** 2).sum(axis=1))
    distance = np.concatenate([[0], np.cumsum(walked)])
    return Line(np.clip(places, 0, np.array(space) - 1).astype(np.float32), distance.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Kymograph:
    """Profiles along a line of a stretch of frames, as they were recorded and with their motion undone.

    Call it with a block's voxels and the block; it gives `raw` and `registered` (t, points) float32, NaN outside the
    frame. Only the places on the line are looked up, each where the motion took it.

    Parameters
    ----------
    line
        The places.
    shifts
        Of all frames.
    """

    line: Line
    shifts: Shifts

    def __call__(self, block: Array, about: Block) -> dict[str, Array]:
        origin = np.array([s.start for s in about.padded], float)
        places = self.line.places.astype(np.float64)
        raw = np.empty((len(block), len(places)), np.float32)
        registered = np.empty_like(raw)
        for i, t in enumerate(range(*about.times)):
            volume = np.asarray(block[i], np.float32)
            raw[i] = self._profile(volume, places, origin)
            moved = places + self._shift_at(t)
            inside = np.asarray(((moved >= 0) & (moved <= np.array(self.shifts.space) - 1)).all(axis=-1))
            registered[i] = self._profile(volume, np.nan_to_num(moved), origin, inside)
        return {"raw": raw, "registered": registered}

    def blocks(self, n_frames: int, chunk: int = 1, at_most: int = 32) -> list[Block]:
        """The stretches of time of the box that is needed, at borders of chunks of so many frames."""
        reach = [math.ceil(s) + 1 for s in self.shifts.largest]
        low, high = self.line.box
        start = _three(max(0, a - r) for a, r in zip(low, reach, strict=True))
        stop = _three(min(n, b + r) for b, r, n in zip(high, reach, self.shifts.space, strict=True))
        step = max(1, chunk) * max(1, math.ceil(n_frames / max(1, chunk) / at_most))
        return [
            Block(i, (first, min(first + step, n_frames)), start, stop)
            for i, first in enumerate(range(0, n_frames, step))
        ]

    def _shift_at(self, t: int) -> NDArray[np.float64]:
        """(points, width, 3) of a frame, interpolated between the centres of the blocks."""
        values = self.shifts.values[t]
        if self.shifts.grid == (1, 1, 1):
            return np.broadcast_to(values.reshape(3).astype(np.float64), self.line.places.shape)
        low, high = self.line.box
        whole = field_of(values, self.shifts.centers, (low, high))
        at = (self.line.places - np.array(low, np.float32)).reshape(-1, 3).T
        found = [map_coordinates(axis, at, order=1, mode="nearest") for axis in whole]
        return np.stack(found, axis=-1).reshape(self.line.places.shape)

    def _profile(
        self, volume: Array, places: NDArray[np.float64], origin: NDArray[np.float64], inside: Array | None = None
    ) -> Array:
        at = (places - origin).reshape(-1, 3).T
        values = map_coordinates(volume, at, order=1, mode="nearest").reshape(places.shape[:2])
        if inside is not None:
            values[~inside] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of places that lie outside altogether
            return np.asarray(np.nanmean(values, axis=1), np.float32)


def _beside(points: NDArray[np.float64], across: int) -> NDArray[np.float64]:
    """Unit vectors (points, 3) to the side of the path, in the plane that it was drawn on."""
    along = np.gradient(points, axis=0)
    along[:, across] = 0
    normal = np.zeros(3)
    normal[across] = 1
    side = np.cross(along, normal)
    length = np.sqrt((side**2).sum(axis=1, keepdims=True))
    unit: NDArray[np.float64] = np.divide(side, length, out=np.zeros_like(side), where=length > 0)
    return unit


def _three(numbers: Any) -> Box:
    z, y, x = numbers
    return int(z), int(y), int(x)
