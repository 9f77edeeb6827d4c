"""What lies in a folder, and which of it this program can open."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from napari_thunder.errors import FolderError, RecordingError, ThunderError
from napari_thunder.io.file_names import natural_order
from napari_thunder.io.places import Place, home, places
from napari_thunder.io.registry import Format, find_format, formats, remote_formats
from napari_thunder.io.remote.address import is_address
from napari_thunder.io.remote.path import RemotePath
from napari_thunder.io.uri import local_path, split_uri

LARGEST_FILE = 50 * 2**20
"""Bytes of a table or result file that is brought to the desk whole."""

_PROBING = 0.4
"""Seconds spent on looking into the folders of a listing; those that come later are said to be just folders."""


class Use(StrEnum):
    """What something can be opened as."""

    RECORDING = "recording"
    TABLE = "table"
    RESULT = "result"
    REGIONS = "regions"


_USES: dict[str, tuple[str, tuple[Use, ...]]] = {
    ".csv": ("table", (Use.TABLE,)),
    ".tsv": ("table", (Use.TABLE,)),
    ".txt": ("table", (Use.TABLE,)),
    ".mat": ("MATLAB", (Use.TABLE, Use.RECORDING)),
    ".json": ("JSON", (Use.TABLE, Use.REGIONS)),
    ".geojson": ("GeoJSON", (Use.REGIONS,)),
    ".roi": ("ImageJ ROI", (Use.REGIONS,)),
    ".zip": ("ImageJ ROIs", (Use.REGIONS,)),
    ".npz": ("NumPy", (Use.RECORDING, Use.TABLE)),
    ".tif": ("TIFF", (Use.RECORDING, Use.REGIONS)),
    ".tiff": ("TIFF", (Use.RECORDING, Use.REGIONS)),
}

_FOLDERS = (".zarr", ".ome.zarr", ".n5")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder.

    Parameters
    ----------
    name
        Without the folder.
    is_folder
        Whether it can be entered.
    size
        Bytes of a file; None for a folder.
    modified
        Seconds since 1970.
    kind
        Its format if this program can open it, else empty.
    uses
        What it can be opened as.
    """

    name: str
    is_folder: bool
    size: int | None
    modified: float
    kind: str = ""
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder, as whoever lists it sees it.

    Parameters
    ----------
    folder
        Absolute.
    parent
        The folder it is in; None at the top.
    entries
        Folders first, each part in natural order; hidden ones included.
    places
        Where to start looking: the home folder, disks.
    kind, uses
        Of the folder itself, as some recordings are folders.
    """

    folder: str
    parent: str | None
    entries: tuple[Entry, ...]
    places: tuple[Place, ...]
    kind: str = ""
    uses: tuple[Use, ...] = ()

    def path_of(self, entry: Entry) -> str:
        """The whole path of one of the entries."""
        return f"{self.folder}/{entry.name}" if is_address(self.folder) else os.path.join(self.folder, entry.name)


def parent_folder(folder: str) -> str:
    """The folder or address above; itself at the top."""
    return str(RemotePath(folder).parent) if is_address(folder) else os.path.dirname(folder)


def list_folder(folder: str | Path = "") -> Listing:
    """List a folder; entries that vanish meanwhile, or may not be looked at, are left out.

    Parameters
    ----------
    folder
        Its path, `file://` URL or address in storage; the home folder if empty. Of a file, the folder that holds it is
        listed.

    Raises
    ------
    FolderError
        If there is no such folder, or it may not be read.
    """
    if is_address(str(folder)):
        return _list_remote(str(folder))
    path = Path(os.path.normpath(local_path(folder))) if str(folder) else home()
    try:
        if path.is_file():
            path = path.parent
        with os.scandir(path) as found:
            entries = sorted(_entries(found), key=lambda e: (not e.is_folder, natural_order(e.name)))
        kind, uses = what_is(path)
    except FileNotFoundError:
        raise FolderError(
            f"{path}: there is no such folder. Check the spelling and that the disk is mounted."
        ) from None
    except PermissionError:
        raise FolderError(
            f"{path}: you may not look into this folder. Ask its owner for the right to read it."
        ) from None
    except OSError as error:
        raise FolderError(f"{path}: cannot be listed: {error.strerror or error}.") from error
    parent = None if path.parent == path else str(path.parent)
    return Listing(str(path), parent, tuple(_recognised(path, entries)), places(), kind, uses)


def _list_remote(address: str) -> Listing:
    try:
        path, _ = split_uri(address)
        assert isinstance(path, RemotePath)
        if not path.is_web and path.is_file():
            path = path.parent
        found = [_remote_entry(one) for one in path.iterdir()]
    except RecordingError as error:
        raise FolderError(str(error)) from None
    entries = sorted(found, key=lambda entry: (not entry.is_folder, natural_order(entry.name)))
    parent = None if path.parent == path else str(path.parent)
    names = {entry.name for entry in entries}
    inside = "Zarr" if names & {"zarr.json", ".zarray", ".zgroup"} else ""
    inside = inside or next((entry.kind for entry in entries if entry.kind == "TIFF"), "")
    return Listing(str(path), parent, tuple(entries), places(), inside, (Use.RECORDING,) if inside else ())


def _remote_entry(path: RemotePath) -> Entry:
    """By its name, as looking into each folder would take long."""
    known = path.known
    is_zarr = path.name.endswith(".zarr")
    is_folder = is_zarr if known is None else known.is_folder
    kind = "Zarr" if is_zarr else "" if is_folder else _by_name(path.name)[0]
    if kind not in {format.name for format in remote_formats()}:
        kind = ""
    size = None if known is None or is_folder or known.st_size < 0 else known.st_size
    modified = 0.0 if known is None else known.modified
    return Entry(path.name, is_folder, size, modified, kind, (Use.RECORDING,) if kind else ())


def what_is(path: Path) -> tuple[str, tuple[Use, ...]]:
    """The format of a path and what it can be opened as; nothing if this program knows it not."""
    if not path.is_dir():
        return _by_name(path.name)
    if _holds_result(path):
        return "result", (Use.RESULT,)
    try:
        found = find_format(path)
    except (OSError, ThunderError):
        return "", ()
    return ("", ()) if found is None else (found.name, (Use.RECORDING,))


def read_file(path: str | Path, limit: int = LARGEST_FILE) -> bytes:
    """The bytes of a small file.

    Raises
    ------
    FolderError
        If there is no such file, it may not be read, or it is larger than `limit` bytes.
    """
    place = local_path(path)
    try:
        size = place.stat().st_size
        if size > limit:
            raise FolderError(
                f"{place}: has {size / 1e6:,.0f} MB, but at most {limit / 1e6:,.0f} MB are brought to this computer. "
                "Give a smaller file, or one on a disk that this computer sees."
            )
        return place.read_bytes()
    except FileNotFoundError:
        raise FolderError(f"{place}: there is no such file. Check the spelling and that the disk is mounted.") from None
    except OSError as error:
        raise FolderError(f"{place}: cannot be read: {error.strerror or error}.") from error


def listing_to_json(listing: Listing) -> str:
    """A listing in words that cross a wire; see `listing_from_json`."""
    return json.dumps(asdict(listing))


def listing_from_json(text: str) -> Listing:
    """The listing that `listing_to_json` was given."""
    said = json.loads(text)
    entries = tuple(Entry(**entry | {"uses": _uses(entry)}) for entry in said["entries"])
    known = {"entries": entries, "places": tuple(Place(**place) for place in said["places"]), "uses": _uses(said)}
    return Listing(**said | known)


def _uses(said: dict[str, Any]) -> tuple[Use, ...]:
    return tuple(Use(use) for use in said["uses"])


def _entries(found: Iterator[os.DirEntry[str]]) -> Iterator[Entry]:
    for entry in found:
        try:
            is_folder, status = entry.is_dir(), entry.stat()
        except OSError:
            continue
        kind, uses = ("", ()) if is_folder else _by_name(entry.name)
        yield Entry(entry.name, is_folder, None if is_folder else status.st_size, status.st_mtime, kind, uses)


def _recognised(path: Path, entries: list[Entry]) -> Iterator[Entry]:
    """The entries, with folders looked into for as long as that is quick."""
    until = time.monotonic() + _PROBING
    for entry in entries:
        if not entry.is_folder or entry.name.startswith(".") or time.monotonic() > until:
            yield entry
            continue
        kind, uses = _without_fail(path / entry.name)
        yield Entry(entry.name, True, None, entry.modified, kind, uses)


def _without_fail(path: Path) -> tuple[str, tuple[Use, ...]]:
    try:
        return what_is(path)
    except OSError:
        return "", ()


def _by_name(name: str) -> tuple[str, tuple[Use, ...]]:
    suffix = os.path.splitext(name)[1].lower()
    if suffix in _USES:
        return _USES[suffix]
    return next(((known.name, (Use.RECORDING,)) for known in formats() if _is_called(name, known)), ("", ()))


def _is_called(name: str, known: Format) -> bool:
    """Whether a file is called as those of a format are; folders with such a name are looked into."""
    suffixes = (pattern.removeprefix("*") for pattern in known.patterns if pattern.startswith("*."))
    return any(name.lower().endswith(suffix) for suffix in suffixes if suffix not in _FOLDERS)


def _holds_result(path: Path) -> bool:
    marker = path / "zarr.json"
    return marker.is_file() and b'"provenance"' in marker.read_bytes()
