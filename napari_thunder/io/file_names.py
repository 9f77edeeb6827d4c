"""The files of a recording: in which order, and how to tell that they have changed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import overload

from napari_thunder.errors import RecordingError
from napari_thunder.io.remote.path import RemotePath, with_status


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """A sorting key that puts `t2` before `t10`."""
    parts = re.split(r"(\d+)", name.lower())
    key = [(1, 0, part) if i % 2 == 0 else (0, int(part), "") for i, part in enumerate(parts)]
    return [*key, (2, 0, name)]


@overload
def files_of(folder: Path, suffixes: Iterable[str]) -> list[Path]: ...
@overload
def files_of(folder: RemotePath, suffixes: Iterable[str]) -> list[RemotePath]: ...
def files_of(folder: Path | RemotePath, suffixes: Iterable[str]) -> list[Path] | list[RemotePath]:
    """The files in a folder with one of these suffixes (of any case), in natural order.

    Hidden ones and folders are left out; a link to nowhere is not, as it stands for a file that is missed.
    """
    wanted = tuple(suffixes)
    if isinstance(folder, RemotePath):
        return _remote_files_of(folder, wanted)
    with os.scandir(folder) as entries:
        found = [e.name for e in entries if e.name.lower().endswith(wanted) and e.name[0] != "." and not e.is_dir()]
    return [folder / name for name in sorted(found, key=natural_order)]


def _remote_files_of(folder: RemotePath, wanted: tuple[str, ...]) -> list[RemotePath]:
    found = [f for f in folder.iterdir() if f.name.lower().endswith(wanted) and f.name[0] != "."]
    files = [f for f in with_status(found) if not f.stat().is_folder]
    return sorted(files, key=lambda file: natural_order(file.name))


def fingerprint_of(files: Iterable[Path | RemotePath], *said: object) -> str:
    """A short hash of the files' names, sizes and times (in storage: tags), and of what else is given.

    Raises
    ------
    RecordingError
        If one of them cannot be read.
    """
    digest = hashlib.sha256(repr(said).encode())
    for file in files:
        try:
            stat = file.stat()
        except OSError as error:
            raise RecordingError(f"{file}: cannot be read: {error.strerror}.") from error
        digest.update(f"{file.name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
