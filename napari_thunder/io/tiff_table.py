"""Where the pages of a TIFF lie in it, remembered so that one of thousands of files need not be understood anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_thunder.io.mapped import truncated
from napari_thunder.io.remote.path import RemotePath
from napari_thunder.io.remote.ranges import Range, Ranges, read_ranges
from napari_thunder.io.tiff_pages import Array, Indices, TiffPages, as_recording_error, open_pages
from napari_thunder.io.uri import AnyPath, place

_KEYFRAMES: dict[int, tifffile.TiffPage] = {}


@dataclass(frozen=True, slots=True)
class PageTable:
    """Like `TiffPages`, but it holds no open file.

    Parameters
    ----------
    page_shape, dtype, n_pages
        As in `TiffPages`.
    file_type
        Of a voxel in the file, with its byte order.
    offset
        Where uncompressed pages begin that lie one after the other, or None.
    keyframe
        Knows how to decode the strips or tiles of compressed pages.
    offsets, counts
        Of the strips or tiles (page, strip), in bytes.
    """

    path: AnyPath
    page_shape: tuple[int, int]
    dtype: np.dtype[Any]
    n_pages: int
    file_type: np.dtype[Any]
    offset: int | None
    keyframe: tifffile.TiffPage | None = None
    offsets: NDArray[np.int64] | None = None
    counts: NDArray[np.int64] | None = None

    def read(self, pages: Indices, rows: slice, columns: slice) -> Array:
        """A part of some pages, as (…, y, x), in native byte order."""
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        found = np.empty((pages.size, *shape), self.dtype)
        with as_recording_error(self.path), self._open(pages, rows) as file:
            for i, page in enumerate(pages.flat):
                whole = (
                    self._rows(file, int(page), rows)
                    if self.keyframe is None
                    else self._decode(file, int(page), rows)[rows]
                )
                found[i] = whole[:, columns]
        return found.reshape(*pages.shape, *shape)

    @contextmanager
    def _open(self, pages: Indices, rows: slice) -> Iterator[BinaryIO | Ranges]:
        """The file, or of one in storage what is needed of it, asked for at once."""
        if isinstance(self.path, RemotePath):
            wanted = (part for page in pages.flat for part in self._ranges(int(page), rows))
            yield read_ranges(self.path, dict.fromkeys(wanted))
        else:
            with self.path.open("rb", buffering=0) as file:
                yield file

    def _ranges(self, index: int, rows: slice) -> Iterator[Range]:
        """Where the bytes of some rows of a plane lie."""
        if self.keyframe is None:
            yield self._row_range(index, rows)
            return
        assert self.offsets is not None
        assert self.counts is not None
        page = index // (int(np.prod(self.keyframe.shaped)) // (self.page_shape[0] * self.page_shape[1]))
        for i, (offset, count) in enumerate(zip(self.offsets[page].tolist(), self.counts[page].tolist(), strict=True)):
            _, (_, _, y, _, _), (_, h, _, _) = self.keyframe.decode(None, i)
            if y < rows.stop and y + h > rows.start:
                yield offset, count

    def _row_range(self, page: int, rows: slice) -> Range:
        height, width = self.page_shape
        first = (self.offset or 0) + (page * height + rows.start) * width * self.file_type.itemsize
        return first, (rows.stop - rows.start) * width * self.file_type.itemsize

    def _rows(self, file: BinaryIO | Ranges, page: int, rows: slice) -> Array:
        data = self._bytes(file, *self._row_range(page, rows))
        return np.frombuffer(data, self.file_type).reshape(-1, self.page_shape[1])

    def _decode(self, file: BinaryIO | Ranges, index: int, rows: slice) -> Array:
        """A plane, of which only the strips or tiles that hold some of `rows` are decoded."""
        frame, offsets, counts = self.keyframe, self.offsets, self.counts
        assert frame is not None
        assert offsets is not None
        assert counts is not None
        _, depth, height, width, _ = frame.shaped
        found: Array = np.empty(frame.shaped, self.dtype)
        page, plane = divmod(index, found.size // (self.page_shape[0] * self.page_shape[1]))
        for i, (offset, count) in enumerate(zip(offsets[page].tolist(), counts[page].tolist(), strict=True)):
            _, (s, d, y, x, _), (n, h, w, _) = frame.decode(None, i)
            if y >= rows.stop or y + h <= rows.start:
                continue
            part = frame.decode(self._bytes(file, offset, count), i)[0]
            assert part is not None
            found[s, d : d + n, y : y + h, x : x + w] = part[: depth - d, : height - y, : width - x]
        planes: Array = found.reshape(-1, *self.page_shape)
        return np.asarray(planes[plane])

    def _bytes(self, file: BinaryIO | Ranges, offset: int, count: int) -> bytes:
        if isinstance(file, Ranges):
            return file.need(offset, count)
        file.seek(offset)
        data = file.read(count)
        if len(data) < count:
            raise truncated(str(self.path), offset + count, self.path.stat().st_size)
        return data


def page_table(path: str, stamp: str) -> PageTable | TiffPages:
    """The table of a file, or the open file if its kind does not fit into one; `stamp` as in `open_pages`.

    Raises
    ------
    RecordingError
        If it is not a whole TIFF of real numbers.
    """
    return _table(path, stamp) or open_pages(path, stamp)


@lru_cache(maxsize=50_000)
def _table(path: str, stamp: str) -> PageTable | None:
    where = place(path)
    # on a disk a page table is there so that not every file stays open
    pages = open_pages(path, stamp) if isinstance(where, RemotePath) else TiffPages(where)
    known = pages.path, pages.page_shape, pages.dtype, pages.n_pages, pages.file_type
    if pages.offset is not None:
        return PageTable(*known, pages.offset)
    segments, frame = pages.segments(), pages.keyframe
    if segments is None or frame.jpegtables is not None:
        return None
    if frame.hash not in _KEYFRAMES:
        frame.init_decode()
        _KEYFRAMES[frame.hash] = frame
    return PageTable(*known, None, _KEYFRAMES[frame.hash], *segments)
