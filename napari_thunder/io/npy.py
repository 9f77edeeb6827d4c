"""Movies saved by numpy: `.npy`, read by memory map, and `.npz`.

A movie of three axes is (t, y, x) and gets a z axis of length 1. An `.npz` holds the movie as `data`, or as its only
array of three or four axes; beside it, `voxel_size` (3,), `frame_rate` (), `frame_times` (t,), and further arrays (t,),
which become signals by frame. Arrays of an uncompressed `.npz` are mapped, those of a compressed one held in memory.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import Axes, Shape, Slices, movie_axes
from napari_thunder.io.by_slices import BySlices
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.mapped import MappedArray, file_size, truncated
from napari_thunder.io.source import Metadata
from napari_thunder.io.voxel_type import check_voxel_type

Array = NDArray[Any]


@dataclass(frozen=True)
class NumpySource(BySlices):
    """A movie in a numpy file."""

    path: str
    array: MappedArray | ZippedArray
    axes: Axes
    stamp: str
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    format: str = "NumPy array"

    @property
    def uri(self) -> str:
        return self.path

    @property
    def shape(self) -> Shape:
        return self.axes.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype.newbyteorder("=")

    @property
    def chunks(self) -> Shape:
        return 1, 1, 1, self.shape[3]

    def read_slices(self, movie: Slices) -> Array:
        return np.array(self.axes.read(self.array.view(), movie), self.dtype, order="C")


@dataclass(frozen=True, slots=True)
class ZippedArray:
    """An array in a compressed `.npz`: decompressed once in each process."""

    path: str
    key: str
    dtype: np.dtype[Any]
    stamp: str

    def view(self) -> Array:
        """The whole array, in memory, read-only."""
        return _decompress(self)


@lru_cache(maxsize=2)
def _decompress(array: ZippedArray) -> Array:
    with _opened(Path(array.path)) as arrays:
        values = _load(arrays, array.key, array.path)
    values.flags.writeable = False
    return values


@dataclass(frozen=True)
class NumpyFormat:
    """`.npy` and `.npz` files."""

    name: str = "NumPy"
    patterns: tuple[str, ...] = ("*.npy", "*.npz")
    options: tuple[str, ...] = ()

    def matches(self, path: Path) -> bool:
        return path.is_file() and path.suffix.lower() in (".npy", ".npz")

    def open(self, path: Path, **options: Any) -> NumpySource:
        return _open_npy(path) if path.suffix.lower() == ".npy" else _open_npz(path)


FORMAT = NumpyFormat()


def _open_npy(path: Path) -> NumpySource:
    try:
        with path.open("rb") as file:
            shape, fortran, dtype, offset = _read_header(file, str(path))
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}.") from error
    array, axes = _mapped(path, shape, fortran, dtype, offset, str(path))
    return NumpySource(str(path), array, axes, fingerprint_of([path]))


def _read_header(file: BinaryIO, where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    try:
        version = npy_format.read_magic(file)
        read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except (ValueError, SyntaxError) as error:
        raise RecordingError(f"{where}: not a whole NumPy file: {error}") from error
    return shape, fortran, dtype, file.tell()


def _mapped(
    path: Path, shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any], offset: int, where: str
) -> tuple[MappedArray, Axes]:
    check_voxel_type(dtype, where)
    axes = movie_axes(shape, None, where)
    if fortran:
        axes = Axes(axes.names[::-1], shape[::-1])
    size = file_size(path)
    array = MappedArray(str(path), axes.lengths, dtype, offset, size)
    if size < offset + array.nbytes:
        raise truncated(where, offset + array.nbytes, size)
    return array, axes


def _open_npz(path: Path) -> NumpySource:
    stamp = fingerprint_of([path])
    with _opened(path) as arrays:
        headers = {key: _member_header(arrays, key, path) for key in arrays.namelist() if key.endswith(".npy")}
        key = _movie_key({k: shape for k, (shape, _, _, _) in headers.items()}, path)
        shape, fortran, dtype, _ = headers[key]
        where = f"{path}: array {key.removesuffix('.npy')}"
        check_voxel_type(dtype, where)
        axes: Axes = movie_axes(shape, None, where)
        array: MappedArray | ZippedArray = ZippedArray(str(path), key, dtype, stamp)
        offset = _stored_offset(arrays, key, path)
        if offset is not None:
            array, axes = _mapped(path, shape, fortran, dtype, offset + headers[key][3], where)
        said = {k.removesuffix(".npy"): _load(arrays, k, str(path)) for k in _small(headers, axes.shape[0], key)}
    return NumpySource(str(path), array, axes, stamp, _metadata(said, axes.shape[0], path))


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise RecordingError(f"{path}: not a whole .npz file (cut short or damaged). Copy or save it again.") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}.") from error


def _member_header(arrays: zipfile.ZipFile, key: str, path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    with arrays.open(key) as file:
        return _read_header(file, f"{path}: array {key.removesuffix('.npy')}")  # type: ignore[arg-type]


def _movie_key(shapes: dict[str, tuple[int, ...]], path: Path) -> str:
    if "data.npy" in shapes:
        return "data.npy"
    movies = [key for key, shape in shapes.items() if len(shape) == 4] or [k for k, s in shapes.items() if len(s) == 3]
    if len(movies) != 1:
        found = ", ".join(f"{k.removesuffix('.npy')} {s}" for k, s in shapes.items()) or "nothing"
        raise RecordingError(
            f"{path}: which array is the movie? It should be called data, or be the only one of 4 axes (t, z, y, x) or "
            f"3 axes (t, y, x). The file holds: {found}."
        )
    return movies[0]


def _stored_offset(arrays: zipfile.ZipFile, key: str, path: Path) -> int | None:
    """Where an uncompressed member begins in the file, or None if it is compressed."""
    info = arrays.getinfo(key)
    if info.compress_type != zipfile.ZIP_STORED:
        return None
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        lengths = np.frombuffer(file.read(4), "<u2")
    return int(info.header_offset + 30 + lengths.sum())


def _small(
    headers: dict[str, tuple[tuple[int, ...], bool, np.dtype[Any], int]], n_frames: int, movie: str
) -> list[str]:
    known = ("voxel_size.npy", "frame_rate.npy", "frame_times.npy")
    return [
        key
        for key, (shape, _, dtype, _) in headers.items()
        if key != movie and dtype.kind in "uifb" and (key in known or shape == (n_frames,))
    ]


def _load(arrays: zipfile.ZipFile, key: str, path: str) -> Array:
    try:
        with arrays.open(key) as file:
            values: Array = npy_format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile, OSError, zlib.error) as error:
        raise RecordingError(
            f"{path}: array {key.removesuffix('.npy')} is damaged: {error}. Copy or save it again."
        ) from error
    return values


def _metadata(said: dict[str, Array], n_frames: int, path: Path) -> Metadata:
    voxel_size, rate, times = (said.pop(name, None) for name in ("voxel_size", "frame_rate", "frame_times"))
    if voxel_size is not None and (voxel_size.shape != (3,) or not (voxel_size > 0).all()):
        raise RecordingError(f"{path}: voxel_size must be three numbers (z, y, x) in µm above 0, not {voxel_size}.")
    if rate is not None and (rate.size != 1 or not float(rate.reshape(-1)[0]) > 0):
        raise RecordingError(f"{path}: frame_rate must be one number above 0, in frames per second, not {rate}.")
    if times is not None and times.shape != (n_frames,):
        raise RecordingError(f"{path}: frame_times has shape {times.shape}, but there are {n_frames} frames.")
    if times is None and rate is not None:
        times = np.arange(n_frames) / float(rate.reshape(-1)[0])
    native = {name: value.astype(value.dtype.newbyteorder("=")) for name, value in said.items()}
    signals = pd.DataFrame(native, index=pd.RangeIndex(n_frames, name="frame")) if native else None
    return Metadata(
        None if voxel_size is None else (float(voxel_size[0]), float(voxel_size[1]), float(voxel_size[2])),
        None if times is None else times.astype(np.float64),
        signals,
    )
