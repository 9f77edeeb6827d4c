"""The colours of the rows of a plot."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cmap
import numpy as np

from napari_thunder.models.plots.plot import Plot, labels_of, short_rows, told_apart
from napari_thunder.traces.responses import period_of
from napari_thunder.widgets.traces.conditions import colors_of
from napari_thunder.widgets.traces.plotting import pg

ONE = "#56b4e9"
"""Of what needs no colours to be told apart."""


def row_colors(plot: Plot) -> tuple[str, ...]:
    """A colour for each row: those of the map they belong to, of directions those of the maps, else told apart."""
    if plot.palette:
        return plot.palette
    labels, dim = tuple(plot.rows), plot.row_dim or ""
    peaks = told_apart(labels)
    if period_of(plot.dims[0]) and set(peaks) == set(labels_of(plot.dataset, plot.dims[0])):
        return labels_colors(peaks, plot.dims[0])  # a curve for each place of its peak
    return labels_colors(labels, dim)


def few_colors(plot: Plot) -> tuple[str, ...]:
    """Those of clusters and conditions; else one for all rows, as colours would mean nothing."""
    if plot.palette or all("=" in label for label in plot.rows):
        return row_colors(plot)[: plot.n_rows]
    return (ONE,) * plot.n_rows


def brushes_of(colors: Sequence[str]) -> Any:
    """A brush for each, or one for all if they are the same: making thousands takes long."""
    made = {color: pg.mkBrush(color) for color in dict.fromkeys(colors)}
    return [made[color] for color in colors] if len(made) > 1 else next(iter(made.values()), None)


def condition_colors(plot: Plot) -> tuple[str, ...]:
    """A colour for each condition of a trajectory."""
    if plot.values.ndim < 3:
        return labels_colors((plot.title,), "")
    return plot.palette or labels_colors(labels_of(plot.dataset, plot.dims[0]), plot.dims[0])


def labels_colors(labels: Sequence[str], dim: str) -> tuple[str, ...]:
    """A colour for each label along a dimension, which names the column it comes from unless the labels do."""
    return _labels_colors(tuple(labels), dim)


@lru_cache(maxsize=64)
def _labels_colors(labels: tuple[str, ...], dim: str) -> tuple[str, ...]:
    column = labels[0].partition("=")[0] if labels and all("=" in label for label in labels) else dim
    names = short_rows(labels) if period_of(column) else labels
    return colors_of(list(names), column or "row")


def ramp(n: int, name: str = "viridis", *, light: bool = True) -> list[str]:
    """Colours for a course of time, from early to late; without the darkest where the background is dark."""
    low, high = (0.18, 1.0) if light else (0.0, 0.85)
    return [cmap.Color(color).hex for color in cmap.Colormap(name)(np.linspace(low, high, max(n, 1)))]
