"""Chunks of an HDF5 dataset, read and decoded without the lock under which the library does one thing at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from numcodecs.shuffle import Shuffle
from numpy.typing import NDArray

if TYPE_CHECKING:
    import h5py

Array = NDArray[Any]

_DEFLATE, _SHUFFLE = 1, 2
_KNOWN = ((), (_DEFLATE,), (_SHUFFLE,), (_SHUFFLE, _DEFLATE))


def decodes(dataset: h5py.Dataset) -> bool:
    """Whether `read_chunks` knows how this dataset's chunks are stored: as they are, shuffled, or by deflate (gzip)."""
    import h5py

    pipeline = dataset.id.get_create_plist()
    filters = tuple(pipeline.get_filter(number)[0] for number in range(pipeline.get_nfilters()))
    plain = dataset.dtype.kind in "uif" and h5py.h5t.py_create(dataset.dtype) == dataset.id.get_type()
    return dataset.chunks is not None and not dataset.is_virtual and plain and filters in _KNOWN


def read_chunks(dataset: h5py.Dataset, path: Path, selection: tuple[slice, ...]) -> Array:
    """What `dataset[selection]` gives; only where chunks lie in the file is asked of the library.

    Raises
    ------
    OSError, RuntimeError, ValueError
        If a chunk is damaged.
    """
    found = np.empty([s.stop - s.start for s in selection], dataset.dtype)
    filters = dataset.id.get_create_plist()
    names = [filters.get_filter(number)[0] for number in range(filters.get_nfilters())]
    with path.open("rb", buffering=0) as file:
        for corner in _corners(dataset.chunks, selection):
            at = tuple(slice(max(s.start - c, 0), s.stop - c) for c, s in zip(corner, selection, strict=True))
            place = tuple(
                slice(max(c - s.start, 0), min(c + n, s.stop) - s.start)
                for c, n, s in zip(corner, dataset.chunks, selection, strict=True)
            )
            where = dataset.id.get_chunk_info_by_coord(corner)
            if where.byte_offset is None:
                found[place] = dataset.fillvalue
                continue
            file.seek(where.byte_offset)
            stored = file.read(where.size)
            found[place] = _decoded(stored, names, where.filter_mask, dataset.dtype, dataset.chunks)[at]
    return found


def _corners(chunks: tuple[int, ...], selection: tuple[slice, ...]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(s.start // c * c, s.stop, c) for c, s in zip(chunks, selection, strict=True)))


def _decoded(
    stored: bytes | bytearray, filters: list[int], left_out: int, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> Array:
    """Bit i of `left_out` is set where filter i was not used on this chunk."""
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    for number, name in reversed(list(enumerate(filters))):
        if left_out >> number & 1:
            continue
        if name == _DEFLATE:
            stored = imagecodecs.deflate_decode(stored, out=n_bytes)
        elif name == _SHUFFLE and dtype.itemsize > 1:
            stored = Shuffle(dtype.itemsize).decode(stored)
    if len(stored) != n_bytes:
        raise ValueError(f"a chunk has {len(stored)} bytes instead of {n_bytes}")
    return np.frombuffer(stored, dtype).reshape(shape)
