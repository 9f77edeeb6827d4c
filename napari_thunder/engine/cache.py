"""Decoded blocks kept as plain files and memory-mapped: the second look at a block costs no decoding."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Self

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.engine.file_lock import locked
from napari_thunder.engine.own_folder import claim_folder, release_folder
from napari_thunder.errors import EngineError, ParameterError
from napari_thunder.io.array import ArraySource
from napari_thunder.io.source import Array, Source

PLACE = "NAPARI_THUNDER_CACHE"
"""Environment variable: the folder under which caches are made."""

BOUND = "NAPARI_THUNDER_CACHE_BYTES"
"""Environment variable: how many bytes one cache may hold."""

_GIB = 2**30
_ENTRY = ".block"
_UNFINISHED = ".part"
_LOCK_STRIPES = 256


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    source: Source
    text: str
    expires: float


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    n_bytes: int
    last_used: int


class BlockCache:
    """A folder of decoded blocks that several threads and processes may use and fill at once.

    Holds at most `max_bytes`; what was used least recently goes first. A block that is dropped while someone
    still computes on it stays valid for them.

    Parameters
    ----------
    directory
        Where the blocks lie; made when missing. Processes that give the same folder share its blocks.
    max_bytes
        Bound on the size of all blocks. A larger block is read and not kept.
    """

    def __init__(self, directory: str | Path, max_bytes: int) -> None:
        self.directory = Path(directory)
        self.max_bytes = max_bytes
        self._locks = self.directory / "locks"
        self._locks.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._made: set[Path] = set()
        self._fingerprints: dict[int, _Fingerprint] = {}
        self._closed = Event()
        self._sweep: Callable[[], object] = partial(_remove_files, self._made)
        self._remove: Callable[[], object] = self._sweep

    @classmethod
    def for_this_process(cls) -> Self:
        """A cache of this process's own, on a roomy local disk, gone when the process ends.

        The folder and the bound can be set with `NAPARI_THUNDER_CACHE` and `NAPARI_THUNDER_CACHE_BYTES`. What
        processes that were killed left behind is removed.
        """
        place = choose_place()
        bound = choose_bound(place)
        try:
            directory, alive = claim_folder(place, "napari-thunder-cache")
        except OSError as error:
            raise EngineError(no_room_at(place, error)) from error
        cache = cls(directory, bound)
        cache._sweep = partial(shutil.rmtree, directory, ignore_errors=True)
        cache._remove = weakref.finalize(cache, _remove_directory, directory, alive, os.getpid())
        return cache

    @property
    def used_bytes(self) -> int:
        """Bytes of all blocks in the folder, those being written included."""
        return sum(kept.n_bytes for kept in self._kept())

    def block(self, source: Source, block: Block, *, fingerprint: str | None = None) -> Array:
        """The voxels of a block, read from the source the first time and memory-mapped afterwards.

        Parameters
        ----------
        source
            The movie.
        block
            Which part of it.
        fingerprint
            `source.fingerprint()` where the caller knows it already.

        Returns
        -------
        array
            (t, z, y, x) of `block.shape`, native byte order, read only.
        """
        if isinstance(source, ArraySource):
            return _view(source, block)
        path = self.directory / (self._key(source, block, fingerprint) + _ENTRY)
        found = self._find(path, source, block)
        return found if found is not None else self._fill(path, source, block)

    def close(self) -> None:
        """Remove what this process made; blocks in use stay valid. Safe to call twice."""
        self._closed.set()
        self._remove()

    def _key(self, source: Source, block: Block, fingerprint: str | None) -> str:
        where = (block.times, block.start, block.stop, block.before, block.after)
        what = (source.uri, source.format, source.shape, source.dtype.str, fingerprint or self._fingerprint(source))
        return hashlib.sha256(repr((what, where)).encode()).hexdigest()[:32]

    def _fingerprint(self, source: Source) -> str:
        """Remembered for twenty times as long as it took, so that it costs a job 5 % at most."""
        known = self._fingerprints.get(id(source))
        now = time.monotonic()
        if known is not None and known.source is source and now < known.expires:
            return known.text
        text = source.fingerprint()
        took = time.monotonic() - now
        if len(self._fingerprints) > 8:
            self._fingerprints.clear()
        self._fingerprints[id(source)] = _Fingerprint(source, text, now + max(1.0, 21 * took))
        return text

    def _find(self, path: Path, source: Source, block: Block) -> Array | None:
        try:
            if path.stat().st_size != math.prod(block.shape) * source.dtype.itemsize:
                return None
            found = np.memmap(path, source.dtype, "r", shape=block.shape)
            _touch(path)
        except OSError:
            return None
        return found

    def _fill(self, path: Path, source: Source, block: Block) -> Array:
        with ExitStack() as held:
            with suppress(OSError):
                held.enter_context(locked(self._locks / str(int(path.stem, 16) % _LOCK_STRIPES)))
            found = self._find(path, source, block)
            if found is not None:
                return found
            voxels = _read(source, block)
            if not self._closed.is_set():
                self._keep(path, voxels)
                if self._closed.is_set():  # meanwhile: what was just kept came too late to be removed
                    self._sweep()
        found = self._find(path, source, block)
        return voxels if found is None else found

    def _keep(self, path: Path, voxels: Array) -> None:
        """Publish a block as a whole or not at all; a full disk is no fault here."""
        part = path.with_suffix(_UNFINISHED)
        try:
            self._locks.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._make_room(part, voxels.nbytes):
                return
            with part.open("r+b") as file:
                file.write(voxels.data.cast("B"))
            self._made.add(path)
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink()

    def _make_room(self, part: Path, n_bytes: int) -> bool:
        """Drop what was used least recently until `n_bytes` fit, and take the place with an empty `part`."""
        if n_bytes > self.max_bytes:
            return False
        with locked(self._locks / "room"):
            kept = sorted(self._kept(), key=lambda entry: entry.last_used)
            excess = sum(entry.n_bytes for entry in kept) + n_bytes - self.max_bytes
            for entry in kept:
                if excess <= 0:
                    break
                entry.path.unlink(missing_ok=True)
                excess -= entry.n_bytes
            _reserve(part, n_bytes)
        return True

    def _kept(self) -> Iterator[_Kept]:
        with suppress(FileNotFoundError), os.scandir(self.directory) as entries:
            for entry in entries:
                if entry.name.endswith((_ENTRY, _UNFINISHED)):
                    with suppress(FileNotFoundError):
                        status = entry.stat()
                        yield _Kept(Path(entry.path), status.st_size, status.st_mtime_ns)


def choose_place() -> Path:
    """The folder under which caches go on this machine: `NAPARI_THUNDER_CACHE`, or a roomy local disk.

    The disk for temporary files, whose hot blocks stay in memory anyway; memory-backed `/dev/shm` where that disk has
    little room.
    """
    given = os.environ.get(PLACE)
    return Path(given).expanduser() if given else _roomiest()


def choose_bound(place: Path, used_bytes: int = 0) -> int:
    """How many bytes a cache in `place` may hold: `NAPARI_THUNDER_CACHE_BYTES`, or a quarter of the room.

    Parameters
    ----------
    place
        A folder, which need not be there yet.
    used_bytes
        What the cache holds already.

    Raises
    ------
    ParameterError
        If the environment variable is not a number.
    """
    given = os.environ.get(BOUND)
    if given is None:
        return _room(place, used_bytes)
    try:
        return int(float(given))
    except (ValueError, OverflowError):
        raise ParameterError(f"{BOUND}={given!r}: must be a number of bytes, such as 20e9.") from None


def no_room_at(place: Path, error: OSError) -> str:
    """What to tell a person when nothing can be written under `place`."""
    return (
        f"{place}: temporary files cannot be written there ({error.strerror or error}). "
        f"Set {PLACE} to a folder on a local disk with room."
    )


def _roomiest() -> Path:
    disk, memory = Path(tempfile.gettempdir()), Path("/dev/shm")
    room = _room(disk)
    return memory if room < 8 * _GIB and memory.is_dir() and _room(memory) > room else disk


def _room(place: Path, used_bytes: int = 0) -> int:
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if Path("/dev/shm") in (place, *place.parents):
        free = min(free, _free_memory())
    return (free + used_bytes) // 4


def _free_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _remove_directory(directory: Path, alive: int, owner: int) -> None:
    if os.getpid() == owner:
        release_folder(directory, alive)


def _remove_files(made: set[Path]) -> None:
    for path in list(made):  # a copy: threads still under way may add to it
        with suppress(OSError):
            path.unlink()


def _view(source: ArraySource, block: Block) -> Array:
    voxels = source.array[(block.time, *block.padded)].astype(source.dtype, copy=False).view()
    voxels.flags.writeable = False
    return voxels


def _read(source: Source, block: Block) -> Array:
    voxels = np.ascontiguousarray(source.read_block(block), dtype=source.dtype)
    voxels.flags.writeable = False
    return voxels


def _reserve(path: Path, n_bytes: int) -> None:
    """An empty file whose blocks on disk are taken, so that a full disk shows here and not while it is mapped."""
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        else:
            file.truncate(n_bytes)


def _touch(path: Path) -> None:
    now = time.time_ns()
    os.utime(path, ns=(now, now))
