"""How far frames lie from a volume: their difference, frame by frame as they are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine.job import Job
from napari_thunder.volumes.reader import VolumeReader
from napari_thunder.volumes.views import Sight

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class DifferenceReader:
    """What another reader brings, minus a volume, in float32.

    Parameters
    ----------
    reader
        Brings the frames.
    reference
        (z, y, x) to subtract. Where either is NaN the difference is given as 0, which its colours do not show:
        napari's volumes in 3-D know no colour for NaN.
    """

    reader: VolumeReader
    reference: Array = field(repr=False)

    @property
    def stretch(self) -> int:
        """As the other's."""
        return self.reader.stretch

    def read(self, times: Sequence[int], job: Job) -> Iterator[tuple[int, Array]]:
        for t, volume in self.reader.read(times, job):
            yield t, difference(volume, self.reference)


def difference(volume: Array, reference: Array) -> Array:
    """A volume minus another one, float32; 0 where either is NaN, to be drawn in colours that do not show 0."""
    found: Array = np.nan_to_num(np.subtract(volume, reference, dtype=np.float32), copy=False, posinf=0, neginf=0)
    return found


def difference_from(sight: Sight, reference: Array) -> Sight:
    """What brings the frames of a view minus a volume (z, y, x); never coarsely, as that would blur one of the two."""
    reader = DifferenceReader(sight.reader, reference)
    return replace(sight, reader=reader, coarse=None, dtype=np.dtype(np.float32))
