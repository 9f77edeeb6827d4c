"""Three planes through a point of a volume, and the point that they go through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

Array = NDArray[Any]
Voxel = tuple[int, int, int]

PLANES = {"xy": (1, 2), "xz": (0, 2), "yz": (1, 0)}
"""Axes (of z, y, x) that run down and to the right in each plane."""


class Volume(Protocol):
    """What can be cut: an array (z, y, x), or what looks like one."""

    def __getitem__(self, key: Any, /) -> Any:
        """By whole numbers and slices of all three axes."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a plane is cut, and where the point lies in it.

    Parameters
    ----------
    down, right
        Axes of the plane.
    across
        Axis that it is cut at.
    """

    down: int
    right: int
    across: int

    def of(self, volume: Volume, point: Voxel) -> Array:
        """The plane (down, right) of a volume (z, y, x) through a point."""
        key: list[Any] = [slice(None)] * 3
        key[self.across] = point[self.across]
        plane = np.asarray(volume[tuple(key)])
        return plane if self.down < self.right else plane.T

    def moved(self, point: Voxel, down: float, right: float, space: Voxel) -> Voxel:
        """The point, moved to a place in this plane; never out of the volume."""
        found = list(point)
        for axis, value in ((self.down, down), (self.right, right)):
            found[axis] = int(np.clip(np.floor(value), 0, space[axis] - 1))
        return found[0], found[1], found[2]


def cut_of(plane: str) -> Cut:
    """How a plane of `PLANES` is cut."""
    down, right = PLANES[plane]
    return Cut(down, right, 3 - down - right)


class OrthoPoint:
    """The point that the planes go through; `moved(point)` when it is another one."""

    moved = Signal(tuple)

    def __init__(self) -> None:
        self.point: Voxel = (0, 0, 0)
        self.space: Voxel = (1, 1, 1)

    def fit(self, space: Voxel) -> None:
        """Look at a volume of this shape: in its middle, if it is of another shape than that before."""
        if space != self.space:
            self.space = space
            z, y, x = (n // 2 for n in space)
            self.move((z, y, x))

    def move(self, point: Voxel) -> None:
        """Go to a point, kept inside the volume."""
        z, y, x = (int(np.clip(p, 0, n - 1)) for p, n in zip(point, self.space, strict=True))
        if (z, y, x) != self.point:
            self.point = (z, y, x)
            self.moved.emit(self.point)
