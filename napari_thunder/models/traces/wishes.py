"""Which series each subject needs: its own voxels, and the ring around them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_thunder.models.pointer import Place
from napari_thunder.models.traces.store import digest_of
from napari_thunder.models.traces.subjects import HOVER, Subject, subject_of_region, voxels_of
from napari_thunder.models.traces.want import Want
from napari_thunder.recording import Recording
from napari_thunder.regions import Mask, Region, surround
from napari_thunder.traces.settings import RING

VoxelSize = tuple[float, float, float] | None

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
    make_ring
        Makes it; takes a while.
    """

    subject: Subject
    region: Region
    content: str
    ring: str | None = None
    make_ring: Callable[[], Region] | None = None

    def wants(self) -> Iterable[Want]:
        """The series it needs."""
        later = self.subject.key == HOVER
        yield Want(self.content, self._own, later)
        if self.ring is not None and self.make_ring is not None:
            yield Want(self.ring, self.make_ring, later)

    def _own(self) -> Region:
        return self.region

    def is_as(self, other: Wish) -> bool:
        """Whether it is for the same voxels under the same name."""
        mine, others = (self.subject, self.content, self.ring), (other.subject, other.content, other.ring)
        return self is other or mine == others


class Wishes:
    """Makes wishes, and remembers what takes a while: digests of masks, and the wishes for regions."""

    def __init__(self) -> None:
        self._digests: dict[int, tuple[Mask, str]] = {}
        self._made_of: tuple[object, ...] = ()
        self._of_regions: list[Wish] = []

    def all(
        self, recording: Recording, regions: Sequence[Region], voxels: Iterable[tuple[Subject, Place]], neuropil: bool
    ) -> list[Wish]:
        """Regions that are shown first, then voxels; what is not of the recording's volume is left out.

        Parameters
        ----------
        recording
            The current one.
        regions
            All on the desk; rings leave out those that are not shown, too.
        voxels
            Subjects and where they are.
        neuropil
            Whether rings are wanted.
        """
        volume, size = recording.shape[1:], recording.voxel_size
        of_volume = tuple(region for region in regions if region.volume == volume)
        make = _Maker(self._digest, of_volume, size, neuropil)
        if (of_volume, size, neuropil) != self._made_of:
            self._made_of = (of_volume, size, neuropil)
            self._forget_all_but(of_volume)
            self._of_regions = [make(subject_of_region(r), r) for r in of_volume if r.visible]
        found = ((subject, voxels_of(place, volume)) for subject, place in voxels)
        return [*self._of_regions, *(make(subject, region) for subject, region in found if region is not None)]

    def _forget_all_but(self, regions: Iterable[Region]) -> None:
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


class _Maker:
    """Makes wishes among some regions, which rings leave out."""

    def __init__(
        self, digest: Callable[[Region], str], regions: Sequence[Region], voxel_size: VoxelSize, neuropil: bool
    ) -> None:
        self._digest, self._regions, self._voxel_size, self._neuropil = digest, regions, voxel_size, neuropil
        self._low = np.array([region.corner for region in regions]).reshape(-1, 3)
        self._high = self._low + np.array([region.mask.shape for region in regions]).reshape(-1, 3)
        self._digests = np.array([digest(region).encode() for region in regions])
        self._reach = np.ceil(_RING_REACH / np.array(voxel_size or (1.0, 1.0, 1.0))) + 1

    def __call__(self, subject: Subject, region: Region) -> Wish:
        content = self._digest(region)
        if not self._neuropil:
            return Wish(subject, region, content)
        near = self._near(region)
        about = repr((content, region.outline is not None, self._voxel_size, RING)).encode()
        ring = hashlib.blake2b(about + self._digests[near].tobytes(), digest_size=16).hexdigest()
        return Wish(subject, region, content, f"ring {ring}", partial(self._ring, region, near))

    def _ring(self, region: Region, near: NDArray[np.intp]) -> Region:
        others = [self._regions[place] for place in near.tolist()]
        return surround(region, voxel_size=self._voxel_size, exclude=others, inner=RING[0], outer=RING[1])

    def _near(self, region: Region) -> NDArray[np.intp]:
        """Places of the regions that may lie in the ring around one."""
        low, high = np.array(region.corner), np.array(region.corner) + region.mask.shape
        return np.flatnonzero(((self._low < high + self._reach) & (self._high > low - self._reach)).all(axis=1))
