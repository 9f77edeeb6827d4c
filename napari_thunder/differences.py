"""The difference of two maps, as a result of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.maps import SPACE_DIMS, MapChoice, direction_of, further_dims, role_of
from napari_thunder.errors import ResultError
from napari_thunder.provenance import read_provenance

Array = NDArray[Any]

DIFFERENCE = "difference"
"""What stands in the provenance of a difference where that of others names an analysis."""

_PERIODS = {Role.DIRECTION: 360.0, Role.ORIENTATION: 180.0}


def difference(a: xr.Dataset, b: xr.Dataset, map_a: MapChoice | str, map_b: MapChoice | str = "") -> xr.Dataset:
    """Subtract one map from another: `a` − `b`.

    Directions are subtracted around the circle: the difference is between −180° and 180° (for orientations −90° and
    90°), positive where `a` lies counter-clockwise of `b`.

    Parameters
    ----------
    a, b
        Results on the same grid of voxels.
    map_a, map_b
        Which map of each: a name, or a `MapChoice` for one slice of a map with further dimensions. Of `b` the same as
        of `a` when left out.

    Returns
    -------
    xarray.Dataset
        One map `difference` (z, y, x) float32 of role `signed`, NaN where either is NaN; both provenances in its own.

    Raises
    ------
    ResultError
        If the grids differ, a map is missing, or a direction would be taken from what is none.
    """
    map_b = map_b or map_a
    first, second = _chosen(a, map_a), _chosen(b, map_b)
    _check_grids(a, b)
    period = _common_period(a, first, b, second)
    values = _values(a, first) - _values(b, second)
    if period is not None:
        values = (values + period / 2) % period - period / 2
    title = f"{first.title(a)} − {second.title(b)}"
    units = str(a[first.variable].attrs.get("units", "1"))
    titles = {first.title(a), second.title(b)}
    long_name = f"difference of {first.title(a)}" if len(titles) == 1 else title
    attrs = {"long_name": long_name, "units": units, "role": str(Role.SIGNED)}
    made = xr.Dataset({DIFFERENCE: (SPACE_DIMS, values.astype(np.float32), attrs)})
    made = made.assign_coords({axis: a.coords[axis] for axis in SPACE_DIMS if axis in a.coords})
    made.attrs = {"analysis": DIFFERENCE, "title": "Difference", "provenance": _provenance(a, first, b, second)}
    return made


def is_difference(record: dict[str, Any]) -> bool:
    """Whether a provenance is that of a difference."""
    return record.get("analysis") == DIFFERENCE


def _chosen(dataset: xr.Dataset, choice: MapChoice | str) -> MapChoice:
    choice = MapChoice(choice) if isinstance(choice, str) else choice
    if choice.variable not in dataset or not set(SPACE_DIMS) <= set(dataset[choice.variable].dims):
        maps = ", ".join(str(name) for name, v in dataset.data_vars.items() if set(SPACE_DIMS) <= set(v.dims))
        raise ResultError(f"There is no map {choice.variable!r} in this result. It has: {maps}.")
    if len(further_dims(dataset, choice.variable)) != len(choice.at):
        dims = ", ".join(further_dims(dataset, choice.variable))
        raise ResultError(f"{choice.variable} has one map for each {dims}: say which, as in MapChoice(name, (0,)).")
    return choice


def _check_grids(a: xr.Dataset, b: xr.Dataset) -> None:
    shapes = [tuple(dataset.sizes[axis] for axis in SPACE_DIMS) for dataset in (a, b)]
    if shapes[0] != shapes[1]:
        said = [" × ".join(map(str, shape)) for shape in shapes]
        raise ResultError(
            f"These maps have different voxels, {said[0]} and {said[1]} (z, y, x), so that one cannot be taken from "
            "the other. Choose two maps of the same recording, or of recordings registered to the same grid."
        )
    for axis in SPACE_DIMS:
        if axis in a.coords and axis in b.coords and not _same_places(a.coords[axis], b.coords[axis]):
            raise ResultError(
                f"These maps have voxels of different size along {axis}, so that one cannot be taken from the other. "
                "Give both recordings their voxel size and run the analyses anew."
            )


def _same_places(a: xr.DataArray, b: xr.DataArray) -> bool:
    """Whether two axes have the same places; one in voxels may be any size."""
    return a.attrs.get("units") != b.attrs.get("units") or bool(np.allclose(a.values, b.values))


def _common_period(a: xr.Dataset, first: MapChoice, b: xr.Dataset, second: MapChoice) -> float | None:
    periods = [_PERIODS.get(role_of(dataset, c.variable)) for dataset, c in ((a, first), (b, second))]
    if periods[0] != periods[1]:
        raise ResultError(
            f"{first.title(a)} and {second.title(b)} are not of one kind: directions can be taken from directions "
            "only, orientations from orientations only."
        )
    return periods[0]


def _values(dataset: xr.Dataset, choice: MapChoice) -> Array:
    return np.asarray(choice.values(dataset), np.float64)


def _provenance(a: xr.Dataset, first: MapChoice, b: xr.Dataset, second: MapChoice) -> str:
    records = [read_provenance(dataset) for dataset in (a, b)]
    operands = [
        {"map": choice.variable, "at": list(choice.at), "provenance": record}
        for choice, record in zip((first, second), records, strict=True)
    ]
    record = {
        "analysis": DIFFERENCE,
        "parameters": {},
        "preprocess": [],
        "title": f"difference of {first.title(a)} and {second.title(b)}",
        "of": operands,
        "recording": records[0]["recording"],
        "engine": records[0].get("engine", ""),
        "versions": records[0].get("versions", {}),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def map_to_compare(dataset: xr.Dataset, shown: MapChoice | None) -> MapChoice | None:
    """The map that stands for a picture: the one shown, or the directions of a picture coloured by them."""
    direction = direction_of(dataset)
    return shown or (MapChoice(direction) if direction else None)
