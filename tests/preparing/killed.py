"""Prepares a recording in processes that a test kills: python -m tests.preparing.killed MOVIE STORE

For each line on standard input it starts another process, which goes on with the store, and says its number.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import napari_thunder as nt
import napari_thunder.preparing  # at once, so that forked processes need not
from napari_thunder.io.storing import layout, shard
from napari_thunder.preparing import memory
from napari_thunder.registration.shifts import Shifts

SETTINGS: dict[str, Any] = {"brain": "automatic", "bin": (1, 1, 2), "dtype": "uint16", "background": 50}


def prepare(movie: str, store: str) -> nt.Recording:
    """With shifts and a mask, so that all that can lie in a store does."""
    memory.SHARD_BYTES = 2**20  # type: ignore[misc]
    layout._CHUNK_BYTES = 2**14
    layout._LONGEST_STRETCH = 32
    recording = nt.open(movie, voxel_size=(4.0, 1.0, 1.5), frame_rate=2, exclude_frames=[5])
    values = [[0, t / 50, -t / 90] for t in range(recording.shape[0])]
    registered = recording.registered(Shifts.rigid(values, recording.shape[1:]))
    return nt.prepare(registered, store, nt.Preparation(**SETTINGS))


def _slow_down(seconds: float) -> None:
    """Sleep in the middle of every file, so that a kill hits what is half done."""
    sync = os.fsync

    def slow(place: int) -> None:
        time.sleep(seconds)
        sync(place)

    shard.os.fsync = slow


def main() -> None:
    """Start a process for each line that comes; this one has no threads, so that forking is safe."""
    nt.open(sys.argv[1])
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            _slow_down(0.01)
            prepare(sys.argv[1], sys.argv[2])
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
