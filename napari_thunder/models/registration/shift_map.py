"""Shifts over time, a row for each plane or block: what a heat map of them shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from napari_thunder.models.registration.pair import Pair
from napari_thunder.registration import Shifts

Array = NDArray[np.float32]
Place = tuple[float, float, float]

MOST_COLUMNS = 3000
"""More frames than that are drawn as the largest of a few."""


class Along(StrEnum):
    """Which part of a shift is shown."""

    DISTANCE = "distance"
    Z = "z"
    Y = "y"
    X = "x"


@dataclass(frozen=True, slots=True, eq=False)
class ShiftMap:
    """A picture of shifts.

    Parameters
    ----------
    values
        (rows, columns); NaN where a frame was not estimated.
    frames_per_column
        Frames that a column stands for; of several, that with the largest shift is shown.
    n_frames
        Of the recording.
    centers
        Of each row's block, (z, y, x) in voxels.
    kind
        Of the shifts: `rigid`, `planes` or `piecewise`.
    unit
        Of the values.
    signed
        Whether they have a direction.
    """

    values: Array = field(repr=False)
    frames_per_column: int
    n_frames: int
    centers: tuple[Place, ...] = field(repr=False)
    kind: str
    unit: str
    signed: bool

    @property
    def limit(self) -> float:
        """The largest value without its sign, but for the last half per cent."""
        known = np.abs(self.values[np.isfinite(self.values)])
        return max(float(np.percentile(known, 99.5)) if known.size else 0.0, 1e-3)

    def frame_at(self, column: float) -> int:
        """The frame that stands at a place along the columns, given in frames."""
        return int(np.clip(np.floor(column), 0, self.n_frames - 1))

    def row_at(self, row: float) -> int:
        """The row at a place down the rows."""
        return int(np.clip(np.floor(row), 0, len(self.centers) - 1))

    def title_of(self, row: int) -> str:
        """What a row stands for: `plane 7`."""
        z, y, x = (round(c) for c in self.centers[row])
        if self.kind == "rigid":
            return "the whole volume"
        return f"plane {z}" if self.kind == "planes" else f"block at z {z}, y {y}, x {x}"

    def text_at(self, row: int, frame: int) -> str:
        """`frame 12, plane 7: 0.4 µm`."""
        value = float(self.values[row, min(frame // self.frames_per_column, self.values.shape[1] - 1)])
        said = f"{value:.2g} {self.unit}" if np.isfinite(value) else "not estimated"
        return f"frame {frame}, {self.title_of(row)}: {said}"


def shift_map(pair: Pair, along: Along = Along.DISTANCE, *, relative: bool = False) -> ShiftMap:
    """The shifts of all frames, the planes and blocks in the order z, y, x, the first row first.

    Parameters
    ----------
    along
        Their length, or their part along an axis.
    relative
        To the mean over the blocks of a frame: what moved differently from the rest.
    """
    shifts, voxel = pair.shifts, pair.raw.voxel_size
    values = shifts.values - shifts.values.mean(axis=(1, 2, 3), keepdims=True) if relative else shifts.values
    values = values * np.asarray(voxel or (1, 1, 1), np.float32)
    flat = values.reshape(shifts.n_frames, -1, 3)
    chosen = np.sqrt((flat**2).sum(axis=-1)) if along is Along.DISTANCE else flat[..., "zyx".index(along)]
    columns, step = _thinned(chosen)
    return ShiftMap(
        np.ascontiguousarray(columns.T, np.float32),
        step,
        shifts.n_frames,
        centers_of(shifts),
        shifts.kind,
        "voxels" if voxel is None else "µm",
        along is not Along.DISTANCE,
    )


def centers_of(shifts: Shifts) -> tuple[Place, ...]:
    """Centres (z, y, x) of the blocks in voxels, in the order of the shifts."""
    grid = np.meshgrid(*shifts.centers, indexing="ij")
    return tuple((float(z), float(y), float(x)) for z, y, x in np.stack([g.ravel() for g in grid], axis=1))


def _thinned(values: Array) -> tuple[Array, int]:
    """Of every few frames (t, rows), the value furthest from 0; and how many frames that are."""
    step = max(1, -(-len(values) // MOST_COLUMNS))
    if step == 1:
        return values, 1
    padded = np.pad(values, ((0, -len(values) % step), (0, 0)), constant_values=np.nan)
    groups = padded.reshape(-1, step, values.shape[1])
    furthest = np.where(np.isfinite(groups), np.abs(groups), -1).argmax(axis=1)
    return np.take_along_axis(groups, furthest[:, None], axis=1)[:, 0], step
