"""Thunder's image stacks: a folder with one raw binary file per frame and a `conf.json`.

Thunder 0.4 to 0.6 wrote `dims` (row, column, plane) with the row varying fastest (`order="F"`), 1.x wrote `shape`
(plane, row, column), or (row, column), in C order. `order=` overrules. `planes=` says that each file holds several
frames of so many planes, as Thunder's `nplanes` did.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import Axes, Shape, Slices
from napari_thunder.io.by_slices import BySlices
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.mapped import MappedArray
from napari_thunder.io.source import Metadata
from napari_thunder.io.thunder_conf import (
    binary_files,
    conf_shape,
    conf_type,
    holds_series,
    is_thunder_folder,
    read_conf,
)
from napari_thunder.io.uri import join_uri

Array = NDArray[Any]


@dataclass(frozen=True)
class ThunderImagesSource(BySlices):
    """A movie in a folder of Thunder images.

    Parameters
    ----------
    path, files
        The folder, and the names of its files in order of time.
    axes
        Of one file: `zyx`, or with planes counted `tzyx`, in the order in which they lie there.
    file_type
        Of a voxel in the files, with their byte order.
    """

    path: str
    files: tuple[str, ...]
    axes: Axes
    file_type: np.dtype[Any]
    stamp: str
    planes: int | None = None
    order: str | None = None
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    format: str = "Thunder images"

    @property
    def uri(self) -> str:
        return join_uri(self.path, planes=self.planes, order=self.order)

    @property
    def shape(self) -> Shape:
        each, z, y, x = self.axes.shape
        return each * len(self.files), z, y, x

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.file_type.newbyteorder("=")

    @property
    def chunks(self) -> Shape:
        fastest = self.axes.names[-1]
        _, _, y, x = self.shape
        return (1, 1, y, 1) if fastest == "y" else (1, 1, 1, x)

    def read_slices(self, movie: Slices) -> Array:
        times, *space = movie
        found = np.empty([s.stop - s.start for s in movie], self.dtype)
        each = self.axes.shape[0]
        for number in range(times.start // each, -(-times.stop // each)):
            first = number * each
            frames = slice(max(times.start - first, 0), min(times.stop - first, each))
            at = first + frames.start - times.start
            part = self.axes.read(self._file(number).view(), (frames, space[0], space[1], space[2]))
            found[at : at + len(part)] = part
        return found

    def _file(self, number: int) -> MappedArray:
        path = Path(self.path, self.files[number])
        size = math.prod(self.axes.lengths) * self.file_type.itemsize
        return MappedArray(str(path), self.axes.lengths, self.file_type, file_size=size)


@dataclass(frozen=True)
class ThunderImagesFormat:
    """Folders of Thunder images."""

    name: str = "Thunder images"
    patterns: tuple[str, ...] = ("a folder with conf.json and a .bin or .stack file for each frame",)
    options: tuple[str, ...] = ("planes", "order")

    def matches(self, path: Path) -> bool:
        return path.is_dir() and is_thunder_folder(path) and not holds_series(path)

    def open(self, path: Path, planes: int | None = None, order: str | None = None, **_: Any) -> ThunderImagesSource:
        conf, files = read_conf(path), binary_files(path)
        dtype = conf_type(conf, "dtype", path, default="int16")
        stamp = fingerprint_of([path / "conf.json", *files], planes, order)
        axes = _with_planes(_axes(conf, order, path), planes, path)
        _check_sizes(files, axes, dtype)
        return ThunderImagesSource(str(path), tuple(f.name for f in files), axes, dtype, stamp, planes, order)


FORMAT = ThunderImagesFormat()


def _axes(conf: dict[str, Any], order: str | None, path: Path) -> Axes:
    """(plane, row, column) of 1.x, or (row, column, plane) of 0.x, in the order in which they lie in a file."""
    if order not in (None, "C", "F"):
        raise RecordingError(f"{path}: order={order!r} must be C (last index fastest) or F (first index fastest).")
    newer = "shape" in conf
    shape = conf_shape(conf, "shape" if newer else "dims", path)
    if len(shape) not in (2, 3):
        raise RecordingError(f"{path / 'conf.json'}: an image has 2 or 3 axes, but here {len(shape)}: {list(shape)}.")
    names = ("zyx" if newer else "yxz") if len(shape) == 3 else "yx"
    fortran = order == "F" or (order is None and not newer)
    return Axes(names[::-1], shape[::-1]) if fortran else Axes(names, shape)


def _with_planes(axes: Axes, planes: int | None, path: Path) -> Axes:
    """Cut the planes of a file into frames of `planes` planes."""
    if planes is None:
        return axes
    depth = axes.shape[1]
    if not isinstance(planes, int) or planes < 1 or depth % planes:
        raise RecordingError(f"{path}: {depth} planes in each file cannot be divided into volumes of planes={planes}.")
    at = axes.names.index("z")
    lengths = (*axes.lengths[:at], depth // planes, planes, *axes.lengths[at + 1 :])
    return Axes(axes.names.replace("z", "tz"), lengths)


def _check_sizes(files: list[Path], axes: Axes, dtype: np.dtype[Any]) -> None:
    """All files have the size that conf.json says; sizes alone are looked at."""
    wanted = math.prod(axes.lengths) * dtype.itemsize
    for file in files:
        size = file.stat().st_size
        if size != wanted:
            how = "cut short" if size < wanted else "too long"
            raise RecordingError(
                f"{file}: the file is {how}: conf.json says {list(axes.lengths)} of {dtype}, {wanted:,} bytes, but "
                f"it has {size:,}. Check shape, dims and dtype in conf.json, or copy the file again."
            )
