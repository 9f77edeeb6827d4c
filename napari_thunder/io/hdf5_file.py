"""HDF5 files: opened once in each process, found to be changed or damaged, and read from several threads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.hdf5_chunks import decodes, read_chunks
from napari_thunder.io.mapped import MappedArray, file_size, truncated

if TYPE_CHECKING:
    import h5py

Array = NDArray[Any]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SIGNATURE_PLACES = (0, 512, 1024, 2048)
_CHUNK_CACHE = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Hdf5Array:
    """A dataset whose chunks the HDF5 library decodes; small and picklable.

    Parameters
    ----------
    path, key
        The file and the dataset in it.
    shape, dtype
        Of the dataset; the byte order is the file's.
    chunks
        Of the dataset, in the order of its axes.
    stamp
        Of the file when it was opened.
    """

    path: str
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    stamp: str

    def view(self) -> Hdf5Array:
        """Itself: what is not asked for is not read."""
        return self

    def __getitem__(self, selection: tuple[slice, ...]) -> Array:
        """The numbers in these slices.

        Raises
        ------
        RecordingError
            If the file is gone, has changed since it was opened, or cannot be decoded there.
        """
        if fingerprint_of([Path(self.path)]) != self.stamp:
            raise RecordingError(f"{self.path}: the file has changed since the recording was opened. Open it again.")
        dataset, here = _cached_dataset(self.path, self.key, self.stamp, os.getpid())
        try:
            found: Array = read_chunks(dataset, here, selection) if here is not None else dataset[selection]
        except (OSError, ValueError, RuntimeError) as error:
            raise _damaged(self, selection, error) from error
        return found


def has_hdf5_signature(path: Path) -> bool:
    """Whether a file begins as HDF5 does, perhaps after a block of the user's own (MATLAB)."""
    try:
        with path.open("rb") as file:
            return any(file.seek(place) == place and file.read(8) == _SIGNATURE for place in _SIGNATURE_PLACES)
    except OSError:
        return False


def open_hdf5(path: Path) -> h5py.File:
    """Open a file to read, as anyone else in this process does: two who lock it differently cannot both have it open.

    Raises
    ------
    RecordingError
        If it is damaged, cut short or may not be read.
    """
    import h5py

    try:
        return h5py.File(path, "r", rdcc_nbytes=_CHUNK_CACHE)
    except PermissionError:
        raise RecordingError(f"{path}: cannot be read: Permission denied.") from None
    except OSError as error:
        raise RecordingError(
            f"{path}: not a whole HDF5 file (cut short, damaged, being written): {error}. Copy or save it again."
        ) from error


def stored_array(path: Path, key: str, dataset: h5py.Dataset) -> MappedArray | Hdf5Array:
    """How to read a dataset: by memory map where its numbers lie in the file as they are, else through HDF5.

    Parameters
    ----------
    path, key
        The file, and the dataset's name in it.
    dataset
        The dataset, open.

    Raises
    ------
    RecordingError
        If the file is too short for it.
    """
    offset = _offset(dataset) if dataset.file.filename == str(path) else None
    if offset is None:
        chunks = dataset.chunks or (*(1,) * (dataset.ndim - 1), dataset.shape[-1])
        return Hdf5Array(str(path), key, dataset.shape, dataset.dtype, chunks, fingerprint_of([path]))
    size = file_size(path)
    array = MappedArray(str(path), dataset.shape, dataset.dtype, offset, size)
    if size < offset + array.nbytes:
        raise truncated(path, offset + array.nbytes, size)
    return array


def _offset(dataset: h5py.Dataset) -> int | None:
    """Where a dataset begins in its file, or None if it lies there in pieces, elsewhere, or in another type."""
    import h5py

    plain = dataset.dtype.kind in "uif" and h5py.h5t.py_create(dataset.dtype) == dataset.id.get_type()
    whole = dataset.chunks is None and not dataset.is_virtual and not dataset.external
    offset: int | None = dataset.id.get_offset()
    return offset if plain and whole else None


@lru_cache(maxsize=4)
def _cached_file(path: str, stamp: str, process: int) -> h5py.File:
    """An open file, which a process that was forked off must not share."""
    return open_hdf5(Path(path))


@lru_cache(maxsize=4096)
def _cached_dataset(path: str, key: str, stamp: str, process: int) -> tuple[h5py.Dataset, Path | None]:
    """An open dataset, and the file whose chunks can be decoded here; None if only the library can."""
    dataset = _cached_file(path, stamp, process)[key]
    return dataset, Path(dataset.file.filename) if decodes(dataset) else None


def _damaged(array: Hdf5Array, selection: tuple[slice, ...], error: Exception) -> RecordingError:
    start = tuple(s.start or 0 for s in selection)
    return RecordingError(
        f"{array.path}: dataset {array.key} cannot be read from {start} on: {error}. If a filter is missing, install "
        "hdf5plugin; else the file is damaged: copy it again."
    )
