"""Activity as a raster whose neighbouring rows do much the same, or one after the other."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.correlation.pearson import neighbours
from napari_thunder.analysis.groups import DrawnGroups, cells_of
from napari_thunder.analysis.population.raster_nodes import leading_directions, places_along, scaled_k_means
from napari_thunder.analysis.population.raster_sorting import following, sorted_nodes
from napari_thunder.analysis.protocol import Answer, Context, Groups, Map, Means, PaintStep, Role
from napari_thunder.analysis.statistics import centre
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Places = NDArray[np.intp]

CELLS = "cells"
REGIONS = "regions"

_USUAL_CELLS = 3000
_MOST_NUMBERS = 8_000_000
_LEAST_ROWS = 3


class Order(NamedTuple):
    """Rows in order: which comes when, and where each lies from 0 to 1."""

    at: Places
    position: Values


@dataclass(frozen=True, slots=True)
class RasterOrder:
    """Regions or cells of a grid in an order in which neighbours do much the same, or one after the other.

    Mean series are z-scored and their mean over rows at each frame taken away; their leading patterns are summed up by
    few nodes (scaled k-means); nodes are sorted so that Σ r(a, b) · w(places between them) over all a before b is
    largest, r the correlation of b with what a did up to `lag` before, and w falling with the distance; each row is put
    where along the sorted nodes it fits best.

    Parameters
    ----------
    rows
        The `cells` of a grid, or drawn `regions`.
    edge
        Of a cell, in µm (in voxels if their size is not known); None: such that there are about 3000 cells.
    n_nodes
        How many; sorting takes as long as the square of it.
    n_components
        Patterns in time that are looked at.
    lag
        In s: how much later the next one may follow; 0: what is active together is near.
    locality
        From 0, all distances count, to 1, only neighbours do: long sequences are found with 0.75 and more.
    most_rows
        Of the picture; beyond, so many neighbours are averaged into one row.
    seed
        Of what is random.

    Returns
    -------
    raster : (row_number, frame)
        In sd of each cell or region, in order.
    row : (z, y, x)
        The row a voxel is in, from 1.
    position : (z, y, x)
        Where along the nodes it lies, from 0 to 1.
    n_members : (row_number,)
        Cells or regions in each row.
    Attributes `likeness`, the mean r of rows that are neighbours, and `warnings`.

    Raises
    ------
    ThunderError
        If there are fewer than three rows that vary, or so many cells that their means do not fit into memory.

    Notes
    -----
    There is no first and last by nature: with `lag` what leads comes first; else those that are active earlier.
    Noise has an order too: look whether the raster shows bands that go on from row to row.

    References
    ----------
    Stringer et al. 2024, Nat. Neurosci. 28:201 (Rastermap), made anew from its description; Fiedler 1973 (spectral
    seriation).
    """

    family: ClassVar[str] = "Population"
    title: ClassVar[str] = "Raster in order of likeness"
    summary: ClassVar[str] = "Regions or cells sorted so that neighbours do the same, or one after the other"

    rows: str = parameter(CELLS, help="What is sorted: cells of a grid, or regions", choices=(CELLS, REGIONS))
    edge: float | None = parameter(None, help="Edge of a cell; left out: for about 3000 cells", unit="µm", minimum=1e-3)
    n_nodes: int = parameter(100, help="Nodes that sum up the rows", minimum=3, maximum=200, fine=True)
    n_components: int = parameter(100, help="Patterns in time that are looked at", minimum=1, fine=True)
    lag: float = parameter(0.0, help="How much later the next one may follow", unit="s", minimum=0)
    locality: float = parameter(
        0.5, help="0: all distances count; 1: neighbours only, for long sequences", minimum=0, maximum=1
    )
    most_rows: int = parameter(500, help="Rows of the picture; beyond, neighbours are averaged", minimum=3, fine=True)
    seed: int = parameter(0, help="Of what is random", minimum=0, fine=True)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Means, Answer, PaintStep]:
        """One pass for the means of cells or regions."""
        context.need_frames(3, self.title)
        pairs = self._pairs(context)
        if self.rows == REGIONS:
            groups: Groups = DrawnGroups.of(context.need_regions(self.title, _LEAST_ROWS))
        else:
            groups = cells_of(context, self.edge or usual_edge(context))
            self._check_size(groups.n_groups, context)
        return self._steps(groups, pairs, context)

    def _steps(
        self, groups: Groups, pairs: list[tuple[Places, Places]], context: Context
    ) -> Generator[Means, Answer, PaintStep]:
        means = yield Means(groups)
        scores, usable = _z_scored(means["series"])
        if len(usable) < _LEAST_ROWS:
            raise AnalysisError(
                f"{context.name}: {self.title}: of {groups.n_groups} {self.rows} only {len(usable)} vary and are "
                f"finite (after preprocessing); there must be {_LEAST_ROWS} to sort."
            )
        order = self._sorted(scores, pairs)
        row_of = _row_of(order.at, self.most_rows)
        raster, members = _averaged(scores, row_of)
        painted = {name: np.full(groups.n_groups, np.nan) for name in ("row", "position")}
        painted["row"][usable], painted["position"][usable] = row_of + 1.0, order.position
        about = {"long_name": "activity", "units": "sd", "plot": "raster", "voxels_by": "row"}
        counted = {"long_name": f"{self.rows} in the row", "units": "1"}
        curves: dict[str, Any] = {
            "raster": (("row_number", "frame"), raster.astype(np.float32), about),
            "n_members": (("row_number",), members, counted),
        }
        outputs = (Map("row", "row of the raster", Role.VALUE), Map("position", "place in the order", Role.VALUE))
        coords = {"row_number": np.arange(1, len(raster) + 1)}
        return PaintStep(groups, painted, outputs, coords, curves, partial(_with_likeness, alike=alike_next(raster)))

    def _sorted(self, scores: Values, pairs: list[tuple[Places, Places]]) -> Order:
        """The order of z-scored rows (n, t)."""
        rows, patterns = leading_directions(scores - scores.mean(axis=0), self.n_components)
        nodes = scaled_k_means(rows, self.n_nodes, self.seed)
        nodes = nodes[sorted_nodes(following(nodes @ patterns, pairs), self.locality, self.seed)]
        if self.lag == 0 and _begins_late(nodes @ patterns):
            nodes = nodes[::-1]
        places = places_along(rows, nodes, upsample=10)
        return Order(np.argsort(places, kind="stable"), places / max(1, len(nodes) - 1))

    def _pairs(self, context: Context) -> list[tuple[Places, Places]]:
        """Places of frames and of those that are 0, 1, 2 … frames later, up to the lag."""
        kept, most = np.flatnonzero(context.keep), 0
        if self.lag:
            interval = float(np.median(np.diff(context.need_frame_times("a raster with a lag"))))
            most = int(self.lag / interval + 1e-6)
            if not 1 <= most < context.n_frames // 2:
                raise AnalysisError(
                    f"{context.name}: {self.title}: lag={self.lag:g} s must be one frame ({interval:g} s) or more, and "
                    f"less than half of the recording ({interval * context.n_frames / 2:g} s)."
                )
        return [neighbours(kept, lag) for lag in range(most + 1)]

    def _check_size(self, n_cells: int, context: Context) -> None:
        most = _MOST_NUMBERS // context.n_kept
        if n_cells > most:
            larger = (self.edge or usual_edge(context)) * (n_cells / most) ** (1 / 3)
            raise AnalysisError(
                f"{context.name}: {self.title}: {n_cells} cells of {context.n_kept} frames are too many for one "
                f"picture; {most} are not. Take cells with an edge of {larger:.2g} or more."
            )


def usual_edge(context: Context) -> float:
    """The edge in µm for which the volume has about 3000 cells, fewer if there are very many frames."""
    size = context.voxel_size or (1.0, 1.0, 1.0)
    wanted = min(_USUAL_CELLS, _MOST_NUMBERS // (2 * context.n_kept))
    extent = np.sort(np.multiply(context.space, size))
    for flat in range(3):
        edge = float(np.prod(extent[flat:]) / max(1, wanted)) ** (1 / (3 - flat))
        if edge <= extent[flat]:
            break
    return float(max(edge, min(size)))


def alike_next(raster: Values) -> float:
    """Mean Pearson's r of rows (n, t) and the ones after them."""
    unit = raster - raster.mean(axis=1, keepdims=True)
    size = np.linalg.norm(unit, axis=1, keepdims=True)
    unit = unit / np.where(size > 0, size, 1)
    return float((unit[:-1] * unit[1:]).sum(axis=1).mean())


def _z_scored(series: Values) -> tuple[Values, Places]:
    """Rows (n, t) at mean 0 and sd 1 of series (t, groups), and which groups those are."""
    series = series.copy()
    _, squares, valid = centre(series)
    usable = np.flatnonzero(valid)
    return np.ascontiguousarray((series[:, usable] / np.sqrt(squares[usable] / len(series))).T), usable


def _begins_late(courses: Values) -> bool:
    """Whether the first half of nodes (k, t) is active later than the second."""
    active = np.maximum(courses, 0)
    middle = active @ np.arange(active.shape[1]) / np.maximum(active.sum(axis=1), 1e-12)
    half = len(middle) // 2
    return bool(middle[:half].mean() > middle[len(middle) - half :].mean())


def _row_of(order: Places, most_rows: int) -> Places:
    """The row of each member, where equally many neighbours in order share one."""
    n_rows = min(len(order), most_rows)
    row = np.empty(len(order), np.intp)
    row[order] = np.arange(len(order)) * n_rows // len(order)
    return row


def _averaged(scores: Values, row_of: Places) -> tuple[Values, Places]:
    members = np.bincount(row_of)
    share = sparse.csr_array((1 / members[row_of], (row_of, np.arange(len(row_of)))))
    averages: Values = np.asarray(share @ scores)
    return averages, members.astype(np.intp)


def _with_likeness(dataset: xr.Dataset, alike: float) -> xr.Dataset:
    return dataset.assign_attrs(likeness=alike, warnings=[])
