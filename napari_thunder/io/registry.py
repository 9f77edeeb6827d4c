"""Every format this package reads; a new one is a new module in this folder with a `FORMAT` in it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from napari_thunder.errors import RecordingError
from napari_thunder.io.source import Source
from napari_thunder.io.uri import split_uri


class Format(Protocol):
    """How one kind of file becomes a `Source`."""

    @property
    def name(self) -> str:
        """As a person would say it."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """What the files are called, such as `*.npy`."""

    @property
    def options(self) -> tuple[str, ...]:
        """Keywords that `open` takes beside the path; they may also follow the path, as in `movie.tif?planes=12`."""

    def matches(self, path: Path) -> bool:
        """Whether `path` (a file or folder that exists) is of this format; cheap, by name and a glance."""

    def open(self, path: Path, **options: Any) -> Source:
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


def open_source(uri: str | Path, **options: Any) -> Source:
    """Open a movie by its path or `file://` URL.

    Parameters
    ----------
    uri
        The path, which may end in options, as in `movie.tif?planes=12`.
    **options
        How to read it, such as `planes=12`; those that are None are as if they were not given.

    Raises
    ------
    RecordingError
        If there is nothing there or it may not be read, the folder is empty, no format knows it, or the format has no
        such option.
    """
    path, said = split_uri(uri)
    try:
        return _open(path, said | {name: value for name, value in options.items() if value is not None})
    except OSError as error:
        raise RecordingError(f"{error.filename or path}: cannot be read: {error.strerror or error}.") from error


def _open(path: Path, options: dict[str, Any]) -> Source:
    if not path.exists():
        raise RecordingError(
            f"{path}: there is no such file or folder. Check the spelling and that the disk is mounted."
        )
    if path.is_dir() and not any(path.iterdir()):
        raise RecordingError(f"{path}: the folder is empty. Give the folder that holds the recording's files.")
    found = find_format(path)
    if found is None:
        known = "; ".join(f"{f.name} ({', '.join(f.patterns)})" for f in formats())
        raise RecordingError(f"{path}: not a recording this program can read. It reads: {known}.")
    _check_options(found, path, options)
    return found.open(path, **options)


def _check_options(found: Format, path: Path, options: Iterable[str]) -> None:
    for name in options:
        if name not in found.options:
            known = ", ".join(found.options) or "none"
            raise RecordingError(
                f"{path}: a recording of the format {found.name} has no option {name}=. It has: {known}."
            )
