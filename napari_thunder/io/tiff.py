"""TIFF: a folder with one file per time point (or stretch of time), or one file with all pages.

What a page is
    In a folder, the pages of a file are the planes (z) of one frame, unless the file names a time axis (ImageJ, OME) or
    `planes=` says how many planes make a frame; then each file holds several frames. Files are in natural order
    (`t2` before `t10`); a folder with one file is read like that file.
    In one file, named axes (ImageJ, OME) are believed; pages without names are frames of one plane, unless `planes=` is
    given. `planes=` overrules names, because ImageJ often calls time "slices".

Of several channels one has to be chosen by `channel=`. Voxel size and frame interval come from ImageJ or OME metadata.
Of an OME-TIFF with several images the first is read; one that is spread over the files of a folder is read as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import Shape, Slices
from napari_thunder.io.by_slices import BySlices
from napari_thunder.io.file_names import files_of, fingerprint_of
from napari_thunder.io.remote.path import RemotePath
from napari_thunder.io.source import Metadata
from napari_thunder.io.tiff_metadata import tiff_metadata
from napari_thunder.io.tiff_pages import Array, PageLayout, TiffPages, open_pages, page_layout
from napari_thunder.io.tiff_table import PageTable, page_table
from napari_thunder.io.uri import AnyPath, join_uri, place

_SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")
_HEADERS_READ_AT_OPEN = 16
_FILES_AT_ONCE = 32


@dataclass(frozen=True)
class TiffSource(BySlices):
    """A movie in one TIFF or in a folder of them.

    Parameters
    ----------
    path
        The file or the folder.
    files
        Names of the files in the folder; empty for a single file.
    n_frames
        Of all files together.
    layout
        Of the first file; the others are alike, save that the last may hold fewer frames.
    contiguous
        Whether the pages are uncompressed, so that parts of them can be read.
    """

    path: str
    files: tuple[str, ...]
    n_frames: int
    layout: PageLayout
    contiguous: bool
    stamp: str
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    planes: int | None = None
    channel: int | None = None

    @property
    def uri(self) -> str:
        return join_uri(self.path, planes=self.planes, channel=self.channel)

    @property
    def format(self) -> str:
        return "folder of TIFFs" if self.files else "TIFF"

    @property
    def shape(self) -> Shape:
        return self.n_frames, self.layout.planes, *self.layout.page_shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.layout.dtype

    @property
    def chunks(self) -> Shape:
        return 1, 1, *self.layout.page_shape

    def read_slices(self, movie: Slices) -> Array:
        times, planes, rows, columns = movie
        found = np.empty([s.stop - s.start for s in movie], self.dtype)

        def read(number: int, frames: slice) -> None:
            pages = self._file(number, frames.stop)
            at = number * self.layout.frames - times.start + frames.start
            part = pages.read(self.layout.pages(frames, planes), rows, columns)
            found[at : at + len(part)] = part

        self._each(read, list(self._by_file(times)))
        return found

    def _each(self, read: Callable[[int, slice], None], parts: list[tuple[int, slice]]) -> None:
        """Files in storage are read many at once, as one waits for each most of the time."""
        if len(parts) == 1 or isinstance(place(self.path), Path):
            for number, frames in parts:
                read(number, frames)
            return
        with ThreadPoolExecutor(_FILES_AT_ONCE, "thunder-tiff") as pool:
            for _ in pool.map(lambda part: read(*part), parts):
                pass

    def _by_file(self, times: slice) -> Iterator[tuple[int, slice]]:
        """Numbers of the files that hold these frames, and which of their own frames are meant."""
        each = self.layout.frames
        for number in range(times.start // each, -(-times.stop // each)):
            first = number * each
            yield number, slice(max(times.start - first, 0), min(times.stop - first, each))

    def _file(self, number: int, n_frames: int) -> TiffPages | PageTable:
        where = place(self.path)
        if not self.files:
            return (
                page_table(self.path, self.stamp)
                if isinstance(where, RemotePath)
                else open_pages(self.path, self.stamp)
            )
        path = where / self.files[number]
        pages = page_table(str(path), self.stamp)
        check_alike(pages, self.layout, self.files[0])
        if pages.n_pages < self.layout.n_pages * n_frames // self.layout.frames:
            raise _too_few(path, pages.n_pages, self.layout.n_pages)
        return pages


def check_alike(pages: TiffPages | PageTable, layout: PageLayout, first: str) -> None:
    """Check that a file's pages are like those of the first file.

    Raises
    ------
    RecordingError
        Naming both.
    """
    if pages.page_shape != layout.page_shape or pages.dtype != layout.dtype:
        raise RecordingError(
            f"{pages.path}: its pages are {pages.page_shape} {pages.dtype}, but those of {first} are "
            f"{layout.page_shape} {layout.dtype}. All files of a recording must have the same shape and type; take "
            "this one out of the folder."
        )


@dataclass(frozen=True)
class TiffFormat:
    """TIFF files and folders of them."""

    name: str = "TIFF"
    patterns: tuple[str, ...] = ("*.tif", "*.tiff", "a folder of them")
    options: tuple[str, ...] = ("planes", "channel")

    def matches(self, path: Path) -> bool:
        if path.is_file():
            return path.name.lower().endswith(_SUFFIXES)
        return path.is_dir() and bool(files_of(path, _SUFFIXES))

    def open(self, path: Path, planes: int | None = None, channel: int | None = None, **_: Any) -> TiffSource:
        return _opened(path, files_of(path, _SUFFIXES) if path.is_dir() else [], planes, channel)

    def matches_remote(self, path: RemotePath) -> bool:
        if path.name.lower().endswith(_SUFFIXES):
            return path.is_file()
        return any(found.name.lower().endswith(_SUFFIXES) for found in path.iterdir_if_any())

    def open_remote(
        self, path: RemotePath, planes: int | None = None, channel: int | None = None, **_: Any
    ) -> TiffSource:
        is_file = path.name.lower().endswith(_SUFFIXES)
        return _opened(path, [] if is_file else files_of(path, _SUFFIXES), planes, channel)


FORMAT = TiffFormat()


def _opened(path: AnyPath, files: Sequence[AnyPath], planes: int | None, channel: int | None) -> TiffSource:
    if planes is not None and (not isinstance(planes, int) or planes < 1):
        raise RecordingError(f"{path}: planes={planes} must be a whole number of planes, at least 1.")
    if len(files) > 1:
        return _open_folder(path, files, planes, channel)
    return _open_file(files[0] if files else path, planes, channel)


def _open_file(path: AnyPath, planes: int | None, channel: int | None) -> TiffSource:
    stamp = fingerprint_of([path], planes, channel)
    pages = open_pages(str(path), stamp)
    layout = page_layout(pages, "t", planes, channel)
    if layout.frames * layout.planes == 1:
        raise RecordingError(f"{path}: not a movie: it holds a single image. Give a stack, or a folder of files.")
    said = tiff_metadata(pages.file, layout.frames, layout.planes)
    return TiffSource(str(path), (), layout.frames, layout, pages.contiguous, stamp, said, planes, channel)


def _open_folder(folder: AnyPath, files: Sequence[AnyPath], planes: int | None, channel: int | None) -> TiffSource:
    stamp = fingerprint_of(files, planes, channel)
    first, last = open_pages(str(files[0]), stamp), open_pages(str(files[-1]), stamp)
    if first.is_set:
        return _open_file(files[0], planes, channel)
    layout = page_layout(first, "z", planes, channel)
    for file in _worth_a_look(files, first.contiguous):
        _check_file(open_pages(str(file), stamp), layout, files, planes, channel)
    n_frames = layout.frames * (len(files) - 1) + page_layout(last, "z", planes, channel).frames
    said = tiff_metadata(first.file, n_frames, layout.planes)
    names = tuple(f.name for f in files)
    return TiffSource(str(folder), names, n_frames, layout, first.contiguous, stamp, said, planes, channel)


def _worth_a_look(files: Sequence[AnyPath], contiguous: bool) -> list[AnyPath]:
    """The middle and the last file, and of uncompressed files the first few whose size differs; the rest when read."""
    wanted = {len(files) // 2, len(files) - 1}
    if contiguous:
        size = files[0].stat().st_size
        odd = (i for i, file in enumerate(files) if file.stat().st_size != size)
        wanted |= set(islice(odd, _HEADERS_READ_AT_OPEN))
    return [files[i] for i in sorted(wanted)]


def _check_file(
    pages: TiffPages, layout: PageLayout, files: Sequence[AnyPath], planes: int | None, channel: int | None
) -> None:
    check_alike(pages, layout, files[0].name)
    if pages.path == files[-1] and layout.frames > 1:
        if page_layout(pages, "z", planes, channel).planes != layout.planes:
            raise _too_few(pages.path, pages.n_pages, layout.n_pages)
    elif pages.n_pages != layout.n_pages:
        raise _too_few(pages.path, pages.n_pages, layout.n_pages)


def _too_few(path: AnyPath, found: int, wanted: int) -> RecordingError:
    return RecordingError(
        f"{path}: it has {found} pages, but the first file has {wanted}. All files of a recording must have the same "
        "shape; if each file holds several volumes, give planes=."
    )
