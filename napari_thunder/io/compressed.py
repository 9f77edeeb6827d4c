"""An array that is compressed in a file as one stream, so that it has to be decoded whole."""

from __future__ import annotations

import bz2
import gzip
import math
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.mapped import truncated


@dataclass(frozen=True, slots=True)
class CompressedArray:
    """A compressed array in C order; small and picklable, decoded once in each process and then held in memory.

    Parameters
    ----------
    path
        The file.
    shape, dtype
        Of the array; the byte order is the file's.
    stamp
        Of the file when it was opened.
    method
        `gzip` or `bzip2`.
    start
        Bytes of the file before the stream.
    offset
        Bytes of the decoded stream before the array.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stamp: str
    method: str = "gzip"
    start: int = 0
    offset: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the array, decoded."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[int, ...]:
        """What can be read without waste once it is decoded: a row."""
        return *(1,) * (len(self.shape) - 1), self.shape[-1]

    def view(self) -> NDArray[Any]:
        """The whole array, read-only.

        Raises
        ------
        RecordingError
            If the file is gone, has changed, is damaged, or is too short.
        """
        if fingerprint_of([Path(self.path)]) != self.stamp:
            raise RecordingError(f"{self.path}: the file has changed since the recording was opened. Open it again.")
        return _decoded(self)


@lru_cache(maxsize=2)
def _decoded(array: CompressedArray) -> NDArray[Any]:
    with Path(array.path).open("rb") as file:
        file.seek(array.start)
        found = _bytes(array, file)
    if len(found) < array.offset + array.nbytes:
        raise truncated(array.path, array.offset + array.nbytes, len(found))
    return np.frombuffer(found, array.dtype, math.prod(array.shape), array.offset).reshape(array.shape)


def _bytes(array: CompressedArray, file: IO[bytes]) -> bytes:
    stream = bz2.BZ2File(file) if array.method == "bzip2" else gzip.GzipFile(fileobj=file)
    try:
        return stream.read(array.offset + array.nbytes)
    except (EOFError, OSError, zlib.error) as error:
        raise RecordingError(
            f"{array.path}: its {array.method} stream is damaged or cut short: {error}. Copy it again."
        ) from error
