"""Numbers that lie in a file as they are, read by memory map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError


@dataclass(frozen=True, slots=True)
class MappedArray:
    """An array in a file, in C order; small and picklable, each process maps it for itself.

    Parameters
    ----------
    path
        The file.
    shape, dtype
        Of the array; the byte order is the file's.
    offset
        Bytes before its first number.
    file_size
        Bytes of the file when it was opened, so that a file cut short later is noticed, not crashed on.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int = 0
    file_size: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[int, ...]:
        """What can be read without waste: a row."""
        return *(1,) * (len(self.shape) - 1), self.shape[-1]

    def view(self) -> NDArray[Any]:
        """The array, read-only; what is not looked at is not read.

        Raises
        ------
        RecordingError
            If the file is gone, shorter than the array, or of another size than when it was opened.
        """
        size = file_size(Path(self.path))
        if size < self.offset + self.nbytes:
            raise truncated(self.path, self.offset + self.nbytes, size)
        if self.file_size and size != self.file_size:
            raise RecordingError(f"{self.path}: the file has changed since the recording was opened. Open it again.")
        return _map(self, size)


@lru_cache(maxsize=64)
def _map(array: MappedArray, size: int) -> NDArray[Any]:
    """`size` is only there so that a file that has grown or shrunk is mapped anew.

    Each map holds its file open, and macOS lets a program have 256 open files.
    """
    return np.memmap(array.path, array.dtype, "r", array.offset, array.shape).view(np.ndarray)


def file_size(path: Path) -> int:
    """Bytes of a file.

    Raises
    ------
    RecordingError
        If it is not there or cannot be read.
    """
    try:
        return path.stat().st_size
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}.") from error


def truncated(path: str | Path, wanted: int, found: int) -> RecordingError:
    """The error for a file that is too short."""
    return RecordingError(
        f"{path}: the file is cut short: it should have {wanted:,} bytes, but has {found:,}. "
        "Copy it again from where it was recorded."
    )
