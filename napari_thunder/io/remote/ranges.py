"""Parts of files in storage: many at once, neighbours together, and files that are read here and there."""

from __future__ import annotations

import bisect
import io
from collections.abc import Iterable, Sequence
from itertools import pairwise

from napari_thunder.errors import RecordingError
from napari_thunder.io.remote.asking import ask_all
from napari_thunder.io.remote.path import RemotePath

Range = tuple[int, int]
"""First byte, and how many."""

_LARGEST = 8 * 2**20
_GAP = 64 * 2**10
_FIRST, _STEP = 64 * 2**10, 4 * 2**10
_MOST_AHEAD = 64
_LARGEST_CACHE = 16 * 2**20


def read_ranges(path: RemotePath, ranges: Iterable[Range]) -> Ranges:
    """Some byte ranges of a file; those that are near each other come in one request.

    Raises
    ------
    RecordingError
        If the file is gone or cannot be read in parts.
    """
    merged = merge(ranges)
    said = ask_all(
        [path.address] * len(merged),
        lambda system, i: system._cat_file(path.address, start=merged[i][0], end=sum(merged[i])),
    )
    found = Ranges()
    for (start, count), answer in zip(merged, said, strict=True):
        found.add(start, _checked(path, count, answer))
    return found


def merge(ranges: Iterable[Range], gap: int = _GAP, largest: int = _LARGEST) -> list[Range]:
    """Ranges in order, with those put together that lie at most `gap` bytes apart, up to `largest` bytes."""
    found: list[Range] = []
    for start, count in sorted(ranges):
        if found:
            first, length = found[-1]
            if start <= first + length + gap and start + count - first <= largest:
                found[-1] = (first, max(length, start + count - first))
                continue
        found.append((start, count))
    return found


class Ranges:
    """Parts of a file that are here."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._parts: list[bytes] = []
        self.n_bytes = 0

    def add(self, start: int, part: bytes) -> None:
        """Keep a part, which may lie over others."""
        at = bisect.bisect(self._starts, start)
        self._starts.insert(at, start)
        self._parts.insert(at, part)
        self.n_bytes += len(part)

    def get(self, start: int, count: int) -> bytes | None:
        """A range, shorter where the file ends; None if it is not here."""
        for at in range(bisect.bisect(self._starts, start) - 1, -1, -1):
            begin, part = self._starts[at], self._parts[at]
            if begin + len(part) >= start + count:
                return part[start - begin : start - begin + count]
            if begin + _LARGEST < start:
                break
        return None

    def need(self, start: int, count: int) -> bytes:
        """A range that was asked for."""
        found = self.get(start, count)
        assert found is not None
        return found


class RangeFile(io.RawIOBase):
    """A file in storage as one to seek and read in; little is asked for at a time, more where reads form a row.

    A TIFF's pages are found by following one after the other. Where they lie at equal distances, as they do in most,
    the next ones are asked for together.
    """

    def __init__(self, path: RemotePath) -> None:
        self._path = path
        self._size = -1
        self._at = 0
        self._here = Ranges()
        self._asked: list[int] = []
        self._ahead = 0

    @property
    def name(self) -> str:
        """As messages say it."""
        return self._path.address

    @property
    def size(self) -> int:
        """Bytes of the file."""
        if self._size < 0:
            self._size = self._path.stat().st_size
        return self._size

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Let the next read begin elsewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence)
        self._at = max(0, offset + (self.size if base is None else base))
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes."""
        left = max(0, self.size - self._at)
        count = left if size is None or size < 0 else min(size, left)
        found = self._get(self._at, count) if count else b""
        self._at += len(found)
        return found

    def readinto(self, buffer: object) -> int:
        """The next bytes, put into a buffer."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        found = self.read(len(view))
        view[: len(found)] = found
        return len(found)

    def _get(self, start: int, count: int) -> bytes:
        found = self._here.get(start, count)
        if found is None:
            if self._here.n_bytes > _LARGEST_CACHE:
                self._here = Ranges()
            for begin, part in self._fetched(self._wanted(start, count)):
                self._here.add(begin, part)
            found = self._here.get(start, count)
        if found is None:
            raise RecordingError(f"{self._path}: the file changed while it was read. Open it again.")
        return found

    def _wanted(self, start: int, count: int) -> list[Range]:
        """What was asked for, and what will be next if the last steps went equally far."""
        each = max(count, _STEP if self._asked else _FIRST)
        self._asked = [*self._asked[-2:], start]
        steps = [b - a for a, b in pairwise(self._asked)]
        regular = len(steps) == 2 and steps[0] == steps[1] > 0
        self._ahead = min(_MOST_AHEAD, max(4, 2 * self._ahead)) if regular else 0
        wanted = [start + i * steps[-1] for i in range(self._ahead + 1)] if regular else [start]
        if regular:
            self._asked = [wanted[-1] - steps[-1], wanted[-1]][-2:] if len(wanted) == 1 else wanted[-2:]
        return [(a, min(each, self.size - a)) for a in wanted if a < self.size]

    def _fetched(self, ranges: Sequence[Range]) -> list[tuple[int, bytes]]:
        said = ask_all(
            [self._path.address] * len(ranges),
            lambda system, i: system._cat_file(self._path.address, start=ranges[i][0], end=sum(ranges[i])),
        )
        return [(start, _checked(self._path, n, answer)) for (start, n), answer in zip(ranges, said, strict=True)]


def _checked(path: RemotePath, count: int, answer: bytes | Exception) -> bytes:
    if isinstance(answer, Exception):
        raise answer
    if len(answer) > count:
        raise RecordingError(
            f"{path}: its server sends whole files only, not parts of them. Copy the file to a disk, or ask whoever "
            "runs the server to allow range requests."
        )
    if len(answer) < count:
        raise RecordingError(f"{path}: the file is shorter than it was when it was opened. Open it again.")
    return answer
