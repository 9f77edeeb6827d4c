"""A curve of a result as something to draw: what kind of plot it is, and what stands on its axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.display.maps import SPACE_DIMS
from napari_thunder.models.plots.tree import is_linkage

Array = NDArray[Any]

FRAME = "frame"


class PlotKind(StrEnum):
    """How a curve is drawn."""

    LINES = "lines"
    BARS = "bars"
    MATRIX = "matrix"
    TRAJECTORY = "trajectory"
    RASTER = "raster"
    POINTS = "points"
    TREE = "tree"


_LEAST_DIMS = {
    PlotKind.LINES: 1,
    PlotKind.BARS: 1,
    PlotKind.MATRIX: 2,
    PlotKind.TRAJECTORY: 2,
    PlotKind.RASTER: 2,
    PlotKind.POINTS: 2,
    PlotKind.TREE: 2,
}
_MOST_DIMS = _LEAST_DIMS | {PlotKind.LINES: 9, PlotKind.TRAJECTORY: 3}
_TREE_COLUMNS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """A curve of a result.

    Parameters
    ----------
    name
        In the dataset.
    kind
        How it is drawn.
    dataset
        The result.
    """

    name: str
    kind: PlotKind
    dataset: xr.Dataset = field(repr=False)

    @property
    def values(self) -> Array:
        """The numbers, in the order of `dims`."""
        values: Array = self.dataset[self.name].values
        return values

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(str(dim) for dim in self.dataset[self.name].dims)

    @property
    def title(self) -> str:
        """As on a list: `time course`."""
        return str(self.attrs.get("long_name") or self.name.replace("_", " "))

    @property
    def attrs(self) -> dict[str, Any]:
        """What the result says of it."""
        return dict(self.dataset[self.name].attrs)

    @property
    def label(self) -> str:
        """For the axis of its values: `time course (sd)`."""
        units = str(self.attrs.get("units", ""))
        return self.title if units in ("", "1") else f"{self.title} ({units})"

    @property
    def is_unknown(self) -> bool:
        """Whether none of its values could be estimated."""
        return not np.isfinite(self.values).any()

    @property
    def error(self) -> Array | None:
        """Standard error of each value, if the result has it."""
        name = self.attrs.get("error")
        if name not in self.dataset or self.dataset[name].dims != self.dataset[self.name].dims:
            return None
        error: Array = self.dataset[name].values
        return error

    @property
    def chance(self) -> float | None:
        """The value that is reached by chance."""
        chance = self.attrs.get("chance")
        return float(chance) if isinstance(chance, int | float | np.number) else None

    @property
    def signed(self) -> bool:
        """Whether 0 is the middle of its colours."""
        return self.attrs.get("scale") == "signed"

    @property
    def over_frames(self) -> bool:
        """Whether one of its dimensions is the frames of the recording."""
        return FRAME in self.dims

    @property
    def row_dim(self) -> str | None:
        """The dimension whose places can belong to voxels; None if there is none, or it has no name."""
        if self.kind is PlotKind.LINES:
            return self.dims[1] if len(self.dims) == 2 else None
        return None if self.kind is PlotKind.TREE else self.dims[1 if self.lies_down else 0]

    @property
    def lies_down(self) -> bool:
        """Whether a table of numbers is drawn with its first dimension, the frames, to the right."""
        return self.kind in (PlotKind.MATRIX, PlotKind.RASTER) and self.dims[0] == FRAME != self.dims[1]

    @property
    def column_dim(self) -> str:
        """The dimension to the right of a matrix or heat map."""
        return self.dims[0 if self.lies_down else 1]

    @property
    def grid(self) -> Array:
        """The numbers of a matrix or heat map as they are drawn: (row, column)."""
        return self.values.T if self.lies_down else self.values

    @property
    def n_rows(self) -> int:
        """How many rows, lines, bars, points or leaves there are."""
        if self.kind is PlotKind.TREE:
            return len(self.values) + 1
        if self.kind is PlotKind.LINES:
            return int(np.prod(self.values.shape[1:], dtype=int))
        return int(self.dataset.sizes[self.row_dim])

    @property
    def rows(self) -> tuple[str, ...]:
        """A name for each of them."""
        if self.kind is PlotKind.TREE:
            return self._leaves()
        if self.kind is PlotKind.LINES:
            return self._lines()
        return labels_of(self.dataset, self.row_dim or self.dims[0])

    @property
    def palette(self) -> tuple[str, ...]:
        """A colour for each row, if the result has them for the map its rows belong to."""
        found = self.dataset.attrs.get("palette") if self.attrs.get("voxels_by") else None
        colors = (found,) if isinstance(found, str) else () if found is None else tuple(found)
        return tuple(str(color) for color in colors) if len(colors) >= self.n_rows else ()

    def _lines(self) -> tuple[str, ...]:
        if len(self.dims) == 1:
            return (self.title,)
        each = [labels_of(self.dataset, dim) for dim in self.dims[1:]]
        return tuple(
            ", ".join(labels[i] for labels, i in zip(each, at, strict=True)) for at in np.ndindex(*map(len, each))
        )

    @property
    def leaf_dim(self) -> str:
        """Of a tree, the dimension of the result that its leaves are: the one it names, or of as many places."""
        sizes, n = self.dataset.sizes, self.n_rows
        named = [str(self.attrs.get("leaves", "")), *map(str, sizes)]
        fitting = (dim for dim in named if dim in sizes and sizes[dim] == n and dim not in (*SPACE_DIMS, FRAME))
        return next(fitting, "")

    def _leaves(self) -> tuple[str, ...]:
        dim = self.leaf_dim
        return labels_of(self.dataset, dim) if dim else tuple(str(n) for n in range(1, self.n_rows + 1))


def plots_of(dataset: xr.Dataset) -> tuple[Plot, ...]:
    """The curves of a result that can be drawn, in its order; what does not fit its kind is left out."""
    found = (_plot_of(dataset, str(name)) for name in dataset.data_vars)
    return tuple(plot for plot in found if plot is not None)


def labels_of(dataset: xr.Dataset, dim: str) -> tuple[str, ...]:
    """A word for each place along a dimension, without its name: `1`, `30`, `direction=30`, `tectum`."""
    if dim not in dataset.coords or dataset.coords[dim].ndim != 1:
        return tuple(str(n) for n in range(1, dataset.sizes[dim] + 1))
    return tuple(_word(value).removeprefix(f"{dim} ") for value in dataset.coords[dim].values.tolist())


def axis_names(plot: Plot, dim: str) -> tuple[str, ...]:
    """What is written at an axis for each place along a dimension: `component 1`, `PC 1`."""
    head = dim.replace("_", " ")
    return tuple(f"{head} {name}" if name.isdigit() else name for name in labels_of(plot.dataset, dim))


def short_rows(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels without the name of the one column that they all begin with: `30` for `direction=30`."""
    heads = {label.partition("=")[0] for label in labels if "=" in label and ", " not in label}
    if len(heads) != 1 or not all("=" in label for label in labels):
        return tuple(labels)
    return tuple(label.partition("=")[2] for label in labels)


def told_apart(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels without the words that all of them begin with: `1`, `2` for `component 1`, `component 2`."""
    return ever_shorter(labels)[-1]


def ever_shorter(labels: Sequence[str]) -> list[tuple[str, ...]]:
    """Labels as they are, and without the first one, two … of the words that all of them begin with."""
    words = [label.split(" ") for label in labels]
    if len(set(labels)) < 2:
        return [tuple(labels)]
    least = min(map(len, words)) - 1
    same = next((n for n in range(least) if len({each[n] for each in words}) > 1), least)
    return [tuple(" ".join(each[n:]) for each in words) for n in range(same + 1)]


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plot_of(dataset: xr.Dataset, name: str) -> Plot | None:
    values = dataset[name]
    if set(SPACE_DIMS) & set(map(str, values.dims)) or values.dtype.kind not in "fiub" or not values.size:
        return None
    kind = _kind_of(values)
    return None if kind is None or not _fits(kind, values) else Plot(name, kind, dataset)


def _kind_of(values: xr.DataArray) -> PlotKind | None:
    """What it says it is; time courses that say nothing are lines."""
    if "plot" not in values.attrs:
        return PlotKind.LINES if values.dims and values.dims[0] == FRAME else None
    try:
        return PlotKind(values.attrs["plot"])
    except ValueError:
        return None


def _fits(kind: PlotKind, values: xr.DataArray) -> bool:
    if not _LEAST_DIMS[kind] <= values.ndim <= _MOST_DIMS[kind]:
        return False
    if kind is PlotKind.TREE:
        return values.shape[1] == _TREE_COLUMNS and is_linkage(values.values)
    if kind in (PlotKind.TRAJECTORY, PlotKind.POINTS):
        return bool(values.shape[-1] >= 2)
    return True
