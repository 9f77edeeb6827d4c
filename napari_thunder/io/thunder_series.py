"""Thunder's series: a folder of binary files of records, one record for each voxel, and a `conf.json`.

Thunder 0.4 to 0.6: each record begins with its keys (row, column, plane), and then come its values in time; `conf.json`
has nkeys, nvalues, keytype and valuetype. Rows vary fastest, but records in any order are read; where a voxel has no
record (Thunder could save a part), integers are 0 and floats NaN.
Thunder 1.x: values only, `conf.json` has shape (plane, row, column, time) and dtype, records in C order.
Files follow each other in the order of their names and are read by memory map.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import Shape, Slices
from napari_thunder.io.by_slices import BySlices
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.mapped import MappedArray
from napari_thunder.io.source import Metadata
from napari_thunder.io.thunder_conf import (
    binary_files,
    conf_number,
    conf_shape,
    conf_type,
    holds_series,
    is_thunder_folder,
    lacks_conf,
    read_conf,
)

Array = NDArray[Any]
Keys = NDArray[np.int64]
Steps = tuple[int, int, int]

_RECORDS_AT_ONCE = 2**20
_LOOK_AT = 64


@dataclass(frozen=True)
class Records:
    """The records of a folder, one file after the other.

    Parameters
    ----------
    path, files
        The folder, and the names of its files in order.
    ends
        For each file, how many records it and those before it hold.
    record
        A record's type: `keys` (if there are any) and `values`.
    """

    path: str
    files: tuple[str, ...]
    ends: tuple[int, ...]
    record: np.dtype[Any]

    @property
    def n(self) -> int:
        """Of all files together."""
        return self.ends[-1]

    def file(self, number: int) -> Array:
        """The records of one file, mapped."""
        first = self.ends[number - 1] if number else 0
        n = self.ends[number] - first
        path = str(Path(self.path, self.files[number]))
        return MappedArray(path, (n,), self.record, file_size=n * self.record.itemsize).view()

    def take(self, which: NDArray[np.int64], name: str, times: slice = slice(None)) -> Array:
        """Keys or values (record, …) of some records, of these times; -1 is no record and gives zeros."""
        dtype = self.record[name]
        length = len(range(*times.indices(dtype.shape[0])))
        found = np.zeros((len(which), length), dtype.base.newbyteorder("="))
        owner = np.searchsorted(self.ends, which, side="right")
        for number in np.unique(owner[which >= 0]):
            here = np.flatnonzero((owner == number) & (which >= 0))
            first = self.ends[number - 1] if number else 0
            found[here] = self.file(int(number))[name][which[here] - first, times]
        return found


@dataclass(frozen=True)
class ThunderSeriesSource(BySlices):
    """A movie in a folder of Thunder series.

    Parameters
    ----------
    records
        Where the values are.
    shape
        (t, z, y, x).
    steps
        How many records lie from one voxel to its neighbour in z, y and x; None if they lie in no such order, and have
        to be found by their keys.
    origin
        Least key (z, y, x).
    """

    records: Records
    shape: Shape
    steps: Steps | None
    origin: tuple[int, int, int]
    stamp: str
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    format: str = "Thunder series"

    @property
    def uri(self) -> str:
        return self.records.path

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.records.record["values"].base.newbyteorder("=")

    @property
    def chunks(self) -> Shape:
        t, _, y, x = self.shape
        return (t, 1, 1, x) if self.steps and self.steps[2] == 1 else (t, 1, y, 1)

    def read_slices(self, movie: Slices) -> Array:
        times, *space = movie
        which = self._which(space)
        values = self.records.take(which.ravel(), "values", times)
        if (which < 0).any() and self.dtype.kind == "f":
            values[which.ravel() < 0] = np.nan
        return np.ascontiguousarray(values.T).reshape(-1, *which.shape)

    def _which(self, space: list[slice]) -> NDArray[np.int64]:
        """Numbers of the records (z, y, x)."""
        if self.steps is None:
            return _index(self.records, self.shape, self.origin)[tuple(space)]
        z, y, x = (np.arange(s.start, s.stop) * step for s, step in zip(space, self.steps, strict=True))
        which: NDArray[np.int64] = z[:, None, None] + y[:, None] + x
        self._check_keys(which, space)
        return which

    def _check_keys(self, which: NDArray[np.int64], space: list[slice]) -> None:
        """The order was taken from a few records when the folder was opened; now the corners are looked at."""
        if "keys" not in (self.records.record.names or ()):
            return
        corner = np.array(list(itertools.product(*((s.start, s.stop - 1) for s in space))))
        where = tuple((corner - [s.start for s in space]).T)
        found = _movie_order(self.records.take(which[where], "keys")) - self.origin
        if (found != corner).any():
            raise RecordingError(
                f"{self.records.path}: its records are not in the order in which they begin and end: voxel "
                f"(z, y, x) = {tuple(map(int, found[0]))} lies where {tuple(map(int, corner[0]))} should."
            )


@lru_cache(maxsize=2)
def _index(records: Records, shape: Shape, origin: tuple[int, int, int]) -> NDArray[np.int64]:
    """Numbers of the records (z, y, x), from all keys; -1 where there is none. Made once in each process."""
    index = np.full(shape[1:], -1, np.int64)
    for first in range(0, records.n, _RECORDS_AT_ONCE):
        which = np.arange(first, min(first + _RECORDS_AT_ONCE, records.n))
        z, y, x = (_movie_order(records.take(which, "keys")) - origin).T
        index[z, y, x] = which
    if (index >= 0).sum() != records.n:
        raise RecordingError(f"{records.path}: some voxels have more than one record.")
    return index


@dataclass(frozen=True)
class ThunderSeriesFormat:
    """Folders of Thunder series."""

    name: str = "Thunder series"
    patterns: tuple[str, ...] = ("a folder with conf.json and .bin files",)
    options: tuple[str, ...] = ()

    def matches(self, path: Path) -> bool:
        return path.is_dir() and (lacks_conf(path) or (is_thunder_folder(path) and holds_series(path)))

    def open(self, path: Path, **_: Any) -> ThunderSeriesSource:
        conf, files = read_conf(path), binary_files(path)
        stamp = fingerprint_of([path / "conf.json", *files])
        return _without_keys(conf, path, files, stamp) if "shape" in conf else _with_keys(conf, path, files, stamp)


FORMAT = ThunderSeriesFormat()


def _without_keys(conf: dict[str, Any], path: Path, files: list[Path], stamp: str) -> ThunderSeriesSource:
    shape = conf_shape(conf, "shape", path)
    if len(shape) not in (2, 3, 4):
        raise RecordingError(
            f"{path / 'conf.json'}: shape must be of 1 to 3 axes of space and one of time, not {list(shape)}."
        )
    values = conf_type(conf, "dtype", path, default="int16")
    records = _records(path, files, np.dtype([("values", values, (shape[-1],))]))
    z, y, x = (1,) * (4 - len(shape)) + shape[:-1]
    if records.n != z * y * x:
        raise RecordingError(
            f"{path}: the files hold {records.n:,} series, but shape {list(shape)} in conf.json says {z * y * x:,}. "
            "Are files missing?"
        )
    return ThunderSeriesSource(records, (shape[-1], z, y, x), (y * x, x, 1), (0, 0, 0), stamp)


def _with_keys(conf: dict[str, Any], path: Path, files: list[Path], stamp: str) -> ThunderSeriesSource:
    n_keys, n_values = conf_number(conf, "nkeys", path), conf_number(conf, "nvalues", path)
    keys, values = conf_type(conf, "keytype", path, "int16"), conf_type(conf, "valuetype", path, "int16")
    if n_keys > 3 or keys.kind not in "ui":
        raise RecordingError(f"{path / 'conf.json'}: a voxel has 1 to 3 keys, whole numbers, not {n_keys} of {keys}.")
    records = _records(path, files, np.dtype([("keys", keys, (n_keys,)), ("values", values, (n_values,))]))
    found = _rows_fastest(records)
    if found is None:
        low, high = _range_of_keys(records)
        space, steps = high - low + 1, None
        _check_extent(space, records)
    else:
        low, space = found
        steps = int(space[1] * space[2]), 1, int(space[1])
    z, y, x = (int(n) for n in space)
    origin = int(low[0]), int(low[1]), int(low[2])
    return ThunderSeriesSource(records, (n_values, z, y, x), steps, origin, stamp)


def _records(path: Path, files: list[Path], record: np.dtype[Any]) -> Records:
    """The files that hold records; Spark also wrote empty ones."""
    files = [file for file in files if file.stat().st_size]
    if not files:
        raise RecordingError(f"{path}: its files are empty.")
    ends = []
    for file in files:
        n, rest = divmod(file.stat().st_size, record.itemsize)
        if rest:
            raise RecordingError(
                f"{file}: the file is cut short, or conf.json does not fit it: {file.stat().st_size:,} bytes are not "
                f"a whole number of records of {record.itemsize} bytes ({rest} are left over)."
            )
        ends.append(n)
    totals = tuple(itertools.accumulate(ends))
    return Records(str(path), tuple(f.name for f in files), totals, record)


def _movie_order(keys: Array) -> Keys:
    """Keys (row, column, plane) as (z, y, x); one key alone is a row of voxels along x, two are (row, column)."""
    found = np.zeros((len(keys), 3), np.int64)
    if keys.shape[1] == 1:
        found[:, 2] = keys[:, 0]
    else:
        found[:, 1:] = keys[:, :2]
        found[:, :1] = keys[:, 2:3] if keys.shape[1] == 3 else 0
    return found


def _rows_fastest(records: Records) -> tuple[Keys, Keys] | None:
    """Least key and extent (z, y, x), if the records are a whole box with rows fastest, as a look at some tells."""
    borders = np.array([0, *records.ends[:-1]])[:_LOOK_AT]
    which = np.unique(np.concatenate([np.linspace(0, records.n - 1, _LOOK_AT).astype(np.int64), borders]))
    keys = _movie_order(records.take(which, "keys"))
    low, high = keys[0], keys[-1]
    space = high - low + 1
    if (space < 1).any() or math.prod(int(n) for n in space) != records.n:
        return None
    z, y, x = (keys - low).T
    ordered = bool((which == (z * space[2] + x) * space[1] + y).all())
    return (low, space) if ordered else None


def _range_of_keys(records: Records) -> tuple[Keys, Keys]:
    stretches = (
        _movie_order(records.take(np.arange(a, min(a + _RECORDS_AT_ONCE, records.n)), "keys"))
        for a in range(0, records.n, _RECORDS_AT_ONCE)
    )
    ranges = [(keys.min(0), keys.max(0)) for keys in stretches]
    return np.min([low for low, _ in ranges], axis=0), np.max([high for _, high in ranges], axis=0)


def _check_extent(space: Keys, records: Records) -> None:
    """Keys that span far more voxels than there are records are not keys, but values read with a wrong conf.json."""
    voxels = math.prod(int(n) for n in space)
    if voxels > 1000 * records.n + 1_000_000:
        raise RecordingError(
            f"{records.path}: its {records.n:,} records have keys that span {voxels:,} voxels. "
            "Check nkeys, nvalues, keytype and valuetype in conf.json."
        )
