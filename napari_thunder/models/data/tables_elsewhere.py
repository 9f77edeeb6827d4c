"""Tables of events and signals that only the engine sees, brought to this computer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from napari_thunder.errors import FolderError, TableError
from napari_thunder.io.uri import local_path

ReadFile = Callable[[str], bytes]
"""The bytes of a file, as an engine sees it."""


@contextmanager
def brought_here(path: str, read_file: ReadFile) -> Iterator[Path]:
    """A file as this computer can read it, under its own name: itself, or a copy that is gone afterwards.

    Raises
    ------
    TableError
        If neither this computer nor the engine sees it.
    """
    place = local_path(path)
    if place.exists():
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="napari-thunder-") as folder:
        copy = Path(folder) / place.name
        try:
            copy.write_bytes(read_file(path))
        except FolderError as error:
            raise TableError(str(error)) from error
        yield copy


@contextmanager
def tables_here(known: Mapping[str, Any], read_file: ReadFile) -> Iterator[dict[str, Any]]:
    """Metadata whose tables, where they are given by path, lie where this computer can read them."""
    with ExitStack() as held:
        here = dict(known)
        for name in ("events", "signals"):
            if isinstance(here.get(name), str | os.PathLike):
                here[name] = held.enter_context(brought_here(str(here[name]), read_file))
        yield here
