"""What sources share that read any slices (t, z, y, x) of their movie."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.io.axes import Shape, Slices, of_block, whole_volume

Array = NDArray[Any]


class Sliced(Protocol):
    """A movie that is read by slices, and known by a stamp taken when it was opened."""

    @property
    def shape(self) -> Shape:
        """(t, z, y, x) in frames and voxels."""

    @property
    def stamp(self) -> str:
        """A short hash that changes when the movie on disk does."""

    def read_slices(self, movie: Slices) -> Array:
        """Slices (t, z, y, x) of the movie, a new array."""


class BySlices:
    """Volumes, blocks and fingerprint of a `Sliced` movie, which is then a `Source`."""

    __slots__ = ()

    def read_volume(self: Sliced, t: int) -> Array:
        """Frame `t` as (z, y, x), a new array."""
        volume: Array = self.read_slices(whole_volume(t, self.shape))[0]
        return volume

    def read_block(self: Sliced, block: Block) -> Array:
        """A block as (t, z, y, x), halo included, a new array."""
        return self.read_slices(of_block(block))

    def fingerprint(self: Sliced) -> str:
        """A short hash that changes when the movie on disk does."""
        return self.stamp
