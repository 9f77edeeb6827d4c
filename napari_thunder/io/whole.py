"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_thunder.errors import ThunderError


@contextmanager
def written_whole(path: Path, error_type: type[ThunderError]) -> Iterator[Path]:
    """Give a draft on the same disk, for a file or a folder; on success it takes the place of what is at `path`.

    A file never takes the place of a folder.

    Parameters
    ----------
    path
        Where it shall be in the end.
    error_type
        Of what is raised.

    Raises
    ------
    ThunderError
        Of `error_type`, if it cannot be written; what was at `path` is then still there.
    """
    try:
        place = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except FileNotFoundError:
        raise error_type(f"{path.parent}: there is no such folder.") from None
    except OSError as error:
        raise error_type(f"{path}: cannot write there ({error.strerror or error}).") from error
    try:
        yield place / path.name
        _put(place / path.name, path, aside=place / "replaced")
    except OSError as error:
        raise error_type(f"{path}: {why_not_written(error)} Nothing was left behind.") from error
    finally:
        _remove(place)


def why_not_written(error: OSError) -> str:
    """What kept a file from being written, and what to do."""
    cut_short = error.errno is None and str(error).endswith("written")  # numpy keeps the reason to itself
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or cut_short:
        return "the disk is full. Free some space or choose another place."
    return f"cannot be written ({error.strerror or error})."


def _remove(place: Path) -> None:
    """Also when a last write that could not be stopped any more puts something there meanwhile."""
    for wait in (0.0, 0.05, 0.2, 0.5):
        time.sleep(wait)
        shutil.rmtree(place, ignore_errors=True)
        if not place.exists():
            return


def _put(made: Path, path: Path, aside: Path) -> None:
    """Move what was made to its place; a folder that was there goes aside, or stays if that fails."""
    if path.is_dir():
        if not made.is_dir():
            raise IsADirectoryError(errno.EISDIR, "there is a folder of this name")
        path.replace(aside)
    try:
        made.replace(path)
    except BaseException:
        if aside.exists() and not path.exists():
            aside.replace(path)
        raise
