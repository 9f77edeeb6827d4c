"""Writing to the disk of a store: small files whole or not at all, and what is said when it cannot be written."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_thunder.errors import RecordingError


def write_whole(path: Path, data: bytes, workshop: Path) -> None:
    """Write a small file, on the disk when this returns, whole or not at all."""
    draft = workshop / uuid.uuid4().hex
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def disk_errors(place: str | Path) -> Iterator[None]:
    """Say what the disk cannot do, and that what is done is not lost."""
    try:
        yield
    except FileNotFoundError as error:
        if not Path(place).is_dir():
            raise RecordingError(
                f"{place}: was finished or removed while it was being written, by another program perhaps."
            ) from error
        raise RecordingError(f"{place}: cannot be written ({error}).") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RecordingError(
                f"{place}: the disk is full. Free some space and start the same again: what is done already is kept."
            ) from error
        raise RecordingError(
            f"{place}: cannot be written ({error.strerror or error}). What is done already is kept."
        ) from error
