"""Two maps of a result against each other: how many voxels have which two values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.display.maps import MapChoice, choices, factors_of

Array = NDArray[Any]

Span = tuple[float, float]

_COLUMNS = 64, 256
"""Fewest and most; there are half as many rows, as plots are about twice as wide as they are high."""
_SAMPLE = 200_000
_TAIL = 0.05
"""Percent of the voxels that may lie outside on either side, so that a few do not press all others together."""
_ROOM = 0.04


@dataclass(frozen=True, slots=True)
class Plane:
    """Which maps stand on the axes.

    Parameters
    ----------
    x, y
        Two maps of one result.
    """

    x: MapChoice
    y: MapChoice


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """How many voxels lie where on a plane.

    Parameters
    ----------
    plane
        Which maps.
    counts
        (y, x) voxels in each cell.
    x, y
        From the left of the first cell to the right of the last; from its lower side to the upper one.
    n_voxels
        Voxels that have both values.
    """

    plane: Plane
    counts: NDArray[np.int64] = field(repr=False)
    x: Span
    y: Span
    n_voxels: int

    def count_at(self, x: float, y: float) -> int:
        """Voxels in the cell at a place."""
        rows, columns = self.counts.shape
        at = [
            int(np.floor((value - low) / (high - low) * n))
            for value, (low, high), n in ((y, self.y, rows), (x, self.x, columns))
        ]
        inside = 0 <= at[0] < rows and 0 <= at[1] < columns
        return int(self.counts[at[0], at[1]]) if inside else 0


def first_plane(dataset: xr.Dataset) -> Plane | None:
    """The first two factors, or the first two maps; None if there are not two."""
    found = choices(dataset)
    factors = factors_of(dataset)
    of_factors = [choice for choice in found if choice.variable == factors]
    best = of_factors if len(of_factors) > 1 else found
    return Plane(best[0], best[1]) if len(best) > 1 else None


def density_of(dataset: xr.Dataset, plane: Plane, x: Span | None = None, y: Span | None = None) -> Density:
    """Count the voxels of a plane in cells, the more voxels the smaller.

    Parameters
    ----------
    x, y
        The part to show; where nearly all voxels lie when left out.
    """
    across, up = plane.x.values(dataset).ravel(), plane.y.values(dataset).ravel()
    known = np.isfinite(across)
    known &= np.isfinite(up)
    if not known.all():
        across, up = across[known], up[known]
    x, y = x or _usual_span(across), y or _usual_span(up)
    return Density(plane, _counted(across, up, x, y), x, y, len(across))


def _counted(across: Array, up: Array, x: Span, y: Span) -> NDArray[np.int64]:
    n_columns = int(np.clip(np.sqrt(len(across)), *_COLUMNS))
    n_rows = n_columns // 2
    columns, rows = _cells(across, x, n_columns), _cells(up, y, n_rows)
    wide, high = n_columns + 2, n_rows + 2
    counts = np.bincount(rows * wide + columns, minlength=wide * high).reshape(high, wide)
    inner: NDArray[np.int64] = counts[1:-1, 1:-1]
    return inner


def _cells(values: Array, span: Span, n: int) -> NDArray[np.int32]:
    """The cell of each value from 1; 0 below the span and n + 1 above it."""
    scaled = (values - np.float32(span[0])) * np.float32(n / (span[1] - span[0]))
    cells: NDArray[np.int32] = np.clip(scaled + 1, 0, n + 1).astype(np.int32)
    return cells


def _usual_span(values: Array) -> Span:
    sample = values[:: max(1, len(values) // _SAMPLE)]
    if not len(sample):
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(sample, [_TAIL, 100 - _TAIL]))
    room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
    return low - room, high + room
