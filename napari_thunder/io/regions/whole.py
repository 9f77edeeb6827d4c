"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_thunder.errors import RegionError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a draft on the same disk, for a file or a folder; on success it replaces what is at `path`.

    Raises
    ------
    RegionError
        If it cannot be written; what was at `path` is then still there.
    """
    try:
        place = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise RegionError(f"{path}: cannot write there ({error.strerror}).") from error
    try:
        yield place / path.name
        _put(place / path.name, path, aside=place / "replaced")
    except OSError as error:
        raise RegionError(f"{path}: {_why(error)} Nothing was left behind.") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _put(made: Path, path: Path, aside: Path) -> None:
    if path.is_dir():
        path.replace(aside)
    try:
        made.replace(path)
    except BaseException:
        if aside.exists() and not path.exists():
            aside.replace(path)
        raise


def _why(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space or write elsewhere."
    return f"cannot be written ({error.strerror or error})."
