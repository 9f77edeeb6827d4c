"""`conf.json`, by which Thunder described a folder of binary files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_thunder.errors import RecordingError
from napari_thunder.io.file_names import files_of
from napari_thunder.io.voxel_type import check_voxel_type

SUFFIXES = (".bin", ".stack")
_SERIES_KEYS = ("nkeys", "nvalues", "keytype", "valuetype")


def is_thunder_folder(path: Path) -> bool:
    """Whether there is a `conf.json` with binary files."""
    return (path / "conf.json").is_file() and bool(files_of(path, SUFFIXES))


def lacks_conf(path: Path) -> bool:
    """Whether a folder holds what Thunder wrote and nothing else, save that `conf.json` is missing."""
    names = [p.name for p in path.iterdir() if not p.name.startswith(".") and p.name not in ("SUCCESS", "_SUCCESS")]
    return bool(names) and all(name.lower().endswith(SUFFIXES) for name in names)


def holds_series(path: Path) -> bool:
    """Whether a Thunder folder holds series (else images).

    Series of 0.x name keys and values. In 1.x both have `shape` and `dtype`: of one image, if each file is that long;
    when a single file leaves this open its name tells, as Thunder called images `image-00000.bin`.
    """
    conf = read_conf(path)
    if any(key in conf for key in _SERIES_KEYS):
        return True
    if "shape" not in conf:
        return False
    files = binary_files(path)
    size = math.prod(conf_shape(conf, "shape", path)) * conf_type(conf, "dtype", path).itemsize
    images = files[0].name.lower().startswith("image") or (len(files) > 1 and files[0].stat().st_size == size)
    return not images


def read_conf(folder: Path) -> dict[str, Any]:
    """The configuration of a Thunder folder.

    Raises
    ------
    RecordingError
        If it is not JSON, or of a kind Thunder itself refused.
    """
    path = folder / "conf.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RecordingError(
            f"{path}: there is no such file, but it says how the binary files beside it are read. Copy it from where "
            'they come from, or write it, as in {"nkeys": 3, "nvalues": 240, "keytype": "int16", "valuetype": "int16"} '
            'for series or {"dims": [76, 87, 2], "dtype": "int16"} for images.'
        ) from None
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise RecordingError(
            f'{path}: it should hold names and values, as in {{"dims": [76, 87, 2], "dtype": "int16"}}.'
        )
    for key in ("format", "keyformat"):
        if key in found:
            raise RecordingError(
                f"{path}: the entry {key!r} is of a version before 0.4. Use keytype and valuetype instead."
            )
    return found


def conf_shape(conf: Mapping[str, Any], key: str, folder: Path) -> tuple[int, ...]:
    """A list of lengths, such as `dims`; Thunder also wrote `{"max": [...], "min": [...]}`.

    Raises
    ------
    RecordingError
    """
    value = conf.get(key)
    if isinstance(value, Mapping) and "max" in value:
        low = value.get("min") or [0] * len(value["max"])
        value = [b - a + 1 for a, b in zip(low, value["max"], strict=False)]
    if not isinstance(value, list) or not value or not all(isinstance(n, int) and n > 0 for n in value):
        raise RecordingError(f"{folder / 'conf.json'}: {key} must be a list of lengths above 0, but is {value!r}.")
    return tuple(value)


def conf_number(conf: Mapping[str, Any], key: str, folder: Path) -> int:
    """A count, such as `nkeys`.

    Raises
    ------
    RecordingError
    """
    value = conf.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise RecordingError(f"{folder / 'conf.json'}: {key} must be a whole number above 0, but is {value!r}.")
    return value


def conf_type(conf: Mapping[str, Any], key: str, folder: Path, default: str | None = None) -> np.dtype[Any]:
    """A type of number, such as `dtype`.

    Raises
    ------
    RecordingError
    """
    value = conf.get(key, default)
    try:
        found = np.dtype(value) if isinstance(value, str) else None
    except TypeError:
        found = None
    if found is None:
        raise RecordingError(
            f'{folder / "conf.json"}: {key} must be a type of number such as "int16", but is {value!r}.'
        )
    check_voxel_type(found, f"{folder / 'conf.json'}: {key}")
    return found


def binary_files(folder: Path) -> list[Path]:
    """The binary files in order of their names.

    Raises
    ------
    RecordingError
        If there are none.
    """
    files = files_of(folder, SUFFIXES)
    if not files:
        raise RecordingError(f"{folder}: there is a conf.json, but no .bin files.")
    return files
