"""Folders for temporary files that belong to one living process; those of the dead are swept."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

from napari_thunder.engine.file_lock import locked, try_lock


def user_folder(place: Path, name: str) -> Path:
    """`place/name-<user>`, made when missing and readable by this user alone.

    A folder of that name that belongs to someone else is not used; a fresh one is made instead.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = place / f"{name}-{user}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == user:
        return folder
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=place))


def claim_folder(place: Path, name: str) -> tuple[Path, int]:
    """A new folder under `user_folder(place, name)`, after removing those whose process is gone.

    Returns
    -------
    folder : Path
        Empty but for its lock file.
    alive : int
        A descriptor of the held lock, which says that this process lives; give it to `release_folder`.
    """
    base = user_folder(place, name)
    with locked(base / "claim.lock"):
        for left in base.iterdir():
            if left.is_dir():
                _remove_if_dead(left)
        folder = base / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        folder.mkdir(mode=0o700)
        alive = try_lock(folder / "alive")
    assert alive is not None
    return folder, alive


def release_folder(folder: Path, alive: int) -> None:
    """Remove a claimed folder."""
    os.close(alive)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_if_dead(folder: Path) -> None:
    with suppress(OSError):
        alive = try_lock(folder / "alive")
        if alive is not None:
            release_folder(folder, alive)
