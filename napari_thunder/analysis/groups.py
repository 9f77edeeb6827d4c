"""Groups of voxels and their mean series: regions that were drawn, or the cells of a grid."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Answer, Array, Context, Groups
from napari_thunder.analysis.slabs import SeriesOf
from napari_thunder.blocks import Block, Box
from napari_thunder.regions import Region

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class DrawnGroups:
    """Regions as groups.

    Parameters
    ----------
    names
        Of the regions.
    boxes
        Lowest corner and shape (z, y, x) of each.
    packed
        One bit for each voxel of its box, compressed.
    """

    names: tuple[str, ...]
    boxes: tuple[tuple[Box, Box], ...]
    packed: tuple[bytes, ...]

    @classmethod
    def of(cls, regions: tuple[Region, ...]) -> DrawnGroups:
        """Of regions, in their order."""
        boxes = tuple((region.corner, _box(region.mask.shape)) for region in regions)
        packed = tuple(zlib.compress(np.packbits(region.mask).tobytes()) for region in regions)
        return cls(tuple(region.name for region in regions), boxes, packed)

    @property
    def n_groups(self) -> int:
        """See `Groups.n_groups`."""
        return len(self.names)

    def members(self, block: Block) -> tuple[Places, Places]:
        """See `Groups.members`."""
        voxels, groups = [_NONE], [_NONE]
        for group, ((corner, shape), packed) in enumerate(zip(self.boxes, self.packed, strict=True)):
            low = [max(a, b) for a, b in zip(block.start, corner, strict=True)]
            high = [min(a, b + n) for a, b, n in zip(block.stop, corner, shape, strict=True)]
            if any(a >= b for a, b in zip(low, high, strict=True)):
                continue
            bits = np.unpackbits(np.frombuffer(zlib.decompress(packed), np.uint8), count=int(np.prod(shape)))
            part = bits.reshape(shape)[tuple(slice(a - c, b - c) for a, b, c in zip(low, high, corner, strict=True))]
            z, y, x = (i + a - s for i, a, s in zip(np.nonzero(part), low, block.start, strict=True))
            found = np.ravel_multi_index((z, y, x), block.box_shape).astype(np.intp)
            voxels.append(found)
            groups.append(np.full(len(found), group, np.intp))
        return np.concatenate(voxels), np.concatenate(groups)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a grid as groups, in C order; those at the far borders may be smaller.

    Parameters
    ----------
    space
        (z, y, x) voxels of the volume.
    steps
        Size (z, y, x) of a cell in voxels.
    """

    space: Box
    steps: Box

    @property
    def shape(self) -> Box:
        """Cells along (z, y, x)."""
        z, y, x = (-(-n // step) for n, step in zip(self.space, self.steps, strict=True))
        return z, y, x

    @property
    def names(self) -> tuple[str, ...]:
        """Place of each cell among the others."""
        return tuple(f"cell {z},{y},{x}" for z, y, x in np.ndindex(*self.shape))

    @property
    def n_groups(self) -> int:
        """See `Groups.n_groups`."""
        return int(np.prod(self.shape))

    def members(self, block: Block) -> tuple[Places, Places]:
        """See `Groups.members`."""
        z, y, x = (np.arange(a, b) // n for a, b, n in zip(block.start, block.stop, self.steps, strict=True))
        groups: Places = (z[:, None, None] * self.shape[1] + y[:, None]) * self.shape[2] + x
        return np.arange(block.n_voxels), groups.ravel().astype(np.intp)


def cells_of(context: Context, edge: float) -> Cells:
    """Cells of about `edge` µm along each axis, or so many voxels if the size of a voxel is not known."""
    size = context.voxel_size or (1.0, 1.0, 1.0)
    z, y, x = (min(n, max(1, round(edge / s))) for n, s in zip(context.space, size, strict=True))
    return Cells(context.space, (z, y, x))


@dataclass(frozen=True, slots=True)
class MeansWork:
    """What a worker does with a block to get its share of the sums over groups.

    Parameters
    ----------
    series
        Of the voxels that take part.
    groups
        Their groups.
    n_frames
        Of the series, after preprocessing.
    """

    series: SeriesOf
    groups: Groups
    n_frames: int

    def __call__(self, voxels: Array, block: Block) -> Answer:
        n_groups = self.groups.n_groups
        members, of = self.groups.members(block)
        total, count = np.zeros((n_groups, self.n_frames)), np.zeros(n_groups)
        order = np.argsort(members, kind="stable")
        members, of = members[order], of[order]
        for columns, series in self.series.slabs(voxels, block, only=np.unique(members)):
            numbers = np.arange(columns.start, columns.stop) if isinstance(columns, slice) else columns
            here = np.isin(members, numbers)
            finite = np.asarray(np.isfinite(series).all(axis=0))
            series[:, ~finite] = 0
            place = np.searchsorted(numbers, members[here])
            rows, row = np.unique(of[here], return_inverse=True)
            weights = sparse.csr_array(
                (finite[place].astype(np.float64), (row, place)), shape=(len(rows), len(numbers))
            )
            total[rows] += np.asarray(weights @ series.T)
            count[rows] += weights.sum(axis=1)
        return {"total": total, "count": count}


def add(a: Answer, b: Answer) -> Answer:
    """The sum of two answers, name by name; in place of the first where that may be written to."""
    return {name: np.add(a[name], b[name], out=a[name] if a[name].flags.writeable else None) for name in a}


def painted(groups: Groups, values: Array, block: Block) -> Array:
    """Values (…, groups) on the voxels of a block (…, z, y, x), NaN where there is no group."""
    members, of = groups.members(block)
    flat = np.full((*values.shape[:-1], block.n_voxels), np.nan, np.float32)
    flat[..., members] = values[..., of]
    return flat.reshape(*values.shape[:-1], *block.box_shape)


_NONE: Places = np.empty(0, np.intp)


def _box(shape: tuple[int, ...]) -> Box:
    z, y, x = shape
    return z, y, x
