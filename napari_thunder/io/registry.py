"""Every format this package reads; a new one is a new module in this folder with a `FORMAT` in it."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlparse
from urllib.request import url2pathname

from napari_thunder.errors import RecordingError
from napari_thunder.io.source import Source


class Format(Protocol):
    """How one kind of file becomes a `Source`."""

    name: str
    patterns: tuple[str, ...]

    def matches(self, path: Path) -> bool:
        """Whether `path` (a file or folder that exists) is of this format; cheap, by name and a glance."""

    def open(self, path: Path) -> Source:
        """Open it lazily.

        Raises
        ------
        RecordingError
            If it is damaged or holds something this format's module does not read.
        """


@cache
def formats() -> tuple[Format, ...]:
    """All formats, in order of their modules' names."""
    import napari_thunder.io as package

    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return tuple(module.FORMAT for module in modules if hasattr(module, "FORMAT"))


def find_format(path: Path) -> Format | None:
    """The format of an existing path, or None."""
    return next((f for f in formats() if f.matches(path)), None)


def open_source(uri: str | Path) -> Source:
    """Open a movie by its path or `file://` URL.

    Raises
    ------
    RecordingError
        If there is nothing there, the folder is empty, or no format knows it.
    """
    path = local_path(uri)
    if not path.exists():
        raise RecordingError(f"{path}: there is no such file or folder. Check the spelling and that the disk is mounted.")
    if path.is_dir() and not any(path.iterdir()):
        raise RecordingError(f"{path}: the folder is empty. Give the folder that holds the recording's files.")
    found = find_format(path)
    if found is None:
        known = "; ".join(f"{f.name} ({', '.join(f.patterns)})" for f in formats())
        raise RecordingError(f"{path}: not a recording this program can read. It reads: {known}.")
    return found.open(path)


def local_path(uri: str | Path) -> Path:
    """The absolute path a URI means.

    Raises
    ------
    RecordingError
        If the URI is not a path and not a `file://` URL.
    """
    text = str(uri)
    if "://" not in text:
        return Path(text).expanduser().absolute()
    parsed = urlparse(text)
    if parsed.scheme != "file":
        raise RecordingError(f"{text}: {parsed.scheme}:// is not read yet. Give a path on a disk this machine sees.")
    return Path(url2pathname(parsed.path))
