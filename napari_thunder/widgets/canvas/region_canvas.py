"""Regions as a volume of numbers that a brush changes, and what the brush changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.regions import Box, Mask, Region, region_of_mask

Slices = tuple[slice, slice, slice]

_MANY = 30
"""From so many boxes on, one box around them all is drawn faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """What a brush made of a region.

    Parameters
    ----------
    number
        On the canvas.
    key
        Of the region; None for a number that no region had.
    region
        Its voxels now; None if there is none left.
    """

    number: int
    key: int | None
    region: Region | None


class RegionCanvas:
    """A volume that holds at each voxel the number of the region seen there, 0 for none.

    Where regions overlap, the one that was made last is seen. A voxel that is painted goes from the region seen there
    to the one painted with; regions below it keep theirs, and are seen again when it is erased.
    Drawing and taking are for one thread at a time.

    Parameters
    ----------
    volume
        Shape (z, y, x).
    """

    def __init__(self, volume: Box) -> None:
        self.volume = volume
        self.array: NDArray[Any] = np.zeros(volume, np.uint16)
        self.numbers: dict[int, int] = {}
        self._drawn: dict[int, Region] = {}
        self._count = count(1)

    @property
    def colors(self) -> dict[int, str]:
        """Colour of each number that is drawn."""
        return {self.numbers[key]: region.color for key, region in tuple(self._drawn.items())}

    @property
    def names(self) -> dict[int, str]:
        """Name of each number that is drawn."""
        return {self.numbers[key]: region.name for key, region in tuple(self._drawn.items())}

    def key_of(self, number: int) -> int | None:
        """Which region a number stands for."""
        return next((key for key, known in tuple(self.numbers.items()) if known == number), None)

    def reserve(self) -> int:
        """A number that no region has."""
        taken = set(self.numbers.values())
        number = next(number for number in self._count if number not in taken)
        if number > np.iinfo(self.array.dtype).max:
            self.array = self.array.astype(np.uint32)
        return number

    def draw(self, wanted: Mapping[int, Region]) -> bool:
        """Show just these regions, the last on top; True if a voxel may have changed."""
        boxes: list[Slices] = []
        for key in {**self._drawn, **wanted}:
            before, now = self._drawn.get(key), wanted.get(key)
            if before is None or now is None or before.mask is not now.mask or before.corner != now.corner:
                boxes += [region.box for region in (before, now) if region is not None]
        for key in wanted:
            if key not in self.numbers:
                self.numbers[key] = self.reserve()
        self._drawn = dict(wanted)
        self._redraw(boxes)
        return bool(boxes)

    def take(self, boxes: Iterable[Slices]) -> list[Painted]:
        """What was painted in these boxes since they were drawn; `adopt` what is new, then `mend` the boxes."""
        found: dict[int, Painted] = {}
        for box in _apart(boxes):
            now = self.array[box].copy()
            seen = self._render(box)
            changed = seen != now
            if changed.any():
                for number in np.union1d(seen[changed], now[changed]):
                    if number:
                        self._repaint(int(number), box, changed & (now == number), changed & (seen == number), found)
        return list(found.values())

    def mend(self, boxes: list[Slices]) -> None:
        """Let what lies below voxels that were erased be seen again."""
        self._redraw(boxes)

    def adopt(self, number: int, region: Region) -> None:
        """Let a number that was painted stand for a region that was made of it."""
        self.numbers[region.key] = number
        self._drawn[region.key] = region

    def _repaint(self, number: int, box: Slices, gained: Mask, lost: Mask, found: dict[int, Painted]) -> None:
        key = self.key_of(number)
        before = found[number].region if number in found else self._drawn.get(key or 0)
        region = _with_voxels(before, self.volume, box, gained, lost)
        found[number] = Painted(number, key, region)
        if key is None:
            return
        if region is None:
            self._drawn.pop(key, None)
        else:
            self._drawn[key] = region

    def _redraw(self, boxes: list[Slices]) -> None:
        if len(boxes) > _MANY:
            boxes = [_around(boxes)]
        for box in boxes:
            self.array[box] = self._render(box)

    def _render(self, box: Slices) -> NDArray[Any]:
        seen = np.zeros([part.stop - part.start for part in box], self.array.dtype)
        for key, region in self._drawn.items():
            common = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(box, region.box, strict=True)]
            if all(part.start < part.stop for part in common):
                mask = region.mask[_within(common, region.box)]
                seen[_within(common, box)][mask] = self.numbers[key]
        return seen


def _with_voxels(before: Region | None, volume: Box, box: Slices, gained: Mask, lost: Mask) -> Region | None:
    """A region with and without some voxels of a box; None if none is left."""
    union = box if before is None else _around([box, before.box])
    mask = np.zeros([part.stop - part.start for part in union], bool)
    if before is not None:
        mask[_within(before.box, union)] = before.mask
    part = mask[_within(box, union)]
    part |= gained
    part &= ~lost
    if not mask.any():
        return None
    made = region_of_mask(mask, "", "", corner=(union[0].start, union[1].start, union[2].start), volume=volume)
    return made if before is None else before.with_voxels_of(made)


def _around(boxes: list[Slices]) -> Slices:
    z, y, x = (slice(min(b[a].start for b in boxes), max(b[a].stop for b in boxes)) for a in range(3))
    return z, y, x


def _apart(boxes: Iterable[Slices]) -> list[Slices]:
    """Boxes that hold the same and have no voxel in common."""
    found: list[Slices] = []
    for box in boxes:
        while touching := [other for other in found if _common(box, other)]:
            found = [other for other in found if other not in touching]
            box = _around([box, *touching])
        found.append(box)
    return found


def _common(box: Slices, other: Slices) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(box, other, strict=True))


def _within(inner: Iterable[slice], outer: Iterable[slice]) -> Slices:
    """A box as seen from the corner of another."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))
    return z, y, x
