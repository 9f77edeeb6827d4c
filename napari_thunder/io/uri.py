"""What a URI means: a path or an address, and how to read what is there, as in `/data/movie.tif?planes=12`.

An option may name a place inside the file, as in `/data/movie.h5?dataset=/a/b`; only such options may hold a slash, so
that a `?` in the name of a folder begins no options. What would end a value (`&`, `?`, `=`, `%`) is percent-encoded.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlparse
from urllib.request import url2pathname

from napari_thunder.errors import RecordingError
from napari_thunder.io.remote.address import checked_address, is_address
from napari_thunder.io.remote.path import RemotePath

AnyPath = Path | RemotePath
"""Where something lies: on a disk, or at an address of object storage or the web."""

_PLACES = ("dataset", "series")
_OPTION = rf"(?:(?:{'|'.join(_PLACES)})=[^?&=]*|[a-z_]+=[^?&=/]*)"
_OPTIONS = re.compile(rf"^(.+)\?({_OPTION}(?:&{_OPTION})*)$")
_ONE_SLASH = re.compile(r"^(s3a?|gs|gcs|https?):/(?!/)", re.I)


def split_uri(uri: str | Path | RemotePath) -> tuple[AnyPath, dict[str, Any]]:
    """The absolute path or the address a URI means, and the options after its `?`; a number among them becomes an int.

    Places inside the file (`dataset=`, `series=`) stay texts, as they may be called by a number.

    A `?` in the name of something that exists begins no options.

    Raises
    ------
    RecordingError
        If the URI is of a kind that is not read, or holds a password or signature.
    """
    text = str(uri)
    if is_address(text):
        address, said = checked_address(text)
        return RemotePath(address), {name: _value(name, value) for name, value in said.items()}
    if not text.strip():
        raise RecordingError("There is no path. Give that of a recording.")
    if _ONE_SLASH.match(text) and not os.path.exists(text):
        raise RecordingError(f"{text}: an address has two slashes: {text.replace(':/', '://', 1)}.")
    found = _OPTIONS.match(text)
    if found is None or os.path.exists(local_path(text)):
        return local_path(text), {}
    options = (pair.split("=", 1) for pair in found[2].split("&"))
    return local_path(found[1]), {name: _value(name, unquote(value)) for name, value in options}


def _value(name: str, value: str) -> int | str:
    return int(value) if value.isdecimal() and name not in _PLACES else value


def join_uri(path: str | Path, **options: Any) -> str:
    """The URI that opens the same thing again; options that are None are left out."""
    said = "&".join(f"{name}={_encoded(value)}" for name, value in options.items() if value is not None)
    if not said:
        return str(path)
    return f"{path}{'&' if is_address(str(path)) and '?' in str(path) else '?'}{said}"


def _encoded(value: Any) -> str:
    return re.sub("[%&?=]", lambda found: quote(found[0], safe=""), str(value))


def place(path: str) -> AnyPath:
    """Where something lies, by the path or address without options that a source keeps."""
    return RemotePath(path) if is_address(path) else Path(path)


def seen_here(path: AnyPath) -> bool:
    """Whether this computer sees what lies there; takes some seconds at most."""
    return path.answers() if isinstance(path, RemotePath) else os.path.exists(path)


def local_path(uri: str | Path) -> Path:
    """The absolute path a URI without options means.

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
        where, _ = checked_address(text)
        raise RecordingError(f"{where}: only recordings are read from there. Give a path on a disk this machine sees.")
    return Path(url2pathname(parsed.path))
