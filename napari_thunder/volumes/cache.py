"""Whole volumes in memory, bounded in bytes, least recently used out."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


class VolumeCache:
    """Volumes (z, y, x) by frame. Not safe for several threads: whoever owns it holds a lock.

    Parameters
    ----------
    max_bytes
        The volumes kept are not larger than this together; the newest one is kept whatever its size.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used_bytes = 0
        self._volumes: OrderedDict[int, Array] = OrderedDict()

    def __contains__(self, t: object) -> bool:
        return t in self._volumes

    def __len__(self) -> int:
        return len(self._volumes)

    @property
    def frames(self) -> tuple[int, ...]:
        """What is kept, the least recently used first."""
        return tuple(self._volumes)

    def get(self, t: int) -> Array | None:
        """The volume of a frame, which is now the most recently used, or None."""
        volume = self._volumes.get(t)
        if volume is not None:
            self._volumes.move_to_end(t)
        return volume

    def put(self, t: int, volume: Array) -> None:
        """Keep a volume, and let go of the least recently used ones for it."""
        self.drop(t)
        self._volumes[t] = volume
        self.used_bytes += volume.nbytes
        while self.used_bytes > self.max_bytes and len(self._volumes) > 1:
            self.drop(next(iter(self._volumes)))

    def drop(self, t: int) -> None:
        """Let go of a frame, if it is kept."""
        volume = self._volumes.pop(t, None)
        if volume is not None:
            self.used_bytes -= volume.nbytes

    def clear(self) -> None:
        """Let go of everything."""
        self._volumes.clear()
        self.used_bytes = 0
