"""What an N5 container holds: folders with an `attributes.json`, of which those with dimensions are datasets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_thunder.errors import RecordingError

ATTRIBUTES = "attributes.json"
_DEEPEST = 6
_LISTED = 12


def own_attributes(folder: Path) -> dict[str, Any]:
    """The metadata of a folder; empty if it has none.

    Raises
    ------
    RecordingError
        If it is damaged.
    """
    try:
        found = json.loads((folder / ATTRIBUTES).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as error:
        raise RecordingError(f"{folder / ATTRIBUTES}: cannot be read: {error}. Copy it again.") from error
    return found if isinstance(found, dict) else {}


def attributes_of(path: Path, key: str) -> dict[str, Any]:
    """Of a dataset and the groups it is in, the nearest first."""
    found: dict[str, Any] = {}
    for folder in (path / key, *(path / key).parents):
        found = own_attributes(folder) | found
        if folder == path:
            break
    return found


def children(folder: Path) -> list[str]:
    """Names of the groups and datasets in a folder, which may not be there; folders called by a number hold blocks."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir() and not entry.name.isdecimal()]


def _datasets(path: Path, key: str = "", depth: int = 0) -> Iterator[str]:
    if "dimensions" in own_attributes(path / key):
        yield key
    elif depth < _DEEPEST:
        for name in sorted(children(path / key)):
            yield from _datasets(path, f"{key}/{name}".strip("/"), depth + 1)


def only_movie(path: Path) -> str:
    """The only dataset, or the finest of the only pyramid.

    Raises
    ------
    RecordingError
        If there are others.
    """
    keys = list(_datasets(path))
    full = [key for key in keys if not _is_coarser(key, keys)]
    if len(full) == 1:
        return full[0]
    raise RecordingError(
        f"{path}: which dataset is the movie? Say it after the path, as in {path.name}?dataset=/a/b. {listed(path)}"
    )


def _is_coarser(key: str, keys: list[str]) -> bool:
    folder, _, name = key.rpartition("/")
    return name[:1] == "s" and name[1:].isdecimal() and name != "s0" and f"{folder}/s0".strip("/") in keys


def listed(path: Path) -> str:
    """The datasets and their shapes, for a message."""
    keys = list(_datasets(path))
    some = [f"/{key} {tuple(own_attributes(path / key)['dimensions'])}" for key in keys[:_LISTED]]
    rest = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
    return f"It holds: {'; '.join(some)}{rest}." if some else "It holds no dataset."
