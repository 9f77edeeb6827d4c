"""A source that is as slow, as stuck and as broken as a test wants, and remembers what it was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import numpy as np

from napari_thunder.errors import RecordingError
from napari_thunder.io.array import ArraySource
from napari_thunder.recording import Recording


class SlowSource(ArraySource):
    """Every voxel of frame t holds t."""

    def __init__(self, n_frames: int = 60, space: tuple[int, int, int] = (2, 6, 8), seconds: float = 0.0) -> None:
        ramp = np.arange(n_frames, dtype=np.uint16)[:, None, None, None]
        super().__init__(np.broadcast_to(ramp, (n_frames, *space)), "slow")
        object.__setattr__(self, "seconds", seconds)
        object.__setattr__(self, "reads", [])
        object.__setattr__(self, "broken", set())
        object.__setattr__(self, "gate", Event())
        object.__setattr__(self, "lock", Lock())
        self.gate.set()

    def read_volume(self, t: int) -> np.ndarray[Any, Any]:
        with self.lock:
            self.reads.append(t)
        time.sleep(self.seconds)
        self.gate.wait(20)
        if t in self.broken:
            raise RecordingError(f"slow: frame {t} is damaged.")
        return super().read_volume(t)

    @property
    def recording(self) -> Recording:
        return Recording(self)


def wait_until(condition: Callable[[], Any], seconds: float = 5.0) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return bool(condition())
