"""Mean series that were read, by what they are of, so that nothing is read twice and nothing stale is shown."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Set
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from napari_thunder.regions import Region

Values = NDArray[np.float64]

MOST_BYTES = 256 * 2**20
"""All series together; those that are not needed and were least recently used go first."""


class TraceStore:
    """Series (t,) by the fingerprint of a recording and the digest of a set of voxels; safe from any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._needed: Set[str] = frozenset()
        self._series: OrderedDict[tuple[str, str], Values] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._series)

    def get(self, fingerprint: str, content: str) -> Values | None:
        """The series of these voxels of this recording, if it is there."""
        with self._lock:
            series = self._series.get((fingerprint, content))
            if series is not None:
                self._series.move_to_end((fingerprint, content))
            return series

    def need(self, contents: Set[str]) -> None:
        """Say what must not be given up, however much it is."""
        self._needed = contents

    def put(self, fingerprint: str, content: str, series: Values) -> None:
        """Keep a series, read only from now on."""
        series.flags.writeable = False
        with self._lock:
            old = self._series.pop((fingerprint, content), None)
            self._series[fingerprint, content] = series
            self._bytes += series.nbytes - (0 if old is None else old.nbytes)
            if self._bytes > self._most_bytes:
                self._make_room()

    def _make_room(self) -> None:
        for key in [key for key in self._series if key[1] not in self._needed][:-1]:
            if self._bytes <= self._most_bytes:
                return
            self._bytes -= self._series.pop(key).nbytes


def digest_of(region: Region) -> str:
    """The same for the same voxels of a volume of the same shape, whatever the region is called."""
    digest = hashlib.blake2b(repr((region.volume, region.corner, region.mask.shape)).encode(), digest_size=16)
    digest.update(np.packbits(region.mask).tobytes())
    return digest.hexdigest()
