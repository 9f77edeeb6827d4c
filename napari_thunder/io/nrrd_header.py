"""The header of an NRRD file: lines of `field: value` up to an empty one (teem.sourceforge.net/nrrd/format.html)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from napari_thunder.errors import RecordingError

_TYPES = {
    "int8": ("signed char", "int8", "int8_t"),
    "uint8": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "int16": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "uint16": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "int32": ("int", "signed int", "int32", "int32_t"),
    "uint32": ("uint", "unsigned int", "uint32", "uint32_t"),
    "int64": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "uint64": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "float32": ("float",),
    "float64": ("double",),
}
_TYPE_OF = {word: name for name, words in _TYPES.items() for word in words}
_ENCODINGS = {"raw": "raw", "gz": "gzip", "gzip": "gzip", "bz2": "bzip2", "bzip2": "bzip2"}
_LONGEST = 2**20


@dataclass(frozen=True, slots=True)
class NrrdHeader:
    """What the header says; of axes, the fastest first.

    Parameters
    ----------
    sizes
        Length of each axis.
    dtype
        Of a voxel, in the file's byte order.
    kinds
        What each axis is, in NRRD's words; empty if the file does not say.
    steps, units
        From one voxel to the next along each axis; None or empty where the file does not say.
    data
        The file that holds the voxels.
    encoding
        `raw`, `gzip` or `bzip2`.
    start
        Bytes of that file before the voxels or their stream.
    skip
        Further bytes (of the decoded stream) before the voxels; -1 if they are at the end of the file.
    """

    sizes: tuple[int, ...]
    dtype: np.dtype[Any]
    kinds: tuple[str, ...]
    steps: tuple[float | None, ...]
    units: tuple[str, ...]
    data: Path
    encoding: str
    start: int
    skip: int


def read_nrrd_header(path: Path) -> NrrdHeader:
    """Read the header of a file.

    Raises
    ------
    RecordingError
        If it is not as the format says, or stores its voxels in a way that is not read.
    """
    with path.open("rb") as file:
        fields = _fields(file, path)
        start = file.tell()
    try:
        return _understood(path, fields, start)
    except (KeyError, ValueError) as error:
        raise RecordingError(f"{path}: its NRRD header is not as the format says: {error}. Save it again.") from error


def _fields(file: IO[bytes], path: Path) -> dict[str, str]:
    if not file.readline(_LONGEST).startswith(b"NRRD000"):
        raise RecordingError(f"{path}: it is called {path.suffix}, but is no NRRD file. Copy or save it again.")
    found: dict[str, str] = {}
    while line := file.readline(_LONGEST).decode("utf-8", errors="replace").strip():
        name, colon, value = line.partition(": ")
        if colon and not line.startswith("#"):
            found[re.sub(r"\s", "", name.lower())] = value.strip()
    return found


def _understood(path: Path, fields: Mapping[str, str], start: int) -> NrrdHeader:
    sizes = tuple(int(n) for n in _needed(fields, "sizes").split())
    n_axes = int(_needed(fields, "dimension"))
    if len(sizes) != n_axes or min(sizes, default=0) < 1:
        raise ValueError(f"sizes {sizes} of {n_axes} axes")
    steps = _steps(fields, n_axes)
    data = _data_file(path, fields)
    skip = int(fields.get("byteskip", 0))
    return NrrdHeader(
        sizes,
        _dtype(fields, path),
        _per_axis(tuple(fields.get("kinds", "").lower().split()), n_axes),
        steps,
        _units(fields, steps),
        data,
        _encoding(fields, path),
        (start if data == path else 0) if int(fields.get("lineskip", 0)) == 0 else _after_lines(data, fields),
        skip,
    )


def _needed(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise KeyError(f"no {name}")
    return fields[name]


def _dtype(fields: Mapping[str, str], path: Path) -> np.dtype[Any]:
    word = _needed(fields, "type").lower()
    if word not in _TYPE_OF:
        raise RecordingError(
            f"{path}: its voxels are of the type {word}, which is not read. Save them as plain numbers."
        )
    dtype = np.dtype(_TYPE_OF[word])
    if dtype.itemsize == 1:
        return dtype
    is_big = {"little": False, "big": True}[_needed(fields, "endian").lower()]
    return dtype.newbyteorder(">" if is_big else "<")


def _encoding(fields: Mapping[str, str], path: Path) -> str:
    word = _needed(fields, "encoding").lower()
    if word not in _ENCODINGS:
        raise RecordingError(f"{path}: its voxels are encoded as {word}, which is not read. Save them as raw or gzip.")
    return _ENCODINGS[word]


def _per_axis(words: tuple[str, ...], n_axes: int) -> tuple[str, ...]:
    if words and len(words) != n_axes:
        raise ValueError(f"{len(words)} kinds for {n_axes} axes")
    return words


def _steps(fields: Mapping[str, str], n_axes: int) -> tuple[float | None, ...]:
    directions = re.findall(r"\([^)]*\)|none", fields.get("spacedirections", ""))
    if directions:
        found = [_length(direction) for direction in directions]
    else:
        found = [_number(word) for word in fields.get("spacings", "").split()] or [None] * n_axes
    if len(found) != n_axes:
        raise ValueError(f"{len(found)} steps for {n_axes} axes")
    return tuple(found)


def _length(direction: str) -> float | None:
    if direction == "none":
        return None
    return float(np.linalg.norm([float(word) for word in direction.strip("()").split(",")]))


def _number(word: str) -> float | None:
    found = float(word)
    return found if np.isfinite(found) else None


def _units(fields: Mapping[str, str], steps: tuple[float | None, ...]) -> tuple[str, ...]:
    """Of each axis: `units` name all axes, `space units` those that have a direction."""
    each = re.findall(r'"([^"]*)"', fields.get("units", ""))
    if len(each) == len(steps):
        return tuple(each)
    of_space = iter(re.findall(r'"([^"]*)"', fields.get("spaceunits", "")))
    return tuple("" if step is None else next(of_space, "") for step in steps)


def _data_file(path: Path, fields: Mapping[str, str]) -> Path:
    said = fields.get("datafile", "")
    if not said:
        return path
    data = path.parent / said
    if said.startswith("LIST") or "%" in said:
        raise RecordingError(f"{path}: its voxels lie in many files, which is not read. Save them in one.")
    if not data.is_file():
        raise RecordingError(f"{path}: its voxels are said to be in {data}, which is not there. Copy that file too.")
    return data


def _after_lines(data: Path, fields: Mapping[str, str]) -> int:
    with data.open("rb") as file:
        for _ in range(int(fields["lineskip"])):
            file.readline()
        return file.tell()
