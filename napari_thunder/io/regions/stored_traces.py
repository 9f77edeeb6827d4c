"""Traces of cells as other programs stored them: to compare with, or to show beside a recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError, RegionError
from napari_thunder.io.nwb_objects import attribute, objects_of, times_of
from napari_thunder.io.regions import caiman, nwb
from napari_thunder.io.regions.hdf5 import opened
from napari_thunder.io.regions.suite2p import Plane, cells_of, planes_of, roi_name
from napari_thunder.io.uri import local_path

if TYPE_CHECKING:
    import h5py

Columns = dict[str, NDArray[Any]]


def read_traces(path: str | Path, kind: str = "") -> pd.DataFrame:
    """The traces that suite2p, CaImAn or an NWB file holds, without unpickling anything.

    Parameters
    ----------
    path
        A suite2p folder (or one of its planes), CaImAn's HDF5, or an NWB file.
    kind
        Which: of suite2p `F` (default), `Fneu` or `spks`; of CaImAn `C` (default), `F_dff`, `S` or `YrA`; of NWB the
        name of a RoiResponseSeries (the only or the first one by default).

    Returns
    -------
    DataFrame
        (t, cells) float, called as `read_regions` calls the cells. The index is named `frame`, or `time` (s) where the
        file says times. It can be given as `signals=` of the recording; a cell that has no such frame is NaN there.

    Raises
    ------
    RegionError
        If there are no such traces, or they are damaged.
    """
    try:
        place = local_path(path)
    except RecordingError as error:
        raise RegionError(str(error)) from None
    if not place.exists():
        raise RegionError(f"{place}: there is no such file or folder.")
    planes = planes_of(place)
    if planes:
        return _table(_of_planes(planes, kind or "F"), None)
    if place.is_dir() or not place.name.lower().endswith((".hdf5", ".h5", ".nwb")):
        raise RegionError(f"{place}: holds no traces. They are read from suite2p folders, CaImAn's .hdf5 and .nwb.")
    with opened(place) as file:
        if caiman.is_caiman(file):
            return _table(_of_caiman(file, place, kind or "C"), None)
        return _of_nwb(file, place, kind)


def _of_planes(planes: Sequence[Plane], kind: str) -> Columns:
    columns: Columns = {}
    for plane in planes:
        found = plane.numbers(kind)
        if found is None or found.ndim != 2:
            there = ", ".join(n for n in ("F", "Fneu", "spks") if (plane.folder / f"{n}.npy").is_file()) or "none"
            raise RegionError(f"{plane.folder}: there are no traces {kind!r}. It holds: {there}.")
        for number in cells_of(plane, len(found)).tolist():
            columns[roi_name(plane, number, alone=len(planes) == 1)] = found[number]
    return columns


def _of_caiman(file: h5py.File, path: Path, kind: str) -> Columns:
    group = file["estimates"]
    there = [n for n in ("C", "F_dff", "S", "YrA") if n in group and getattr(group[n], "ndim", 0) == 2]
    if kind not in there:
        raise RegionError(f"{path}: there are no traces {kind!r}. It holds: {', '.join(there) or 'none'}.")
    values = group[kind]
    return {f"cell {n}": np.asarray(values[n]) for n in caiman.chosen_cells(file, len(values)).tolist()}


def _of_nwb(file: h5py.File, path: Path, kind: str) -> pd.DataFrame:
    series = {k: s for k, s in objects_of(file).items() if attribute(s, "neurodata_type") == "RoiResponseSeries"}
    chosen = next((s for key, s in series.items() if not kind or key.endswith(f"/{kind}")), None)
    if chosen is None:
        there = ", ".join(key.rsplit("/", 1)[-1] for key in series) or "none"
        raise RegionError(f"{path}: there are no traces {kind!r}. RoiResponseSeries in it: {there}.")
    values = np.asarray(chosen["data"][:])
    values = values[:, np.newaxis] if values.ndim == 1 else values
    rows, names = _rows(file, chosen, values.shape[1])
    columns = {name: values[:, i] for i, (row, name) in enumerate(zip(rows, names, strict=True)) if row >= 0}
    return _table(columns, times_of(chosen, len(values)))


def _rows(file: h5py.File, series: h5py.Group, n: int) -> tuple[list[int], list[str]]:
    """Which row of which table each trace is of; -1 for those that are no cells."""
    rows = np.asarray(series["rois"][:], np.int64) if "rois" in series else np.arange(n)
    reference = series["rois"].attrs.get("table") if "rois" in series else None
    table = file[reference] if reference is not None else None
    tables = nwb.segmentations(file)
    chosen = set(nwb.chosen_cells(table).tolist()) if table is not None else set(rows.tolist())
    key = "" if table is None else str(table.name).rsplit("/", 1)[-1]
    names = [nwb.cell_name(key, int(row), alone=len(tables) < 2) for row in rows]
    return [int(row) if int(row) in chosen else -1 for row in rows], names


def _table(columns: Columns, times: NDArray[np.float64] | None) -> pd.DataFrame:
    """Planes that were stopped a frame earlier than others end with NaN."""
    longest = max((len(values) for values in columns.values()), default=0)
    padded = {name: np.full(longest, np.nan) for name in columns}
    for name, values in columns.items():
        padded[name][: len(values)] = values
    index = pd.Index(times, name="time") if times is not None else pd.RangeIndex(longest, name="frame")
    return pd.DataFrame(padded, index=index)
