"""Which series each subject needs: its own voxels, and the ring around them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from napari_thunder.models.trace_passes import Want
from napari_thunder.models.trace_store import digest_of
from napari_thunder.models.trace_subjects import HOVER, Subject
from napari_thunder.regions import Mask, Region, surround

VoxelSize = tuple[float, float, float] | None

RING = (2.0, 10.0)
"""Inner and outer distance of the ring, in µm (in voxels if their size is not known)."""

_RING_REACH = 4 * RING[1]


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What a subject needs.

    Parameters
    ----------
    subject
        What it is.
    region
        Its voxels.
    content
        Their digest.
    ring
        Digest of what the ring around them is made of, or None if none is wanted.
    around
        Regions that the ring leaves out.
    voxel_size
        (z, y, x) in µm, or None.
    """

    subject: Subject
    region: Region
    content: str
    ring: str | None = None
    around: tuple[Region, ...] = ()
    voxel_size: VoxelSize = None

    def wants(self) -> Iterable[Want]:
        """The series it needs."""
        later = self.subject.key == HOVER
        yield Want(self.content, lambda: self.region, later)
        if self.ring is not None:
            ring = partial(
                surround,
                self.region,
                voxel_size=self.voxel_size,
                exclude=self.around,
                inner=RING[0],
                outer=RING[1],
            )
            yield Want(self.ring, ring, later)


class Wishes:
    """Makes wishes, and remembers the digests of masks."""

    def __init__(self) -> None:
        self._digests: dict[int, tuple[Mask, str]] = {}

    def of(self, subject: Subject, region: Region) -> Wish:
        """What a subject needs without a ring."""
        return Wish(subject, region, self._digest(region))

    def with_ring(self, subject: Subject, region: Region, others: Sequence[Region], voxel_size: VoxelSize) -> Wish:
        """What a subject needs with the ring around it, which leaves out the other regions."""
        around = tuple(other for other in others if other is not region and _is_near(region, other, voxel_size))
        content = self._digest(region)
        drawn = region.outline is not None
        made_of = repr((content, drawn, voxel_size, RING, sorted(self._digest(other) for other in around)))
        ring = "ring " + hashlib.blake2b(made_of.encode(), digest_size=16).hexdigest()
        return Wish(subject, region, content, ring, around, voxel_size)

    def forget_all_but(self, regions: Iterable[Region]) -> None:
        """Drop digests of masks that are gone."""
        keys = {region.key for region in regions}
        self._digests = {key: known for key, known in self._digests.items() if key in keys}

    def _digest(self, region: Region) -> str:
        known = self._digests.get(region.key)
        if region.key and known is not None and known[0] is region.mask:
            return known[1]
        digest = digest_of(region)
        if region.key:
            self._digests[region.key] = (region.mask, digest)
        return digest


def _is_near(region: Region, other: Region, voxel_size: VoxelSize) -> bool:
    """Whether another region may lie in the ring around one."""
    reach = np.ceil(_RING_REACH / np.array(voxel_size or (1.0, 1.0, 1.0)))
    low, high = np.array(region.corner), np.array(region.corner) + region.mask.shape
    start, stop = np.array(other.corner), np.array(other.corner) + other.mask.shape
    return bool(((start < high + reach) & (stop > low - reach)).all())
