"""The pages of one TIFF file: how many, of what, and which of them is which plane of which frame."""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import check_channel
from napari_thunder.io.mapped import MappedArray, file_size, truncated
from napari_thunder.io.remote.path import RemotePath
from napari_thunder.io.remote.ranges import RangeFile
from napari_thunder.io.uri import AnyPath, place
from napari_thunder.io.voxel_type import check_voxel_type

Array = NDArray[Any]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PageLayout:
    """Which page is which plane: page = `first` + frame · `frame_step` + plane · `plane_step`.

    Parameters
    ----------
    page_shape, dtype
        Of a page (y, x).
    n_pages
        In the file.
    frames, planes
        Frames in the file, and planes of each.
    """

    page_shape: tuple[int, int]
    dtype: np.dtype[Any]
    n_pages: int
    frames: int
    planes: int
    frame_step: int
    plane_step: int
    first: int = 0

    def pages(self, frames: slice, planes: slice) -> Indices:
        """Numbers of the pages (frames, planes)."""
        t, z = np.arange(frames.start, frames.stop), np.arange(planes.start, planes.stop)
        numbers: Indices = self.first + t[:, np.newaxis] * self.frame_step + z * self.plane_step
        return numbers


class TiffPages:
    """One open TIFF file; its pages may be read from several threads."""

    def __init__(self, path: AnyPath) -> None:
        self.path = path
        with as_recording_error(path), _damage_is_an_error():
            self._file = tifffile.TiffFile(cast("BinaryIO", RangeFile(path)) if isinstance(path, RemotePath) else path)
            self._file.filehandle.set_lock(True)
            self._lock = self._file.filehandle.lock
            self._series = self._only_series()
        self.dtype = check_voxel_type(self._series.dtype, str(path))
        self.axes, self.lengths = _named_axes(self._series, path)
        self.page_shape = self.lengths[-2], self.lengths[-1]
        self.n_pages = math.prod(self.lengths[:-2])
        self._check_whole()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    @property
    def file(self) -> tifffile.TiffFile:
        """For what it says beside its pages."""
        return self._file

    @property
    def contiguous(self) -> bool:
        """Whether the pages lie one after the other, uncompressed."""
        return self.offset is not None

    @property
    def is_set(self) -> bool:
        """Whether the movie goes on in other files, which an OME-TIFF names."""
        return bool(self._series.is_multifile)

    @property
    def file_type(self) -> np.dtype[Any]:
        """Of a voxel in the file, with its byte order."""
        return np.dtype(self._series.dtype).newbyteorder(self._file.byteorder)

    @property
    def keyframe(self) -> tifffile.TiffPage:
        """The page whose tags hold for all."""
        return self._series.keyframe

    def segments(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Offsets and byte counts of the strips or tiles (page, strip), if all pages have as many and none is empty."""
        with self._lock:
            pages = [page for page in self._series if page is not None]
        counts = [tuple(p.databytecounts) for p in pages]
        regular = len({len(c) for c in counts}) == 1 and all(n > 0 for c in counts for n in c)
        if (
            self.is_set
            or not regular
            or len(pages) < len(self._series)
            or {p.hash for p in pages} != {self.keyframe.hash}
        ):
            return None
        return np.array([tuple(p.dataoffsets) for p in pages], np.int64), np.array(counts, np.int64)

    def read(self, pages: Indices, rows: slice, columns: slice) -> Array:
        """A part of some pages, as (…, y, x), in native byte order."""
        if self.offset is not None:
            return np.array(self._mapped(self.offset).view()[pages, rows, columns], self.dtype)
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        found = np.empty((pages.size, *shape), self.dtype)
        for i, page in enumerate(pages.flat):
            found[i] = self._decode(int(page))[rows, columns]
        return found.reshape(*pages.shape, *shape)

    def _decode(self, index: int) -> Array:
        number, plane = divmod(index, self._per_page)
        with as_recording_error(self.path, f"page {number}"):
            with self._lock:
                page = self._series[number]
            if page is None:
                raise RecordingError(
                    f"{self.path}: page {number} lies in another file of this OME-TIFF, which is not there."
                )
            self._check_inside(page)
            values: Array = self._from_set(page) if self.is_set else page.asarray(maxworkers=1)
        planes: Array = values.reshape(-1, *self.page_shape)
        return np.asarray(planes[plane])

    def _from_set(self, page: tifffile.TiffPage | tifffile.TiffFrame) -> Array:
        """The page may be in another file than this, which tifffile has closed."""
        with self._lock:
            handle = page.parent.filehandle
            closed = handle.closed
            handle.open()
            try:
                return np.asarray(page.asarray(maxworkers=1))
            finally:
                if closed:
                    handle.close()

    def _check_inside(self, page: tifffile.TiffPage | tifffile.TiffFrame) -> None:
        size = self._file.filehandle.size
        end = max((a + n for a, n in zip(page.dataoffsets, page.databytecounts, strict=False)), default=0)
        if end > size and not self._series.is_multifile:
            raise truncated(str(self.path), end, size)

    def _only_series(self) -> tifffile.TiffPageSeries:
        found = self._file.series
        if not found:
            raise RecordingError(f"{self.path}: the file holds no image.")
        if len(found) > 1 and not self._file.is_ome:
            shapes = ", ".join(str(s.shape) for s in found[:3])
            raise RecordingError(f"{self.path}: its pages are not all of one shape ({shapes} …); a recording's are.")
        return found[0]

    def _check_whole(self) -> None:
        said = (self._file.imagej_metadata or {}).get("images", 1)
        if said > len(self._series) and said > self.n_pages:
            raise RecordingError(
                f"{self.path}: the file is cut short: it should have {said} pages, but has {self.n_pages}."
            )
        self.offset = self._series.dataoffset
        if self.offset is not None:
            self._check_long_enough(self.offset)
        self._per_page = math.prod(self._series.keyframe.shape) // math.prod(self.page_shape)

    def _check_long_enough(self, offset: int) -> None:
        if not isinstance(self.path, RemotePath):
            self._mapped(offset).view()
            return
        end = offset + self.n_pages * math.prod(self.page_shape) * self.file_type.itemsize
        if self._file.filehandle.size < end:
            raise truncated(str(self.path), end, self._file.filehandle.size)

    def _mapped(self, offset: int) -> MappedArray:
        return MappedArray(str(self.path), (self.n_pages, *self.page_shape), self.file_type, offset)


@lru_cache(maxsize=64)
def open_pages(path: str, stamp: str) -> TiffPages:
    """An open file of a recording; `stamp` tells an old file from a new one of the same name.

    Raises
    ------
    RecordingError
        If it is not a whole TIFF of real numbers.
    """
    return TiffPages(place(path))


def page_layout(pages: TiffPages, unknown: str, planes: int | None = None, channel: int | None = None) -> PageLayout:
    """Understand the axes of a file.

    Parameters
    ----------
    pages
        The file.
    unknown
        What an axis without a name is: `t` or `z`.
    planes
        Planes of each frame, if the pages are to be counted instead of believing the file's axes.
    channel
        The channel wanted, if there are several.

    Raises
    ------
    RecordingError
        If the axes are not those of a movie, or the pages cannot be divided by `planes`.
    """
    outer = _steps(pages.axes[:-2], pages.lengths[:-2])
    colour = outer.pop("C", (1, 0))
    first = check_channel(channel, colour[0], str(pages.path)) * colour[1]
    (frames, frame_step), (depth, plane_step) = (
        _counted(outer, planes, pages.path) if planes else _named(outer, unknown, pages.path)
    )
    return PageLayout(pages.page_shape, pages.dtype, pages.n_pages, frames, depth, frame_step, plane_step, first)


def _steps(axes: str, lengths: tuple[int, ...]) -> dict[str, tuple[int, int]]:
    """For each axis, or `?0`, `?1` where it has no name, its length and how many pages apart its entries are."""
    found = {}
    for i, (name, length) in enumerate(zip(axes, lengths, strict=True)):
        step = math.prod(lengths[i + 1 :])
        if length > 1 or name in "TZC":
            found[name if name in "TZC" else f"?{i}"] = (length, step)
    return found


def _counted(outer: dict[str, tuple[int, int]], planes: int, path: AnyPath) -> tuple[tuple[int, int], tuple[int, int]]:
    sizes = list(outer.values()) or [(1, 1)]
    if any(a[1] != b[0] * b[1] for a, b in itertools.pairwise(sizes)):
        raise RecordingError(
            f"{path}: planes= cannot be used here, because the channels lie between planes and frames."
        )
    total, step = math.prod(n for n, _ in sizes), sizes[-1][1]
    if total % planes:
        raise RecordingError(
            f"{path}: {total} pages cannot be divided into volumes of {planes} planes "
            f"({total % planes} are left over). Check planes=, or whether the file is whole."
        )
    return (total // planes, step * planes), (planes, step)


def _named(outer: dict[str, tuple[int, int]], unknown: str, path: AnyPath) -> tuple[tuple[int, int], tuple[int, int]]:
    named = {name: size for name, size in outer.items() if name in "TZ"}
    rest = [size for name, size in outer.items() if name not in named]
    free = [name for name in ("TZ" if len(rest) == 2 else unknown.upper() + "TZ") if name not in named]
    if len(rest) > len(set(free)):
        raise RecordingError(
            f"{path}: its pages have more axes than time and depth. Give planes= to count them instead."
        )
    named |= dict(zip(dict.fromkeys(free), rest, strict=False))
    return named.get("T", (1, 0)), named.get("Z", (1, 0))


def _named_axes(series: tifffile.TiffPageSeries, path: AnyPath) -> tuple[str, tuple[int, ...]]:
    """Axes with y and x last; an array that tifffile took for colour because it has 3 or 4 planes is not colour."""
    axes, shape = series.axes, series.shape
    if series.kind == "shaped" and axes.endswith("SYX"):
        axes = axes.replace("S", "Q")
    if not axes.endswith("YX"):
        kind = "colour (RGB)" if "S" in axes else "not of the kind this program reads"
        raise RecordingError(
            f"{path}: the image is {kind}: its axes are {axes} {shape}. Save one channel of grey values."
        )
    if "S" in axes:
        raise RecordingError(
            f"{path}: the image is colour (RGB), axes {axes} {shape}. Save one channel of grey values."
        )
    return axes, tuple(int(n) for n in shape)


@contextmanager
def as_recording_error(path: AnyPath, part: str = "") -> Iterator[None]:
    """tifffile and its codecs raise errors of many kinds."""
    where = f"{path}: {part}" if part else str(path)
    try:
        if isinstance(path, Path):
            file_size(path)
        yield
    except RecordingError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:
            raise RecordingError(f"{where}: cannot be read: {error.strerror}.") from error
        raise RecordingError(
            f"{where} is not a whole TIFF, or damaged ({type(error).__name__}: {error}). "
            "Copy it again from where it was recorded."
        ) from error


class _Damage(logging.Filter):
    """Turns what tifffile logs about damage in this thread into an exception, and keeps the rest from the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self.thread:
            return True
        message = record.getMessage()
        if record.levelno >= logging.ERROR or "corrupt" in message or "truncated" in message:
            raise tifffile.TiffFileError(message)
        return False


@contextmanager
def _damage_is_an_error() -> Iterator[None]:
    logger, listener = logging.getLogger("tifffile"), _Damage()
    logger.addFilter(listener)
    try:
        yield
    finally:
        logger.removeFilter(listener)
