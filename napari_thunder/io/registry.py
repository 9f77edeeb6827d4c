"""Every format this package reads; a new one is a new module in this folder with a `FORMAT` in it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from napari_thunder.errors import RecordingError, RefusedError
from napari_thunder.io.remote.path import RemotePath
from napari_thunder.io.slice_timed import OPTIONS, with_slice_options
from napari_thunder.io.source import Source
from napari_thunder.io.uri import AnyPath, split_uri


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


@runtime_checkable
class RemoteFormat(Protocol):
    """How one kind of file becomes a `Source` where it lies in object storage or on the web."""

    @property
    def name(self) -> str:
        """As of `Format`."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """As of `Format`."""

    @property
    def options(self) -> tuple[str, ...]:
        """As of `Format`."""

    def matches_remote(self, path: RemotePath) -> bool:
        """Whether there is something of this format at `path`; in a few questions.

        Raises
        ------
        RecordingError
            If storage does not say.
        """

    def open_remote(self, path: RemotePath, **options: Any) -> Source:
        """As `Format.open`."""


def remote_formats() -> tuple[RemoteFormat, ...]:
    """The formats that are read from storage and the web; Zarr before TIFF, as a folder need not be listed for it."""
    return tuple(format for format in reversed(formats()) if isinstance(format, RemoteFormat))


def find_format(path: Path) -> Format | None:
    """The format of an existing path, or None."""
    return next((f for f in formats() if f.matches(path)), None)


def open_source(uri: str | Path, **options: Any) -> Source:
    """Open a movie by its path or URL (`file://`, `s3://`, `gs://`, `https://`).

    Parameters
    ----------
    uri
        The path, which may end in options, as in `movie.tif?planes=12`.
    **options
        How to read it, such as `planes=12`; those that are None are as if they were not given. For every format:
        `slice_order` and `slice_share`, or `slice_times`, of planes that were taken one after the other; see
        `slice_timed`.

    Raises
    ------
    RecordingError
        If there is nothing there or it may not be read, the folder is empty, no format knows it, or the format has no
        such option.
    """
    path, said = split_uri(uri)
    known = said | {name: value for name, value in options.items() if value is not None}
    timing = {name: known.pop(name) for name in OPTIONS if name in known}
    return with_slice_options(_opened(path, known), timing)


def _opened(path: AnyPath, known: dict[str, Any]) -> Source:
    if isinstance(path, RemotePath):
        return _open_remote(path, known)
    try:
        return _open(path, known)
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


def _open_remote(path: RemotePath, options: dict[str, Any]) -> Source:
    refused: RefusedError | None = None
    for found in remote_formats():
        try:
            matches = found.matches_remote(path)
        except RefusedError as error:  # storage may let one read, but neither list nor know that there is nothing
            refused, matches = refused or error, False
        if matches:
            _check_options(found, path, options)
            return found.open_remote(path, **options)
    if refused is not None:
        raise refused
    path.stat()
    known = "; ".join(f"{f.name} ({', '.join(f.patterns)})" for f in remote_formats())
    raise RecordingError(f"{path}: not a recording this program can read from there. It reads: {known}.")


def _check_options(found: Format | RemoteFormat, path: AnyPath, options: Iterable[str]) -> None:
    for name in options:
        if name not in found.options:
            known = ", ".join(found.options) or "none"
            raise RecordingError(
                f"{path}: a recording of the format {found.name} has no option {name}=. It has: {known}."
            )
