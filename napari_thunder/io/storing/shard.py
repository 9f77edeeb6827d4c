"""One shard: a file of compressed chunks with an index at its end (Zarr v3 `sharding_indexed`).

It is written chunk by chunk, so that a shard need not fit in memory, and appears under its name whole or not at all.
The same chunks give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import google_crc32c
import numcodecs.blosc
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
At = tuple[int, ...]

numcodecs.blosc.use_threads = False  # else threads of Blosc end in any order, and so do a chunk's bytes

_NOTHING = np.uint64(2**64 - 1)
_CHECKSUM = 4
LEVEL = 5


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written.

    Parameters
    ----------
    n_bytes, sha256
        Of its content.
    """

    n_bytes: int
    sha256: str


def compressed(chunk: Array, compressor: str) -> bytes:
    """A chunk as it is stored."""
    shuffle = numcodecs.blosc.BITSHUFFLE if chunk.dtype.kind in "ui" else numcodecs.blosc.SHUFFLE
    little = np.ascontiguousarray(chunk, chunk.dtype.newbyteorder("<"))
    packed: bytes = numcodecs.blosc.compress(little, compressor.encode(), LEVEL, shuffle, 0)
    return packed


@dataclass
class ShardWriter:
    """Writes one shard; use it in a `with`, which puts it in its place at the end, or leaves nothing.

    Parameters
    ----------
    place
        The file; a shard without chunks is none.
    workshop
        A folder on the same disk for what is not ready.
    root
        The folder under which folders for the file are made. It itself is not made again if it is gone.
    inner
        Chunks along each axis.
    compressor
        `lz4` or `zstd`.
    """

    place: Path
    workshop: Path
    root: Path
    inner: At
    compressor: str
    written: Written | None = None
    _index: Array = field(init=False, repr=False)
    _draft: Path = field(init=False, repr=False)
    _file: BinaryIO | None = field(default=None, init=False, repr=False)
    _hash: Any = field(default_factory=hashlib.sha256, init=False, repr=False)
    _size: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._index = np.full((*self.inner, 2), _NOTHING, "<u8")
        self._draft = self.workshop / uuid.uuid4().hex

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            if kind is None:
                self._finish()
        finally:
            self._file.close()
            self._draft.unlink(missing_ok=True)

    def add(self, at: At, chunk: Array) -> None:
        """Write the chunk at a place in this shard, once."""
        packed = compressed(chunk, self.compressor)
        self._index[at] = self._size, len(packed)
        self._write(packed)

    def _write(self, data: bytes) -> None:
        if self._file is None:
            self._file = self._draft.open("xb")
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)

    def _finish(self) -> None:
        assert self._file is not None
        index = self._index.tobytes()
        self._write(index + google_crc32c.value(index).to_bytes(_CHECKSUM, "little"))
        self._file.flush()
        os.fsync(self._file.fileno())
        make_folders(self.root, self.place.parent)
        self._draft.replace(self.place)
        _sync_folder(self.place.parent)
        self.written = Written(self._size, self._hash.hexdigest())


def make_folders(root: Path, folder: Path) -> None:
    """Make a folder and those above it, up to `root`, which has to be there."""
    if folder == root:
        return
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError:
        make_folders(root, folder.parent)
        if folder.parent == root and not root.is_dir():
            raise
        folder.mkdir(exist_ok=True)


def _sync_folder(folder: Path) -> None:
    """See that a new name in a folder is on the disk, where the system can."""
    try:
        place = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(place)
    finally:
        os.close(place)


class ShardReader:
    """Reads chunks of one shard.

    Parameters
    ----------
    path
        The file.
    inner
        Chunks along each axis.

    Raises
    ------
    ValueError
        If its index is damaged.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: Path, inner: At) -> None:
        size = 16 * int(np.prod(inner))
        with path.open("rb") as file:
            file.seek(-(size + _CHECKSUM), os.SEEK_END)
            tail = file.read()
        if google_crc32c.value(tail[:size]) != int.from_bytes(tail[size:], "little"):
            raise ValueError("its index is damaged")
        self._path = path
        self._index = np.frombuffer(tail[:size], "<u8").reshape(*inner, 2)

    def chunk(self, at: At, shape: At, dtype: np.dtype[Any]) -> Array | None:
        """The chunk at a place in this shard, or None if it was left out."""
        offset, length = self._index[at]
        if offset == _NOTHING:
            return None
        with self._path.open("rb") as file:
            file.seek(int(offset))
            packed = file.read(int(length))
        found: Array = np.frombuffer(numcodecs.blosc.decompress(packed), dtype.newbyteorder("<")).reshape(shape)
        return found
