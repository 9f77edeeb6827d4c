"""A session on disk: one JSON, and a folder of results beside it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import xarray as xr

from napari_thunder.errors import ResultError, SessionError
from napari_thunder.result import is_result, save_result

SUFFIX = ".thunder.json"
FORMAT = "napari-thunder session"
VERSION = 1

_MOST_BYTES = 512 * 2**20
_LISTS = ("recordings", "results", "regions")
_TABLES = ("parts",)


def session_path(path: str | Path) -> Path:
    """The path with the ending that sessions have."""
    text = str(Path(path).expanduser().absolute())
    return Path(text if text.endswith(SUFFIX) else text.removesuffix(".json") + SUFFIX)


def results_folder(path: Path) -> Path:
    """Where the results of a session lie: `fish.thunder` beside `fish.thunder.json`."""
    return path.with_name(path.name.removesuffix(".json"))


def write_session(path: Path, content: Mapping[str, Any], results: Mapping[str, xr.Dataset]) -> None:
    """Write a session whole or not at all.

    The results are written first, each under its name in the folder beside the JSON unless it is there already; then
    the JSON takes the place of the one before; then results that it no longer names are removed.

    Raises
    ------
    SessionError
        If something cannot be written; the session that was there before stays as it is.
    """
    folder = results_folder(path)
    before = _named_in(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, dataset in results.items():
            if not is_result(folder / name):
                save_result(dataset, folder / name)
        _replace(path, {"format": FORMAT, "version": VERSION, **content})
    except ResultError as error:
        _remove_empty(folder)
        raise SessionError(f"The session was not saved: {error}") from error
    except OSError as error:
        _remove_empty(folder)
        why = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror or str(error)
        raise SessionError(
            f"{path}: the session was not saved ({why}). What was there before is still there."
        ) from error
    _remove(folder, before - set(results))


def read_session(path: str | Path) -> dict[str, Any]:
    """What a session file holds, checked as far as its outline goes.

    Raises
    ------
    SessionError
        If it is not there, damaged, or of a later version.
    """
    path = Path(path).expanduser()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SessionError(f"{path}: too large to be a session.")
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SessionError(f"{path}: there is no such session file.") from None
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SessionError(f"{path}: not a session, or damaged ({error}).") from error
    _check(path, content)
    return dict(content)


def _check(path: Path, content: Any) -> None:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SessionError(f"{path}: this is not a session of napari-thunder.")
    if content.get("version") != VERSION:
        raise SessionError(
            f"{path}: was saved by a later version of napari-thunder (format {content.get('version')!r}, this program "
            f"reads {VERSION}). Update napari-thunder."
        )
    wrong = [name for name in _LISTS if not _is_list_of_tables(content.get(name))]
    wrong += [name for name in _TABLES if not isinstance(content.get(name), dict)]
    wrong += [] if isinstance(content.get("shelves", {}), dict) else ["shelves"]
    if wrong:
        raise SessionError(f"{path}: damaged, {', '.join(wrong)} cannot be read.")


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _named_in(path: Path) -> set[str]:
    """The files that a session already there names as its own."""
    try:
        entries = read_session(path)["results"]
    except SessionError:
        return set()
    return {str(entry["file"]) for entry in entries if "file" in entry}


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if Path(name).name == name and is_result(folder / name):
            shutil.rmtree(folder / name, ignore_errors=True)
