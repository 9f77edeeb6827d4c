"""Which part of a recording is prepared, and what is known of that part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.blocks import Block, Box
from napari_thunder.errors import ParameterError
from napari_thunder.events.frame_span import frame_ends
from napari_thunder.io.storing.conversion import coarser_mask
from napari_thunder.preparing.settings import Preparation
from napari_thunder.recording import Recording
from napari_thunder.tables import table_to_plain

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a recording: its frames, and its lowest and highest corner, half open, with the bin (z, y, x)."""

    times: tuple[int, int]
    start: Box
    stop: Box
    bin: Box

    @classmethod
    def of(cls, settings: Preparation, recording: Recording) -> Crop:
        """The part that is asked for.

        Raises
        ------
        ParameterError
            If it does not lie in the recording.
        """
        given = (settings.crop_t, settings.crop_z, settings.crop_y, settings.crop_x)
        t, z, y, x = (_span(f"crop_{a}", s, n) for a, s, n in zip("tzyx", given, recording.shape, strict=True))
        bin_z, bin_y, bin_x = (int(n) for n in settings.bin)
        return cls(t, (z[0], y[0], x[0]), (z[1], y[1], x[1]), (bin_z, bin_y, bin_x))

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where it lies in a volume."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    @property
    def n_frames(self) -> int:
        """How many frames it has."""
        return self.times[1] - self.times[0]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(t, z, y, x) of what is read, before it is binned."""
        z, y, x = (b - a for a, b in zip(self.start, self.stop, strict=True))
        return self.n_frames, z, y, x

    def voxel_size(self, recording: Recording) -> tuple[float, float, float] | None:
        """(z, y, x) in µm after it is binned, if it is known."""
        if recording.voxel_size is None:
            return None
        z, y, x = (s * b for s, b in zip(recording.voxel_size, self.bin, strict=True))
        return z, y, x

    def block(self, index: int, times: tuple[int, int]) -> Block:
        """Some frames of it, counted from its own first one, as a block of the recording."""
        first = self.times[0]
        return Block(index, (first + times[0], first + times[1]), self.start, self.stop)

    def any_of(self, mask: Mask) -> Mask:
        """A mask of the recording's volume as one of the store's: voxels of which any part lies inside."""
        return coarser_mask(mask[self.box], self.bin)

    def all_of(self, mask: Mask) -> Mask:
        """The same for voxels of which every part lies inside."""
        found: Mask = ~self.any_of(~mask)
        return found


def known_of(recording: Recording, crop: Crop) -> dict[str, Any]:
    """What is known of a part of a recording, as JSON can hold it."""
    first, last = crop.times
    size = crop.voxel_size(recording)
    times = recording.frame_times
    excluded = [frame - first for frame in recording.left_out if first <= frame < last]
    return {
        "voxel_size": None if size is None else list(size),
        "frame_times": None if times is None else times[first:last].tolist(),
        "events": _plain(_events(recording, crop)),
        "signals": _plain(_signals(recording, crop)),
        "exclude_frames": excluded,
    }


def _span(name: str, given: tuple[float, ...] | None, n: int) -> tuple[int, int]:
    if given is None:
        return 0, n
    first, last = int(given[0]), int(given[1])
    if last > n:
        raise ParameterError(f"{name}={first},{last}: the recording ends at {n} along this axis.")
    return first, last


def _events(recording: Recording, crop: Crop) -> pd.DataFrame | None:
    """Those that lie in the part, whole."""
    events, times = recording.events, recording.frame_times
    if events is None or times is None or crop.n_frames == recording.shape[0]:
        return events
    begin, end = times[crop.times[0]], frame_ends(times)[crop.times[1] - 1]
    inside = (events["start_time"] >= begin) & (events["stop_time"] <= end)
    part: pd.DataFrame = events[inside].reset_index(drop=True)
    return part


def _signals(recording: Recording, crop: Crop) -> pd.DataFrame | None:
    """By frame: those of its frames, counted anew; by time: all."""
    signals = recording.signals
    if signals is None or signals.index.name != "frame":
        return signals
    part = signals[(signals.index >= crop.times[0]) & (signals.index < crop.times[1])]
    counted: pd.DataFrame = part.set_axis(pd.Index(part.index - crop.times[0], name="frame"))
    return counted


def _plain(table: pd.DataFrame | None) -> dict[str, Any] | None:
    return None if table is None else table_to_plain(table)
