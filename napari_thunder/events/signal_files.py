"""Signals in files that are not text tables: numpy archives, MATLAB files, Thunder's covariates."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import TableError
from napari_thunder.events.text_table import check_names

Array = NDArray[Any]


def read_npz(path: Path, n_frames: int | None) -> pd.DataFrame:
    """The arrays of an `.npz` that hold a value for each frame (or for each `time`)."""
    _check_readable(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files if _member_ndim(archive, name) <= 2}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error, AttributeError) as error:
        raise TableError(f"{path.name}: not an .npz of plain numbers that can be read ({error}).") from error
    return _columns(arrays, n_frames, path.name)


def read_mat(path: Path, n_frames: int | None) -> pd.DataFrame:
    """The variables of a MATLAB file that hold a value for each frame (or for each `time`)."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    _check_readable(path)
    try:
        variables = loadmat(path)
    except NotImplementedError:  # what scipy says of v7.3, which is HDF5
        variables = _matlab_73(path)
    except (ValueError, OSError, TypeError, MatReadError, zlib.error, KeyError, IndexError) as error:
        raise TableError(f"{path.name}: not a MATLAB file that can be read ({error}).") from error
    arrays = {n: v for n, v in variables.items() if not n.startswith("__") and isinstance(v, np.ndarray)}
    return _columns({name: _without_unit_axes(value) for name, value in arrays.items()}, n_frames, path.name)


def read_json(path: Path, n_frames: int | None) -> pd.DataFrame:
    """Thunder's covariates: a list of `{"name": …, "value": […], "unit": …}`; units go to `attrs["units"]`."""
    _check_readable(path)
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        raise TableError(f"{path.name}: not JSON that can be read ({error}).") from error
    if isinstance(entries, dict):
        entries = [entries]
    if not isinstance(entries, list) or not entries:
        raise TableError(f'{path.name}: must hold a list of {{"name": …, "value": […]}}.')
    arrays = dict(_covariate(entry, i, path.name) for i, entry in enumerate(entries, 1))
    check_names([str(entry["name"]) for entry in entries], path.name)
    table = _table(arrays, len(next(iter(arrays.values()))), path.name)
    table.attrs["units"] = {e["name"]: str(e["unit"]) for e in entries if e.get("unit")}
    return table


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such file. Check the spelling and that the disk is mounted.") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}.") from error


def _member_ndim(archive: Any, name: str) -> int:
    """Dimensions of an array from its header alone, so that a movie beside the signals is not read."""
    with archive.zip.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        return len(read_header(member)[0])


def _matlab_73(path: Path) -> dict[str, Array]:
    """The numbers at the top of the file; HDF5 has MATLAB's axes the other way round."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            numbers = {name: d for name, d in file.items() if isinstance(d, h5py.Dataset) and d.dtype.kind in "uifb"}
            plain = {name: d for name, d in numbers.items() if d.ndim == 2 and d.attrs.get("MATLAB_class") != b"char"}
            return {name: dataset[()].T for name, dataset in plain.items()}
    except OSError as error:
        raise TableError(f"{path.name}: not a MATLAB file that can be read ({error}).") from error


def _without_unit_axes(value: Array) -> Array:
    return value.reshape(-1) if value.ndim == 2 and 1 in value.shape else value


def _covariate(entry: Any, number: int, where: str) -> tuple[str, Array]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or "value" not in entry:
        raise TableError(f'{where}: entry {number}: must be {{"name": …, "value": […]}}.')
    try:
        values = np.asarray(entry["value"], np.float64)
    except (TypeError, ValueError):
        values = np.zeros(())
    if values.ndim == 0:
        raise TableError(f"{where}: entry {number} ({entry['name']!r}): its value is not a list of numbers.")
    return entry["name"], values


def _columns(arrays: Mapping[str, Array], n_frames: int | None, where: str) -> pd.DataFrame:
    numbers = {n: a for n, a in arrays.items() if a.dtype.kind in "uifb" and a.ndim in (1, 2) and a.size > 1}
    length = _length(numbers, n_frames)
    fitting = {name: a for name, a in numbers.items() if length in a.shape}
    if not set(fitting) - {"time", "frame"}:
        held = ", ".join(f"{name} {_kind(a)}" for name, a in arrays.items()) or "nothing"
        wanted = (
            f"{length} values (one for each frame or time)"
            if length
            else "one value for each frame, or an array 'time'"
        )
        raise TableError(f"{where}: no array in it has {wanted}. It holds: {held}.")
    return _table(fitting, length, where)


def _kind(array: Array) -> str:
    """What an array is, as a person would say it."""
    if array.dtype.names:
        return f"(a struct of {', '.join(array.dtype.names)}, which is not looked into; save its fields as variables)"
    return str(array.shape) if array.dtype.kind in "uifb" else f"{array.shape} of {array.dtype}, not real numbers"


def _length(arrays: Mapping[str, Array], n_frames: int | None) -> int:
    """How many values a signal has: as many as there are times, or frames, or as every array holds; else 0."""
    for name in ("time", "frame"):
        if name in arrays:
            return arrays[name].size
    if n_frames is not None:
        return n_frames
    lengths = {max(a.shape) for a in arrays.values()}
    return lengths.pop() if len(lengths) == 1 else 0


def _table(arrays: Mapping[str, Array], length: int, where: str) -> pd.DataFrame:
    columns: dict[str, Array] = {}
    for name, array in arrays.items():
        if array.ndim not in (1, 2) or length not in array.shape:
            raise TableError(
                f"{where}: {name!r} has shape {array.shape}, but {length} values are needed, one for each row."
            )
        if array.ndim == 1:
            columns[name] = array.astype(array.dtype.newbyteorder("="))
        else:
            rows = (array if array.shape[0] == length else array.T).astype(array.dtype.newbyteorder("="))
            columns.update({f"{name}_{i}": rows[:, i] for i in range(rows.shape[1])})
    check_names(list(columns), where)
    return pd.DataFrame(columns)
