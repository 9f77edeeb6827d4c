"""HDF5: any dataset of numbers, by its path in the file, as in `movie.h5?dataset=/a/b`; so are MATLAB's v7.3 files.

The dataset need not be named if it is the only one with 3 to 5 axes, or the only one with more than 3. Its axes are
what `axes=` says, as in `axes=txyz`; else the labels of its dimensions, if they are t, c, z, y, x; else (t, y, x),
(t, z, y, x) or (t, c, z, y, x), in MATLAB's files (which turn axes round) those of a MATLAB array (y, x, t) or
(y, x, z, t). Of several channels one has to be chosen by `channel=`. `element_size_um` (z, y, x), as ImageJ and ilastik
write it, is the voxel size.

A name with `*` in it, as in `dataset=/t*/s00/0/cells` (BigDataViewer), stands for many: one frame each, in natural
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import check_letters
from napari_thunder.io.file_source import FileSource, file_source
from napari_thunder.io.hdf5_file import has_hdf5_signature, open_hdf5, stored_array
from napari_thunder.io.source import Metadata
from napari_thunder.io.stacked import StackedArray, matching

if TYPE_CHECKING:
    import h5py

_SUFFIXES = (".h5", ".hdf5", ".hdf", ".mat")
_MATLAB = {3: "txy", 4: "tzxy"}
_LISTED = 12


@dataclass(frozen=True)
class Hdf5Format:
    """HDF5 files; those of MATLAB from v7.3 on."""

    name: str = "HDF5"
    patterns: tuple[str, ...] = ("*.h5", "*.hdf5", "*.hdf", "*.mat")
    options: tuple[str, ...] = ("dataset", "axes", "channel")

    def matches(self, path: Path) -> bool:
        return path.name.lower().endswith(_SUFFIXES) and path.is_file() and has_hdf5_signature(path)

    def open(
        self, path: Path, dataset: str | None = None, axes: str | None = None, channel: int | None = None, **_: Any
    ) -> FileSource:
        with open_hdf5(path) as file:
            key = f"/{str(dataset).strip('/')}" if dataset is not None else _only_movie(path, file)
            said = {"dataset": key, "axes": axes, "channel": channel}
            frames = _frames(path, file, key)
            found = _dataset(path, file, frames[0])
            names = check_letters(axes, str(path)) if axes is not None else _said_axes(found, of_frame="*" in key)
            parts = [stored_array(path, frame, _dataset(path, file, frame)) for frame in frames]
            array = StackedArray.of(parts, str(path)) if "*" in key else parts[0]
            source = file_source(path, self.name, array, names, said, place=key)
            return replace(source, metadata=Metadata(_element_size(found, names)))


FORMAT = Hdf5Format()


def _dataset(path: Path, file: h5py.File, key: str) -> h5py.Dataset:
    import h5py

    found = file.get(key)
    if isinstance(found, h5py.Dataset) and found.shape:
        return found
    what = "a group" if isinstance(found, h5py.Group) else "no array" if found is not None else "nothing"
    raise RecordingError(f"{path}: there is {what} at dataset={key}. {_listed(_movies(file))}")


def _frames(path: Path, file: h5py.File, key: str) -> list[str]:
    """The datasets that a name stands for."""
    if "*" not in key:
        return [key]
    found = [f"/{place}" for place in matching(key, lambda group: list(file.get(group or "/", ())))]
    found = [place for place in found if place in file]
    if not found:
        raise RecordingError(f"{path}: no dataset matches dataset={key}. {_listed(_movies(file))}")
    return found


def _only_movie(path: Path, file: h5py.File) -> str:
    movies = _movies(file)
    for wanted in (movies, {key: d for key, d in movies.items() if d.ndim > 3}):
        if len(wanted) == 1:
            return next(iter(wanted))
    raise RecordingError(
        f"{path}: which dataset is the movie? Say it after the path, as in {path.name}?dataset=/a/b. {_listed(movies)}"
    )


def _movies(file: h5py.File) -> dict[str, h5py.Dataset]:
    """Datasets that may be movies, the largest first."""
    import h5py

    found: dict[str, h5py.Dataset] = {}

    def look(key: str, thing: Any) -> None:
        if isinstance(thing, h5py.Dataset) and thing.ndim in (3, 4, 5) and thing.dtype.kind in "uifb" and thing.size:
            found[f"/{key}"] = thing

    file.visititems(look)
    return dict(sorted(found.items(), key=lambda item: -item[1].size))


def _listed(movies: Mapping[str, h5py.Dataset]) -> str:
    if not movies:
        return "The file holds no numbers of 3 to 5 axes."
    some = [f"{key} {dataset.shape} {dataset.dtype}" for key, dataset in list(movies.items())[:_LISTED]]
    rest = f" and {len(movies) - _LISTED} more" if len(movies) > _LISTED else ""
    return f"The file holds: {'; '.join(some)}{rest}."


def _said_axes(dataset: h5py.Dataset, *, of_frame: bool) -> str | None:
    if of_frame:
        return "tzyx" if dataset.ndim == 3 else "tyx"
    if "MATLAB_class" in dataset.attrs:
        return _MATLAB.get(dataset.ndim)
    labels = [dimension.label.lower() for dimension in dataset.dims]
    letters = "".join({"time": "t", "channel": "c"}.get(label, label) for label in labels)
    return letters if all(labels) and len(letters) == dataset.ndim and set(letters) <= set("tczyx") else None


def _element_size(dataset: h5py.Dataset, names: str | None) -> tuple[float, float, float] | None:
    """(z, y, x) in µm; of other axes than this one order it is not known which number belongs to which."""
    said = np.asarray(dataset.attrs.get("element_size_um", ()))
    if said.shape != (3,) or said.dtype.kind not in "uif" or not (np.isfinite(said) & (said > 0)).all():
        return None
    z, y, x = (float(size) for size in said)
    return z, y, x
