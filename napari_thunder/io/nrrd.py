"""NRRD: volumes and movies, with the voxels in the same file (`.nrrd`) or in one beside it (`.nhdr`).

NRRD gives its axes fastest first. Of those that lie in space (`kinds`, else those with a `space directions`) the first
is x, then y, then z; an axis of time or a list is t, one of vectors or colours holds channels. Without kinds, three
axes are (x, y, z) and four are (x, y, z, t). `axes=` overrules, in the order of the file, as in `axes=xyt`. Voxel size
and frame interval count where the file gives their units. What is compressed is decoded whole, in each process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_thunder.io.axes import check_letters
from napari_thunder.io.compressed import CompressedArray
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.file_source import FileSource, file_source
from napari_thunder.io.mapped import MappedArray, file_size, truncated
from napari_thunder.io.nrrd_header import NrrdHeader, read_nrrd_header
from napari_thunder.io.spacing import spacing

_SUFFIXES = (".nrrd", ".nhdr")
_UNNAMED = {3: "xyz", 4: "xyzt"}
_TIME = ("time", "list")
_SPACE = ("domain", "space", "none", "???", "")


@dataclass(frozen=True)
class NrrdFormat:
    """NRRD files."""

    name: str = "NRRD"
    patterns: tuple[str, ...] = ("*.nrrd", "*.nhdr")
    options: tuple[str, ...] = ("axes", "channel")

    def matches(self, path: Path) -> bool:
        return path.name.lower().endswith(_SUFFIXES) and path.is_file()

    def open(self, path: Path, axes: str | None = None, channel: int | None = None, **_: Any) -> FileSource:
        header = read_nrrd_header(path)
        names = check_letters(axes, str(path)) if axes is not None else _names(header)
        said = {"axes": axes, "channel": channel}
        files = frozenset({header.data})
        source = file_source(path, self.name, _array(header), names and names[::-1], said, files=files)
        return replace(source, metadata=spacing(names or "", header.steps, header.units, source.shape))


FORMAT = NrrdFormat()


def _names(header: NrrdHeader) -> str | None:
    """Letters of the axes, fastest first; None if the file does not say enough."""
    kinds = header.kinds or tuple("domain" if step is not None else "" for step in header.steps)
    if not any(kinds) or all(kind in _SPACE and kind for kind in kinds):
        return _UNNAMED.get(len(header.sizes))
    space = iter("xyz")
    return "".join(_letter(kind, step, space) for kind, step in zip(kinds, header.steps, strict=True))


def _letter(kind: str, step: float | None, space: Iterator[str]) -> str:
    if kind in _TIME or (not kind and step is None):
        return "t"
    return next(space, "?") if kind in _SPACE else "c"


def _array(header: NrrdHeader) -> MappedArray | CompressedArray:
    path, shape = str(header.data), header.sizes[::-1]
    if header.encoding != "raw":
        stamp = fingerprint_of([header.data])
        return CompressedArray(path, shape, header.dtype, stamp, header.encoding, header.start, header.skip)
    size = file_size(header.data)
    array = MappedArray(path, shape, header.dtype, header.start + header.skip, size)
    if header.skip < 0:
        array = MappedArray(path, shape, header.dtype, max(0, size - array.nbytes), size)
    if size < array.offset + array.nbytes:
        raise truncated(path, array.offset + array.nbytes, size)
    return array
