"""Writing a store from one program, volume by volume; `napari_thunder.preparing` has many workers write one.

A store is a folder (Zarr v3 group) with

- ``0``, ``1``, …: the image (t, z, y, x) and its coarser levels, for viewing; any OME-Zarr reader opens it;
- ``series``: the voxels of ``0``, a long stretch of frames by a small square of one plane per chunk;
- ``frame_times``: float64 (t,) in s, if they are known;
- ``labels/brain``, ``labels/valid``: masks, if there are any;
- ``registration``: shifts that were undone, if any were;
- ``events.csv``, ``signals.csv``: tables with a header row, if there are any;
- ``checksums.sha256``: of every file of voxels and every table;
- in the group's attributes ``ome`` (OME-Zarr 0.5), ``thunder`` (``version``, ``complete``, frames excluded, masks,
  which shards are written) and ``preparation`` (of what it was made, and how).

Chunks lie in shards, which are written whole. All are there, also those that are all 0, but for those outside of a
mask; `shards_written` says which, so that one that is lost is noticed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, DTypeLike, NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.storing.disk import disk_errors
from napari_thunder.io.storing.draft import Draft, Plan, begin_draft, opened_draft
from napari_thunder.io.storing.draft_source import DraftSource
from napari_thunder.io.storing.errands import draft_of, remove_draft
from napari_thunder.io.storing.finishing import Beside, finish_draft
from napari_thunder.io.storing.layout import Shape, StoreLayout, plan_layout
from napari_thunder.io.storing.units import WriteImage, WriteSeries

_NO_CONVERSION = {"bin": [1, 1, 1], "background": 0.0}


def create_store(
    path: str | Path,
    shape: Shape,
    dtype: DTypeLike,
    voxel_size: tuple[float, float, float] | None = None,
    frame_times: ArrayLike | None = None,
    *,
    layout: StoreLayout | None = None,
) -> StoreWriter:
    """Start writing a store; there is nothing at `path` before `StoreWriter.finish`.

    Parameters
    ----------
    path
        A folder that does not exist yet, by custom named `*.ome.zarr`.
    shape, dtype
        Of the movie (t, z, y, x) in frames and voxels.
    voxel_size
        (z, y, x) in µm, if known.
    frame_times
        Start of each frame (t,) in s, if known.
    layout
        How it is cut; chosen for viewing and for reading time series if not given.

    Returns
    -------
    StoreWriter

    Raises
    ------
    RecordingError
        If something is there already, the shape is not that of a movie, or the disk cannot be written.
    """
    place, dtype = Path(path).expanduser().absolute(), np.dtype(dtype).newbyteorder("=")
    _check(place, shape, dtype)
    times = None if frame_times is None else np.asarray(frame_times, np.float64)
    if times is not None and times.shape != (shape[0],):
        raise RecordingError(f"{place}: {shape[0]} frames need {shape[0]} frame times, but {times.shape} were given.")
    layout = layout or plan_layout(shape, dtype, voxel_size)
    root = Path(draft_of(str(place)))
    with disk_errors(place.parent):
        remove_draft(root)
        draft = begin_draft(root, Plan(_header(place, layout, voxel_size, times), {}, {}))
    return StoreWriter(place, opened_draft(draft.folder, draft.ticket))


@dataclass
class StoreWriter:
    """Writes volumes into a store; made by `create_store`.

    Volumes may come in any order; those of an unfinished shard of the image wait in memory, so that it is best to write
    in order of time.
    """

    path: Path
    draft: Draft = field(repr=False)
    _waiting: dict[int, _Stretch] = field(default_factory=dict, repr=False)
    _written: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._written = np.zeros(self.shape[0], bool)

    @property
    def shape(self) -> Shape:
        """(t, z, y, x) of the store."""
        return self.draft.layout.shape

    @property
    def folder(self) -> Path:
        """Where the store is until it is finished."""
        return self.draft.root

    @property
    def stretch(self) -> int:
        """Frames after which a shard of the image is full: the best number to write at once."""
        return self.draft.layout.levels[0].shard[0]

    def write_volumes(self, t0: int, volumes: ArrayLike) -> None:
        """Write the frames `t0`, `t0` + 1, … .

        Parameters
        ----------
        t0
            The first frame.
        volumes
            (t, z, y, x), or (z, y, x) for one frame.

        Raises
        ------
        RecordingError
            If they do not fit, were written before, or the disk cannot be written.
        """
        array = np.asarray(volumes, self.draft.layout.voxel_type)
        array = array[np.newaxis] if array.ndim == 3 else array
        self._check(t0, array)
        for block, part in self._by_stretch(t0, array):
            self._write_part(block, t0, part)
        self._written[t0 : t0 + len(array)] = True

    def finish(
        self,
        events: pd.DataFrame | None = None,
        signals: pd.DataFrame | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the series, tables and attributes, and put the store in its place.

        Parameters
        ----------
        events, signals
            As in `napari_thunder.io.source.Metadata`.
        attributes
            Further attributes of the group, as JSON can hold them.

        Returns
        -------
        Path
            The store.

        Raises
        ------
        RecordingError
            If frames are missing, or the disk cannot be written.
        """
        if not self._written.all():
            first = int(np.argmin(self._written))
            raise RecordingError(
                f"{self.path}: {int((~self._written).sum())} of {len(self._written)} frames were not written "
                f"(the first is {first}); the store stays incomplete."
            )
        source = DraftSource.of(self.draft)
        write = WriteSeries(self.draft.folder, self.draft.ticket)
        for block in self.draft.layout.columns():
            write(source.read_block(block), block)
        finish_draft(self.draft, self.path, Beside(events, signals, attributes or {}))
        return self.path

    def discard(self) -> None:
        """Remove the store and all that was written of it."""
        self._waiting.clear()
        shutil.rmtree(self.draft.root, ignore_errors=True)

    def _check(self, t0: int, array: NDArray[Any]) -> None:
        n_frames, *space = self.shape
        if array.ndim != 4 or array.shape[1:] != tuple(space):
            raise RecordingError(
                f"{self.path}: volumes of shape {array.shape} do not fit a store of (t, z, y, x) = {self.shape}."
            )
        if t0 < 0 or t0 + len(array) > n_frames:
            raise RecordingError(
                f"{self.path}: frames {t0} to {t0 + len(array) - 1} do not fit a store of {n_frames} frames."
            )
        if self._written[t0 : t0 + len(array)].any():
            raise RecordingError(
                f"{self.path}: frames {t0} to {t0 + len(array) - 1} were written before, at least in part."
            )

    def _by_stretch(self, t0: int, array: NDArray[Any]) -> Iterator[tuple[Block, NDArray[Any]]]:
        """The stretches that some frames belong to, each with its own."""
        for block in self.draft.layout.stretches()[t0 // self.stretch : -(-(t0 + len(array)) // self.stretch)]:
            first, last = max(t0, block.times[0]), min(t0 + len(array), block.times[1])
            yield block, array[first - t0 : last - t0]

    def _write_part(self, block: Block, t0: int, part: NDArray[Any]) -> None:
        length = block.times[1] - block.times[0]
        if len(part) < length:
            if block.index not in self._waiting:
                self._waiting[block.index] = _Stretch(np.empty((length, *part.shape[1:]), part.dtype))
            waiting = self._waiting[block.index]
            waiting.add(max(0, t0 - block.times[0]), part)
            if waiting.n_written < length:
                return
            part = self._waiting.pop(block.index).array
        WriteImage(self.draft.folder, self.draft.ticket)(part, block)


@dataclass
class _Stretch:
    """The frames of a shard of the image, as far as they are there."""

    array: NDArray[Any]
    n_written: int = 0

    def add(self, at: int, part: NDArray[Any]) -> None:
        """Put some more."""
        self.array[at : at + len(part)] = part
        self.n_written += len(part)


def _header(
    place: Path, layout: StoreLayout, voxel_size: tuple[float, float, float] | None, times: NDArray[np.float64] | None
) -> dict[str, Any]:
    known = {
        "voxel_size": None if voxel_size is None else [float(v) for v in voxel_size],
        "frame_times": None if times is None else times.tolist(),
        "events": None,
        "signals": None,
        "exclude_frames": [],
    }
    return {
        "name": place.name.split(".")[0],
        "request": None,
        "layout": layout.to_plain(),
        "conversion": _NO_CONVERSION | {"dtype": layout.dtype},
        "known": known,
        "frame_interval": float(np.median(np.diff(times))) if times is not None and len(times) > 1 else None,
        "labels": [],
        "mask": [],
        "out_of_range": "error",
        "registration": None,
        "about": None,
    }


def _check(path: Path, shape: Shape, dtype: np.dtype[Any]) -> None:
    if path.exists():
        raise RecordingError(f"{path}: there is something already. Choose another name, or remove it first.")
    if len(shape) != 4 or min(shape) < 1:
        raise RecordingError(
            f"{path}: a recording has the shape (t, z, y, x) with at least one voxel, not {tuple(shape)}."
        )
    if dtype.kind not in "uif":
        raise RecordingError(f"{path}: voxels must be numbers, not {dtype}.")
