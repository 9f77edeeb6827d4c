"""Regions of lists of voxels, as programs that find cells write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_thunder.regions import Box, Region, region_of_mask
from napari_thunder.regions.colors import color_of

Say = Callable[[str], None]
Voxels = NDArray[np.int64]


def region_of_voxels(voxels: Voxels, volume: Box, name: str, color: str) -> Region | None:
    """The region of the voxels (n, 3) z, y, x that lie in a volume; None if none does."""
    inside = voxels[((voxels >= 0) & (voxels < np.array(volume))).all(axis=1)]
    if not len(inside):
        return None
    low = inside.min(axis=0)
    mask = np.zeros(inside.max(axis=0) - low + 1, bool)
    mask[tuple((inside - low).T)] = True
    z, y, x = (int(n) for n in low)
    return region_of_mask(mask, name, color, corner=(z, y, x), volume=volume)


def on_plane(y: NDArray[np.integer], x: NDArray[np.integer], z: int) -> Voxels:
    """Voxels (n, 3) of pixels on a plane."""
    return np.stack([np.full(len(y), z), np.asarray(y), np.asarray(x)], axis=1).astype(np.int64)


@dataclass
class Gathered:
    """Regions as they are found, each with the next colour, and what of them does not lie in the recording.

    Parameters
    ----------
    volume
        Shape (z, y, x) of the recording.
    """

    volume: Box
    regions: list[Region] = field(default_factory=list)
    _outside: list[str] = field(default_factory=list)
    _cut: list[str] = field(default_factory=list)

    def add(self, name: str, voxels: Voxels) -> None:
        """One more, of its voxels (n, 3) z, y, x."""
        region = region_of_voxels(voxels, self.volume, name, color_of(len(self.regions)))
        if region is None:
            self._outside.append(name)
            return
        self.regions.append(region)
        if ((voxels < 0) | (voxels >= np.array(self.volume))).any():
            self._cut.append(name)

    def say(self, say: Say) -> None:
        """Say what was left out or cut off, if something was."""
        if self._outside:
            say(f"{_few(self._outside)}: no voxel of this recording lies in them; left out.")
        if self._cut:
            say(f"{_few(self._cut)}: they lie partly outside of the recording; that part is cut off.")


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
