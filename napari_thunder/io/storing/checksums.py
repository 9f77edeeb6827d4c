"""Checksums of a store's files, kept in the form of `sha256sum`, so that other programs can check it too."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from napari_thunder.errors import RecordingError

NAME = "checksums.sha256"
_PIECE = 2**22


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of comparing a store with its checksums.

    Parameters
    ----------
    path
        The store.
    n_files, n_bytes
        That were compared.
    damaged, missing
        Names of files in the store that are not as they were written, or not there.
    """

    path: str
    n_files: int
    n_bytes: int
    damaged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether all is as it was written."""
        return not (self.damaged or self.missing)

    def __str__(self) -> str:
        """In a line or a few."""
        if self.sound:
            return f"{self.path}: sound; {self.n_files} files of {self.n_bytes / 1e9:.2f} GB are as they were written."
        lines = [f"damaged: {name}" for name in self.damaged] + [f"missing: {name}" for name in self.missing]
        n_bad = len(self.damaged) + len(self.missing)
        head = f"{self.path}: {n_bad} of {self.n_files} files are not as they were written."
        return "\n  ".join([head, *lines])


def write_checksums(path: Path, sums: Mapping[str, str]) -> None:
    """Write the sha256 of files by name, sorted."""
    path.write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)), "utf-8", newline="\n")


def read_checksums(store: Path) -> dict[str, str]:
    """The sha256 of a store's files by name.

    Raises
    ------
    RecordingError
        If it has none, or the list is damaged.
    """
    try:
        lines = (store / NAME).read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise RecordingError(
            f"{store}: holds no checksums to compare with; only stores that were made by prepare have them."
        ) from None
    except (OSError, ValueError) as error:
        raise RecordingError(f"{store / NAME}: cannot be read ({error}).") from error
    found = [re.fullmatch(r"([0-9a-f]{64})  (.+)", line) for line in lines]
    if not all(found):
        raise RecordingError(f"{store / NAME}: line {found.index(None) + 1} is no checksum; the list is damaged.")
    sums = {line[2]: line[1] for line in found if line}
    for name in sums:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise RecordingError(f"{store / NAME}: {name} does not lie in the store; the list is damaged.")
    return sums


def checksum_of(path: Path) -> str:
    """The sha256 of a file, as hexadecimal digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def verify_store(store: Path, *, n_threads: int = 2, progress: Callable[[float], None] | None = None) -> Verification:
    """Compare every shard of a store with its checksum.

    Parameters
    ----------
    n_threads
        That read at once.
    progress
        Is told how far it is, from 0 to 1; what it raises stops the work.

    Raises
    ------
    RecordingError
        If there is no store with checksums.
    """
    sums = read_checksums(store)
    words: dict[str, list[str]] = {"sound": [], "damaged": [], "missing": []}
    n_bytes = 0
    pool = ThreadPoolExecutor(n_threads, "thunder-verify")
    try:
        checks = [(name, pool.submit(_check, store / name, sha256)) for name, sha256 in sums.items()]
        for n, (name, check) in enumerate(checks, 1):
            word, size = check.result()
            words[word].append(name)
            n_bytes += size
            if progress is not None:
                progress(n / len(checks))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return Verification(str(store), len(sums), n_bytes, tuple(words["damaged"]), tuple(words["missing"]))


def _check(path: Path, sha256: str) -> tuple[str, int]:
    try:
        size = path.stat().st_size
        return ("sound" if checksum_of(path) == sha256 else "damaged"), size
    except FileNotFoundError:
        return "missing", 0
    except OSError:  # a sector that cannot be read
        return "damaged", 0
