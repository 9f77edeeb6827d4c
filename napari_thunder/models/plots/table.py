"""The numbers of a plot as a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from napari_thunder.errors import ThunderError
from napari_thunder.io.whole import written_whole
from napari_thunder.models.plots.plane import Density
from napari_thunder.models.plots.plot import FRAME, Plot, PlotKind, labels_of
from napari_thunder.models.plots.trajectory import paths_of


class PlotTableError(ThunderError):
    """The numbers of a plot could not be saved."""


def table_of(plot: Plot) -> pd.DataFrame:
    """A row for each x of lines, bar, row of a matrix, point, merge of a tree, or moment of a trajectory.

    Its first columns name the row; standard errors stand beside their values.
    """
    if plot.kind is PlotKind.TREE:
        return pd.DataFrame(plot.values, columns=["child", "other child", "height", "leaves"])
    if plot.kind is PlotKind.TRAJECTORY:
        return _paths(plot)
    head, names = _head(plot, plot.dims[0]), _columns(plot)
    body = pd.DataFrame(plot.values.reshape(len(plot.values), -1), columns=names)
    if plot.error is not None:
        spread = plot.error.reshape(len(plot.values), -1)
        body = body.assign(**{f"{name} (standard error)": spread[:, k] for k, name in enumerate(names)})
    return pd.concat([head, body], axis=1)


def table_of_density(density: Density, names: tuple[str, str]) -> pd.DataFrame:
    """The cells that hold voxels: the middle of each, and how many there are."""
    rows, columns = np.nonzero(density.counts)
    x, y = (
        span[0] + (at + 0.5) * (span[1] - span[0]) / n
        for at, span, n in (
            (columns, density.x, density.counts.shape[1]),
            (rows, density.y, density.counts.shape[0]),
        )
    )
    return pd.DataFrame({names[0]: x, names[1]: y, "voxels": density.counts[rows, columns]})


def save_table(table: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as CSV, whole or not at all.

    Raises
    ------
    PlotTableError
        If it cannot be written.
    """
    place = Path(path).expanduser().absolute()
    with written_whole(place, PlotTableError) as draft:
        table.to_csv(draft, index=False, float_format="%.9g")
    return place


def _head(plot: Plot, dim: str) -> pd.DataFrame:
    beside = {dim: plot.dataset.coords[dim].values if dim in plot.dataset.coords else labels_of(plot.dataset, dim)}
    if dim == FRAME and "time" in plot.dataset.coords:
        beside = {"time": plot.dataset.coords["time"].values, **beside}
    return pd.DataFrame(beside)


def _columns(plot: Plot) -> list[str]:
    if plot.values.ndim == 1:
        return [plot.title]
    if plot.kind is PlotKind.LINES:
        return list(plot.rows)
    return list(labels_of(plot.dataset, plot.dims[1]))


def _paths(plot: Plot) -> pd.DataFrame:
    paths = paths_of(plot.values)
    n_conditions, n_times, n_components = paths.shape
    conditions = labels_of(plot.dataset, plot.dims[0]) if plot.values.ndim == 3 else ("all",)
    times = _head(plot, plot.dims[-2])
    head = pd.DataFrame({"condition": np.repeat(conditions, n_times)})
    along = pd.concat([times] * n_conditions, ignore_index=True)
    body = pd.DataFrame(paths.reshape(-1, n_components), columns=list(labels_of(plot.dataset, plot.dims[-1])))
    return pd.concat([head, along, body], axis=1)
