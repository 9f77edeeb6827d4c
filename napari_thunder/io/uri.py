"""What a URI means: a path, and how to read what is there, as in `/data/movie.tif?planes=12`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from napari_thunder.errors import RecordingError

_OPTIONS = re.compile(r"^(.+)\?([a-z_]+=[^?&=/]*(?:&[a-z_]+=[^?&=/]*)*)$")


def split_uri(uri: str | Path) -> tuple[Path, dict[str, Any]]:
    """The absolute path a URI means, and the options after its `?`; a number among them becomes an int.

    A `?` in the name of something that exists begins no options.

    Raises
    ------
    RecordingError
        If the URI is not a path and not a `file://` URL.
    """
    text = str(uri)
    found = _OPTIONS.match(text)
    if found is None or os.path.exists(local_path(text)):
        return local_path(text), {}
    options = (pair.split("=", 1) for pair in found[2].split("&"))
    return local_path(found[1]), {name: int(value) if value.isdecimal() else value for name, value in options}


def join_uri(path: str | Path, **options: Any) -> str:
    """The URI that opens the same thing again; options that are None are left out."""
    said = "&".join(f"{name}={value}" for name, value in options.items() if value is not None)
    return f"{path}?{said}" if said else str(path)


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
        raise RecordingError(f"{text}: {parsed.scheme}:// is not read yet. Give a path on a disk this machine sees.")
    return Path(url2pathname(parsed.path))
