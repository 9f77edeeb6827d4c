"""Cells in NWB files: the rows of each `PlaneSegmentation`, as `image_mask`, `pixel_mask` or `voxel_mask`.

NWB counts x, then y. Some programs (suite2p's export among them) write y first; where only that fits, it is taken so,
and said. A column `iscell` or `accepted` says which rows are cells; the others are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.io.nwb_objects import attribute, objects_of
from napari_thunder.io.regions.listed import Gathered
from napari_thunder.regions import Box, Region

if TYPE_CHECKING:
    import h5py

Say = Callable[[str], None]
Points = NDArray[np.int64]
"""(n, 2) x and y, or (n, 3) x, y and z."""


def segmentations(file: h5py.File) -> dict[str, h5py.Group]:
    """The tables of cells in a file, by path."""
    found = objects_of(file).items()
    return {key: table for key, table in found if attribute(table, "neurodata_type") == "PlaneSegmentation"}


def regions_in(file: h5py.File, path: Path, volume: Box, plane: int | None, say: Say) -> list[Region]:
    """The cells of all tables, placed in a volume; those of one plane on `plane`."""
    found = Gathered(volume)
    tables = segmentations(file)
    for key, table in tables.items():
        cells = chosen_cells(table)
        name = key.rsplit("/", 1)[-1]
        if len(cells) < len(table["id"]):
            say(f"{name}: {len(table['id']) - len(cells)} of {len(table['id'])} rows are not cells; left out.")
        places = _placed(dict(_points(table, f"{path}{key}", cells)), volume, plane, say, name)
        for number, voxels in places:
            found.add(cell_name(name, number, alone=len(tables) == 1), voxels)
    found.say(say)
    return found.regions


def cell_name(table: str, number: int, *, alone: bool) -> str:
    """What a row is called."""
    return f"cell {number}" if alone else f"{table} cell {number}"


def chosen_cells(table: h5py.Group) -> NDArray[np.intp]:
    """Numbers of the rows that are cells; all if the table does not say."""
    n = len(table["id"])
    for name in ("iscell", "is_cell", "accepted", "Accepted"):
        if name in table and table[name].shape[:1] == (n,) and table[name].dtype.kind in "biuf":
            return np.flatnonzero(np.asarray(table[name][:]).reshape(n, -1)[:, 0] > 0)
    return np.arange(n)


def _points(table: h5py.Group, where: str, cells: NDArray[np.intp]) -> Iterator[tuple[int, Points]]:
    if "image_mask" in table:
        for number in cells.tolist():
            yield number, np.argwhere(np.asarray(table["image_mask"][number]) > 0).astype(np.int64)
        return
    kind = next((kind for kind in ("voxel_mask", "pixel_mask") if kind in table), "")
    if not kind or f"{kind}_index" not in table:
        raise RegionError(f"{where}: its cells have no image_mask, pixel_mask or voxel_mask.")
    values, ends = table[kind][:], np.asarray(table[f"{kind}_index"][:], np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    if len(ends) != len(table["id"]) or (np.diff(ends) < 0).any() or ends[-1:].max(initial=0) > len(values):
        raise RegionError(f"{where}: the index of {kind} does not fit it; the file is damaged.")
    for number in cells.tolist():
        yield number, _of_compound(values[starts[number] : ends[number]], where)


def _of_compound(values: NDArray[Any], where: str) -> Points:
    names = values.dtype.names or ()
    axes = [name for name in "xyz" if name in names]
    if axes[:2] != ["x", "y"]:
        raise RegionError(f"{where}: its masks have no x and y.")
    return np.stack([values[name] for name in axes], axis=1).astype(np.int64)


def _placed(
    cells: dict[int, Points], volume: Box, plane: int | None, say: Say, name: str
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Voxels (n, 3) z, y, x of each cell."""
    if any(points.shape[1] == 2 for points in cells.values()) and plane is None and volume[0] > 1:
        raise RegionError(f"{name}: its cells are of one plane. Choose the plane (z) they should go to.")
    everything = [points for points in cells.values() if len(points)]
    largest = np.max([points[:, :2].max(axis=0) for points in everything], axis=0) if everything else np.zeros(2, int)
    swapped = not _fits(largest, volume) and _fits(largest[::-1], volume)
    if swapped:
        say(f"{name}: x and y are taken the other way round, as only so its cells fit this recording.")
    for number, points in cells.items():
        x, y = (points[:, 1], points[:, 0]) if swapped else (points[:, 0], points[:, 1])
        z = points[:, 2] if points.shape[1] == 3 else np.full(len(points), plane or 0)
        yield number, np.stack([z, y, x], axis=1)


def _fits(largest: NDArray[np.integer], volume: Box) -> bool:
    return bool(largest[0] < volume[2] and largest[1] < volume[1])
