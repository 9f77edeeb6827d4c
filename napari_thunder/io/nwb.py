"""NWB (Neurodata Without Borders): the images of a session, and the events and behaviour recorded beside them.

The movie is the only `TwoPhotonSeries` or `OnePhotonSeries`, or the one that `series=` names, also one that is motion
corrected. NWB's axes are (t, x, y) or (t, x, y, z); files that were written in another order are read with `axes=`, as
in `axes=tyx`. The file is read by its schema through HDF5: voxels lazily, tables when it is opened. Times are those of
the session, in s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import Shape, check_letters
from napari_thunder.io.file_source import FileSource, file_source
from napari_thunder.io.hdf5_file import has_hdf5_signature, open_hdf5, stored_array
from napari_thunder.io.nwb_events import nwb_events, nwb_invalid_frames
from napari_thunder.io.nwb_objects import Objects, attribute, objects_of, times_of
from napari_thunder.io.nwb_signals import nwb_signals
from napari_thunder.io.source import Metadata
from napari_thunder.io.units import micrometres

if TYPE_CHECKING:
    import h5py

VoxelSize = tuple[float, float, float]

_SERIES = ("TwoPhotonSeries", "OnePhotonSeries")
_AXES = {3: "txy", 4: "txyz"}


@dataclass(frozen=True)
class NwbFormat:
    """NWB files (HDF5)."""

    name: str = "NWB"
    patterns: tuple[str, ...] = ("*.nwb",)
    options: tuple[str, ...] = ("series", "axes")

    def matches(self, path: Path) -> bool:
        return path.name.lower().endswith(".nwb") and path.is_file() and has_hdf5_signature(path)

    def open(self, path: Path, series: str | None = None, axes: str | None = None, **_: Any) -> FileSource:
        with open_hdf5(path) as file:
            objects = objects_of(file)
            key = _chosen(path, _movies(objects), series)
            data = file[key]["data"]
            names = check_letters(axes, str(path)) if axes is not None else _AXES.get(data.ndim)
            said = {"series": key, "axes": axes}
            array = stored_array(path, f"{key}/data", data)
            source = file_source(path, self.name, array, names, said, place=f"{key}/data")
            return replace(source, metadata=_metadata(file[key], source.shape, objects))


FORMAT = NwbFormat()


def _movies(objects: Objects) -> dict[str, h5py.Group]:
    """Series of images by their path: those of a microscope, and those that were made of one by motion correction."""
    kinds = {key: attribute(group, "neurodata_type") for key, group in objects.items()}
    corrected = [
        key for key, kind in kinds.items() if kind == "ImageSeries" and "CorrectedImageStack" in _parent(kinds, key)
    ]
    return {key: group for key, group in objects.items() if kinds[key] in _SERIES or key in corrected}


def _parent(kinds: Mapping[str, str], key: str) -> str:
    return kinds.get(key.rpartition("/")[0], "")


def _chosen(path: Path, movies: Mapping[str, h5py.Group], wanted: str | None) -> str:
    if wanted is None:
        held = [key for key, series in movies.items() if _holds_images(series)]
        if len(held) == 1:
            return held[0]
        asked = "which series of images is the movie? Say it after the path, as in"
        why = f"{asked} {path.name}?series={_name(held[0])}" if held else "there are no images of a microscope in it"
        raise RecordingError(f"{path}: {why}. {_listed(movies)}")
    found = [key for key in movies if wanted.strip("/") in (key.strip("/"), _name(key))]
    if len(found) != 1:
        why = (
            f"{len(found)} series are called {wanted}; give the path of one"
            if found
            else f"there is no series {wanted}"
        )
        raise RecordingError(f"{path}: {why}. {_listed(movies)}")
    if not _holds_images(movies[found[0]]):
        raise RecordingError(
            f"{path}: the images of {_name(found[0])} are not in it, but in {_elsewhere(movies[found[0]])}."
        )
    return found[0]


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _holds_images(series: h5py.Group) -> bool:
    return "data" in series and series["data"].ndim >= 3 and series["data"].size > 0


def _elsewhere(series: h5py.Group) -> str:
    files = series["external_file"].asstr()[:] if "external_file" in series else ()
    return f"{', '.join(files)}: open that" if len(files) else "no file that it names"


def _listed(movies: Mapping[str, h5py.Group]) -> str:
    if not movies:
        return f"It holds no {' and no '.join(_SERIES)}; other data are read with dataset= if the file is called .h5."
    what = (
        f"{key} {series['data'].shape if _holds_images(series) else '(in other files)'}"
        for key, series in movies.items()
    )
    return f"It holds: {'; '.join(what)}."


def _metadata(series: h5py.Group, shape: Shape, objects: Objects) -> Metadata:
    times = times_of(series, shape[0])
    return Metadata(
        _voxel_size(series, shape),
        times,
        nwb_signals(objects, times),
        nwb_events(objects, times),
        nwb_invalid_frames(objects, times),
    )


def _voxel_size(series: h5py.Group, shape: Shape) -> VoxelSize | None:
    """(z, y, x) in µm, from the imaging plane's spacing or else the field of view; a plane alone counts as 1 µm."""
    plane = series.get("imaging_plane")
    if plane is not None and "grid_spacing" in plane:
        return _sizes(plane["grid_spacing"][:], attribute(plane["grid_spacing"], "unit") or "meters", shape[1])
    if "field_of_view" not in series:
        return None
    extent: NDArray[np.float64] = np.atleast_1d(series["field_of_view"][:])
    lengths = shape[:0:-1][: len(extent)]
    return _sizes(extent / lengths, attribute(series["field_of_view"], "unit") or "meters", shape[1])


def _sizes(x_y_z: Iterable[float], unit: str, n_planes: int) -> VoxelSize | None:
    sizes = [micrometres(size, unit) for size in x_y_z]
    if len(sizes) == 2 and n_planes == 1:
        sizes.append(1.0)
    x, y, z = sizes if len(sizes) == 3 else (None, None, None)
    return (z, y, x) if x and y and z else None
