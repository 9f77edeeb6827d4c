"""The one format this package writes: an OME-Zarr 0.5 image beside the same movie chunked for time.

A store is a folder (Zarr v3 group) with

- ``0``: the image (t, z, y, x), a few planes of one frame per chunk, for viewing; any OME-Zarr reader opens it;
- ``series``: the same voxels, a long stretch of frames by a small box per chunk, for time series;
- ``frame_times``: float64 (t,) in s, if they are known;
- ``events.csv``, ``signals.csv``: tables with a header row, if there are any;
- in the group's attributes ``ome`` (OME-Zarr 0.5) and ``thunder``:
  ``{"version": 1, "complete": true}``; ``complete`` becomes true last of all.

Every chunk is written, also those that are all 0, so that one that is lost is noticed.
"""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from numpy.typing import ArrayLike, DTypeLike, NDArray
from zarr.codecs import BloscCodec, BloscShuffle

from napari_thunder.errors import RecordingError

Shape = tuple[int, int, int, int]
VERSION = 1

_VIEW_CHUNK_BYTES = 4 * 2**20
_SERIES_CHUNK_BYTES = 2**20
_BLOCK_BYTES = 8 * 2**20
_BUFFER_BYTES = 256 * 2**20
_LEAST_STRETCH = 128
_LONGEST_STRETCH = 1024


def create_store(
    path: str | Path,
    shape: Shape,
    dtype: DTypeLike,
    voxel_size: tuple[float, float, float] | None = None,
    frame_times: ArrayLike | None = None,
    *,
    image_chunks: Shape | None = None,
    series_chunks: Shape | None = None,
) -> StoreWriter:
    """Start writing a store; it does not open as a recording before `StoreWriter.finish`.

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
    image_chunks, series_chunks
        Chunks (t, z, y, x) of the two layouts; chosen for viewing and for reading time series if not given.

    Returns
    -------
    StoreWriter

    Raises
    ------
    RecordingError
        If something is there already, the shape is not that of a movie, or the disk cannot be written.
    """
    path, dtype = Path(path).expanduser().absolute(), np.dtype(dtype).newbyteorder("=")
    _check(path, shape, dtype)
    times = None if frame_times is None else np.asarray(frame_times, np.float64)
    if times is not None and times.shape != (shape[0],):
        raise RecordingError(f"{path}: {shape[0]} frames need {shape[0]} frame times, but {times.shape} were given.")
    with _disk_errors(path):
        group = zarr.open_group(path, mode="w-", zarr_format=3)
        ome = _ome_attributes(path.name.split(".")[0], voxel_size, times)
        group.attrs.update({"ome": ome, "thunder": {"version": VERSION, "complete": False}})
        if times is not None:
            _create(group, "frame_times", times.shape, times.dtype, times.shape, ("t",))[:] = times
        image = _create(group, "0", shape, dtype, image_chunks or view_chunks(shape, dtype.itemsize))
        series = _create(group, "series", shape, dtype, series_chunks or time_chunks(shape, dtype.itemsize))
    return StoreWriter(path, group, image, series)


@dataclass
class StoreWriter:
    """Writes volumes, in any order, into both layouts of a store; made by `create_store`.

    Each layout is written in whole chunks. The `series` layout waits until a stretch of frames is there: in memory
    if the stretch is small, else in a temporary file on the store's disk. Write in order of time and there is only one.
    """

    path: Path
    group: zarr.Group = field(repr=False)
    image: zarr.Array[Any] = field(repr=False)
    series: zarr.Array[Any] = field(repr=False)
    _stretches: dict[int, _Stretch] = field(default_factory=dict, repr=False)
    _written: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._written = np.zeros(self.image.shape[0], bool)

    @property
    def stretch(self) -> int:
        """Frames after which a chunk of the `series` layout is full: the best number to write at once."""
        return int(self.series.chunks[0])

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
        array = np.asarray(volumes, self.image.dtype)
        array = array[np.newaxis] if array.ndim == 3 else array
        self._check(t0, array)
        with _disk_errors(self.path):
            self.image[t0 : t0 + len(array)] = array
            for start, part in self._by_stretch(t0, array):
                self._write_series(start, part)
        self._written[t0 : t0 + len(array)] = True

    def finish(
        self,
        events: pd.DataFrame | None = None,
        signals: pd.DataFrame | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the tables and attributes, and mark the store as whole.

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
        with _disk_errors(self.path):
            if events is not None:
                events.to_csv(self.path / "events.csv", index=False)
            if signals is not None:
                signals.to_csv(self.path / "signals.csv", index_label=str(signals.index.name or "frame"))
            if attributes:
                self.group.attrs.update(dict(attributes))
            self.group.attrs["thunder"] = {"version": VERSION, "complete": True}
        return self.path

    def discard(self) -> None:
        """Remove the store and all that was written of it."""
        for stretch in self._stretches.values():
            stretch.close()
        self._stretches.clear()
        shutil.rmtree(self.path, ignore_errors=True)

    def _check(self, t0: int, array: NDArray[Any]) -> None:
        n_frames, *space = self.image.shape
        if array.ndim != 4 or array.shape[1:] != tuple(space):
            raise RecordingError(
                f"{self.path}: volumes of shape {array.shape} do not fit a store of (t, z, y, x) = {self.image.shape}."
            )
        if t0 < 0 or t0 + len(array) > n_frames:
            raise RecordingError(
                f"{self.path}: frames {t0} to {t0 + len(array) - 1} do not fit a store of {n_frames} frames."
            )
        if self._written[t0 : t0 + len(array)].any():
            raise RecordingError(
                f"{self.path}: frames {t0} to {t0 + len(array) - 1} were written before, at least in part."
            )

    def _by_stretch(self, t0: int, array: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
        cuts = range((t0 // self.stretch + 1) * self.stretch, t0 + len(array), self.stretch)
        borders = [t0, *cuts, t0 + len(array)]
        return ((a, array[a - t0 : b - t0]) for a, b in itertools.pairwise(borders))

    def _write_series(self, start: int, part: NDArray[Any]) -> None:
        first = start // self.stretch * self.stretch
        length = min(self.stretch, len(self._written) - first)
        if len(part) == length:
            self._write_stretch(first, part)
            return
        if first not in self._stretches:
            self._stretches[first] = _Stretch.of((length, *part.shape[1:]), part.dtype, self.path)
        stretch = self._stretches[first]
        stretch.array[start - first : start - first + len(part)] = part
        stretch.n_written += len(part)
        if stretch.n_written == length:
            self._write_stretch(first, stretch.array)
            self._stretches.pop(first).close()

    def _write_stretch(self, first: int, array: NDArray[Any]) -> None:
        """A few rows of chunks at a time, so that no more than the buffer is copied."""
        time = slice(first, first + len(array))
        _, depth, rows, _ = self.series.chunks
        row_bytes = len(array) * depth * array.shape[3] * array.itemsize * rows
        n_rows = rows * max(1, _BUFFER_BYTES // 4 // row_bytes)
        for z in range(0, array.shape[1], depth):
            for y in range(0, array.shape[2], n_rows):
                box = (slice(z, z + depth), slice(y, y + n_rows))
                self.series[(time, *box)] = np.ascontiguousarray(array[(slice(None), *box)])


@dataclass
class _Stretch:
    """The frames of one chunk of the `series` layout, as far as they are there."""

    array: NDArray[Any]
    file: Any = None
    n_written: int = 0

    @classmethod
    def of(cls, shape: tuple[int, ...], dtype: np.dtype[Any], folder: Path) -> _Stretch:
        if math.prod(shape) * dtype.itemsize <= _BUFFER_BYTES:
            return cls(np.empty(shape, dtype))
        file = tempfile.TemporaryFile(dir=folder, prefix=".series-")  # noqa: SIM115 - lives as long as the stretch
        return cls(np.memmap(file, dtype, "w+", shape=shape), file)

    def close(self) -> None:
        self.array = np.empty(0, self.array.dtype)
        if self.file is not None:
            self.file.close()


def view_chunks(shape: Shape, itemsize: int) -> Shape:
    """Chunks for viewing: as many whole planes of one frame as make about 4 MiB, at most 1024 × 1024 each."""
    y, x = min(shape[2], 1024), min(shape[3], 1024)
    planes = max(1, min(shape[1], _VIEW_CHUNK_BYTES // (y * x * itemsize)))
    return 1, planes, y, x


def time_chunks(shape: Shape, itemsize: int) -> Shape:
    """Chunks for time series: a long stretch of frames of one plane's small square, at most about 1 MiB.

    The square is small enough that a block of all time holds several, so that little is decoded in vain.
    """
    volume_bytes = max(1, math.prod(shape[1:]) * itemsize)
    longest = min(_LONGEST_STRETCH, max(_LEAST_STRETCH, _BUFFER_BYTES // volume_bytes))
    stretch = math.ceil(shape[0] / math.ceil(shape[0] / longest))
    voxels = min(_SERIES_CHUNK_BYTES // (stretch * itemsize), _BLOCK_BYTES // (shape[0] * itemsize))
    edge = max(8, math.isqrt(voxels))
    return stretch, 1, _even(shape[2], edge), _even(shape[3], edge)


def _even(n: int, edge: int) -> int:
    """The chunk length, at most `edge`, that cuts `n` into pieces as equal as can be."""
    return math.ceil(n / math.ceil(n / edge))


def _create(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    chunks: tuple[int, ...],
    axes: tuple[str, ...] = ("t", "z", "y", "x"),
) -> zarr.Array[Any]:
    shuffle = BloscShuffle.bitshuffle if dtype.kind in "ui" else BloscShuffle.shuffle
    codec = BloscCodec(cname="lz4", clevel=5, shuffle=shuffle, typesize=dtype.itemsize)
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        compressors=codec,
        dimension_names=axes,
        fill_value=0,
        config={"write_empty_chunks": True},
    )


def _ome_attributes(
    name: str, voxel_size: tuple[float, float, float] | None, times: NDArray[np.float64] | None
) -> dict[str, Any]:
    space: dict[str, Any] = {"type": "space"} if voxel_size is None else {"type": "space", "unit": "micrometer"}
    step = float(np.median(np.diff(times))) if times is not None and len(times) > 1 else None
    time: dict[str, Any] = {"type": "time"} if step is None else {"type": "time", "unit": "second"}
    axes = [{"name": "t", **time}, *({"name": n, **space} for n in "zyx")]
    scale = [step or 1.0, *(float(v) for v in voxel_size or (1.0, 1.0, 1.0))]
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    return {"version": "0.5", "multiscales": [{"name": name, "axes": axes, "datasets": [level]}]}


def _check(path: Path, shape: Shape, dtype: np.dtype[Any]) -> None:
    if path.exists():
        raise RecordingError(f"{path}: there is something already. Choose another name, or remove it first.")
    if len(shape) != 4 or min(shape) < 1:
        raise RecordingError(
            f"{path}: a recording has the shape (t, z, y, x) with at least one voxel, not {tuple(shape)}."
        )
    if dtype.kind not in "uifb":
        raise RecordingError(f"{path}: voxels must be numbers, not {dtype}.")


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be written: {error.strerror or error}. The store stays incomplete."
        ) from error
