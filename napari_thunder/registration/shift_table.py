"""Shifts as a table: one row for each frame, or for each plane or block of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import RegistrationError, TableError
from napari_thunder.events.text_table import numeric
from napari_thunder.registration.shifts import Centers, Shifts, Space

Doubles = NDArray[np.float64]
Shape = tuple[int, int, int, int]

AXES = ("z", "y", "x")
PLACE = ("center_z", "center_y", "center_x")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class ShiftTable:
    """A table of shifts, and the name of the file it comes from.

    Columns: `frame` (from 0; rows are in order of frames without it); `z`, `y`, `x` in voxels, or `z_um`, `y_um`,
    `x_um`, of which those left out are 0; beside them `plane` (from 0), or `center_z`, `center_y`, `center_x` of a
    block in voxels, where a frame has several rows. An empty cell: not estimated.
    """

    table: pd.DataFrame
    name: str

    def shifts(self, shape: Shape, voxel_size: tuple[float, float, float] | None) -> Shifts:
        """Those of a recording of this shape.

        Raises
        ------
        RegistrationError
            If they are not of this recording.
        """
        values = self._values(voxel_size)
        space: Space = shape[1:]
        if "plane" in self.table:
            return self._of_planes(values, shape[0], space)
        if any(column in self.table for column in PLACE):
            return self._of_blocks(values, shape[0], space)
        frames = self._frames(shape[0])
        return Shifts.rigid(self._placed(values, frames, (shape[0],), ("frame",)), space)

    def _values(self, voxel_size: tuple[float, float, float] | None) -> Doubles:
        """(rows, 3) in voxels."""
        in_um = [f"{axis}_um" for axis in AXES]
        voxels, micrometres = ([c for c in columns if c in self.table] for columns in (AXES, in_um))
        if bool(voxels) == bool(micrometres):
            raise RegistrationError(
                f"{self.name}: row 1 must name shifts either in voxels (z, y, x) or in µm (z_um, y_um, x_um); "
                f"it names {', '.join(map(str, self.table))}."
            )
        if micrometres and voxel_size is None:
            raise RegistrationError(
                f"{self.name}: its shifts are in µm, but the voxel size of the recording is not known. "
                "Give voxel_size= (--voxel-size on the command line)."
            )
        size = voxel_size if micrometres and voxel_size is not None else (1.0, 1.0, 1.0)
        columns = in_um if micrometres else AXES
        found = [self._numbers(c) / s if c in self.table else None for c, s in zip(columns, size, strict=True)]
        return np.stack([np.zeros(len(self.table)) if f is None else f for f in found], axis=1)

    def _of_planes(self, values: Doubles, n_frames: int, space: Space) -> Shifts:
        if np.nan_to_num(values[:, 0]).any():
            raise RegistrationError(f"{self.name}: planes shift along y and x only. Leave out the column z.")
        frames, planes = self._frames(n_frames, required=True), self._whole("plane", space[0])
        placed = self._placed(values, frames * space[0] + planes, (n_frames, space[0]), ("frame", "plane"))
        return Shifts.of_planes(placed[..., 1:], space)

    def _of_blocks(self, values: Doubles, n_frames: int, space: Space) -> Shifts:
        frames = self._frames(n_frames, required=True)
        given = [self._numbers(c) if c in self.table else None for c in PLACE]
        whole = [np.full(len(frames), (n - 1) / 2) for n in space]
        along = [w if g is None else self._complete(g, c) for w, g, c in zip(whole, given, PLACE, strict=True)]
        unique = [np.unique(a, return_inverse=True) for a in along]
        grid = tuple(len(u) for u, _ in unique)
        shape = (n_frames, *grid)
        order = np.ravel_multi_index((frames, *(i for _, i in unique)), shape)
        centers: Centers = tuple(u.astype(np.float32) for u, _ in unique)  # type: ignore[assignment]
        placed = self._placed(values, order, shape, ("frame", *PLACE))
        return Shifts(placed.astype(np.float32), centers, space)

    def _placed(
        self, values: Doubles, order: NDArray[np.int64], shape: tuple[int, ...], keys: tuple[str, ...]
    ) -> Doubles:
        """Rows put where they belong; every place once."""
        placed = np.full((int(np.prod(shape)), 3), np.nan)
        times = np.bincount(order, minlength=len(placed))
        if (times > 1).any():
            row = self.table.index[int(np.flatnonzero(pd.Series(order).duplicated())[0])]
            raise RegistrationError(f"{self.name}: row {row}: the same {' and '.join(keys)} is there twice.")
        missing = np.unravel_index(np.flatnonzero(times == 0), shape)[0]
        if missing.size:
            raise RegistrationError(
                f"{self.name}: {len(self.table)} rows, but {len(placed)} are wanted; frame {_some(np.unique(missing))} "
                "is missing or lacks rows. Leave the cells empty where a frame was not estimated."
            )
        placed[order] = values
        return placed.reshape(*shape, 3)

    def _frames(self, n_frames: int, *, required: bool = False) -> NDArray[np.int64]:
        if "frame" in self.table:
            return self._whole("frame", n_frames)
        if required:
            raise RegistrationError(f"{self.name}: row 1 must name a column frame.")
        if len(self.table) != n_frames:
            raise RegistrationError(
                f"{self.name}: shifts of {len(self.table)} frames; the recording has {n_frames}. "
                "Give one row for each frame, or a column frame."
            )
        return np.arange(n_frames)

    def _whole(self, column: str, n: int) -> NDArray[np.int64]:
        numbers = self._complete(self._numbers(column), column)
        wrong = (numbers != np.round(numbers)) | (numbers < 0) | (numbers >= n)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise RegistrationError(
                f"{self.name}: row {self.table.index[row]}: {column} {numbers[row]:g} is not one of 0 to {n - 1}."
            )
        return numbers.astype(np.int64)

    def _complete(self, numbers: Doubles, column: str) -> Doubles:
        if np.isnan(numbers).any():
            row = self.table.index[int(np.argmax(np.isnan(numbers)))]
            raise RegistrationError(f"{self.name}: row {row}: {column} is empty.")
        return numbers

    def _numbers(self, column: str) -> Doubles:
        try:
            numbers = numeric(self.table[column], self.name).to_numpy()
        except TableError as error:
            raise RegistrationError(str(error)) from error
        if np.isinf(numbers).any():
            row = self.table.index[int(np.argmax(np.isinf(numbers)))]
            raise RegistrationError(f"{self.name}: row {row}: {column} is infinite.")
        return numbers


def table_of(shifts: Shifts) -> pd.DataFrame:
    """Shifts in voxels as a table with the columns of `ShiftTable`."""
    t, (gz, gy, gx) = shifts.n_frames, shifts.grid
    frame, *place = (i.ravel() for i in np.indices((t, gz, gy, gx)))
    values = shifts.values.reshape(-1, 3)
    columns: dict[str, NDArray[np.generic]] = {"frame": frame}
    if shifts.kind == "planes" and gz > 1:
        columns["plane"] = place[0]
    elif shifts.kind == "piecewise":
        columns |= {name: c[i] for name, c, i in zip(PLACE, shifts.centers, place, strict=True)}
    kept = AXES[1:] if "plane" in columns else AXES
    return pd.DataFrame(columns | {a: values[:, AXES.index(a)] for a in kept})


def _some(frames: NDArray[np.int64]) -> str:
    named = ", ".join(map(str, frames[:_MOST_NAMED]))
    return f"{named} and {len(frames) - _MOST_NAMED} more" if len(frames) > _MOST_NAMED else named
