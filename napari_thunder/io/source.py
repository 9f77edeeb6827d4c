"""What a file format gives: a movie that is read lazily, and what the files say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.regions import Region

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the files say beside the voxels; None is said to be missing, never guessed.

    Parameters
    ----------
    voxel_size
        (z, y, x) in µm.
    frame_times
        Start of each frame (t,) in s.
    signals
        Behaviour by column; the index is named `time` (s) or `frame`.
    events
        `start_time`, `stop_time` in s and further columns.
    exclude_frames
        Frames that no analysis may use.
    mask
        The voxels that count: the brain.
    """

    voxel_size: tuple[float, float, float] | None = None
    frame_times: NDArray[np.float64] | None = None
    signals: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    exclude_frames: tuple[int, ...] = ()
    mask: Region | None = None


@runtime_checkable
class Source(Protocol):
    """A movie (t, z, y, x) read lazily.

    A source is small and picklable: it holds paths and shapes, never open files, so that a worker on
    another machine can read the same movie from shared storage.
    """

    @property
    def uri(self) -> str:
        """Where the movie lies: an absolute path or a URL."""

    @property
    def format(self) -> str:
        """Name of the format, as a person would say it."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(t, z, y, x) in frames and voxels."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a voxel, in native byte order."""

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        """The unit (t, z, y, x) in which the files can be read without waste."""

    @property
    def metadata(self) -> Metadata:
        """What the files say beside the voxels."""

    def read_volume(self, t: int) -> Array:
        """Frame `t` as (z, y, x), a new array."""

    def read_block(self, block: Block) -> Array:
        """A block as (t, z, y, x), halo included, a new array."""

    def fingerprint(self) -> str:
        """A short hash that changes when the movie on disk does (from names, sizes and times, not voxels)."""


def recorded(source: Source) -> Source:
    """The movie as it was recorded, below all that is derived from it as it is read (each holds its `source`)."""
    below = getattr(source, "source", None)
    return source if below is None else recorded(below)
