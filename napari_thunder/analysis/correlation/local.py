"""How alike neighbouring voxels are: where cells and active regions are."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Array, Context, Map, MapStep, Role
from napari_thunder.analysis.separable import along_axes, chunks
from napari_thunder.analysis.statistics import centre
from napari_thunder.blocks import Box
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Slices = tuple[slice, slice, slice]

_MAPS = (Map("local_correlation", "correlation with the neighbours", Role.SIGNED),)


@dataclass(frozen=True, slots=True)
class LocalCorrelation:
    """How much each voxel changes together with its neighbours: high in cells and active regions, about 0 in noise.

    With `against="each"` the mean of the Pearson correlations with each neighbour,
    C(v) = Σ corr(y_v, y_u) / n over the n neighbours u of v; with `against="mean"` the correlation of a voxel with the
    mean series of the square (cube) of 2 · radius + 1 voxels around it, itself among them, as in Thunder.

    Parameters
    ----------
    neighbours
        4 or 8 in the plane, 6 or 26 in the volume; with `against="mean"` a square for 4 and 8, a cube for 6 and 26.
    against
        `each` or `mean`.
    radius
        Voxels on either side, for `against="mean"`.

    Returns
    -------
    local_correlation : (z, y, x)
        −1 to 1.

    Raises
    ------
    AnalysisError
        If there are fewer than 2 frames.

    Notes
    -----
    At the border of the volume only the neighbours that are there count. Neighbours that are constant or have NaN do
    not count; a voxel that is, or has no other neighbours, is NaN. Neighbours outside a mask count. What makes all
    voxels change together raises it everywhere (motion, bleaching, a flickering laser: detrend, or remove the global
    signal, first), and so does smoothing in space or a point spread wider than a voxel. A single bright frame can
    make it. As a voxel is in its own mean, `against="mean"` is above 0 in pure noise, by about 1 / (2 · radius + 1).
    Thunder repeated the voxels at the border of the volume to fill the square.

    References
    ----------
    CaImAn's `local_correlations_fft`; Smith & Häusser 2010, Nat. Neurosci. 13:1144; Thunder `localCorr`.
    """

    family: ClassVar[str] = "Correlation"
    title: ClassVar[str] = "Local correlation"
    summary: ClassVar[str] = "How much each voxel changes together with its neighbours"

    neighbours: int = parameter(8, help="In the plane (4, 8) or in the volume (6, 26)", choices=(4, 8, 6, 26))
    against: str = parameter(
        "each", help="The mean of correlations with each, or the correlation with their mean", choices=("each", "mean")
    )
    radius: int = parameter(1, help="Voxels on either side, for their mean", minimum=1, maximum=50, fine=True)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain, with neighbours."""
        context.need_frames(2, self.title)
        in_volume = self.neighbours in (6, 26)
        if self.against == "mean":
            reach = self.radius
            return MapStep(
                _MAPS,
                partial(_with_mean, radius=(reach * in_volume, reach, reach)),
                halo=(reach * in_volume, reach, reach),
            )
        return MapStep(_MAPS, partial(_with_each, offsets=_offsets(self.neighbours)), halo=(int(in_volume), 1, 1))


def _offsets(neighbours: int) -> tuple[Box, ...]:
    """Where (z, y, x) neighbours lie, one of each opposite pair."""
    planes = (-1, 0, 1) if neighbours in (6, 26) else (0,)
    ahead = [offset for offset in itertools.product(planes, (-1, 0, 1), (-1, 0, 1)) if offset > (0, 0, 0)]
    only_faces = neighbours in (4, 6)
    return tuple(o for o in ahead if not only_faces or sum(map(abs, o)) == 1)


def _with_each(series: Array, inner: Slices, offsets: tuple[Box, ...]) -> Answer:
    """Pairs of voxels lie a fixed number of voxels apart in C order; those that wrap around a border are left out."""
    space = series.shape[1:]
    unit, valid = _unit_length(series)
    offsets = tuple(o for o in offsets if all(abs(step) < n for step, n in zip(o, space, strict=True)))
    steps = [o[0] * space[1] * space[2] + o[1] * space[2] + o[2] for o in offsets]
    together = [np.zeros(max(0, valid.size - step)) for step in steps]
    for frames in chunks(len(unit), valid.size):
        for total, step in zip(together, steps, strict=True):
            total += np.einsum("tv,tv->v", unit[frames, : len(total)], unit[frames, step:])
    correlation, count = np.zeros(valid.size), np.zeros(valid.size)
    for total, step, offset in zip(together, steps, offsets, strict=True):
        pairs = _pairs(valid.reshape(space), offset)[: len(total)]
        for side in (slice(0, len(total)), slice(step, None)):
            correlation[side] += np.where(pairs, total, 0.0)
            count[side] += pairs
    with np.errstate(invalid="ignore"):
        correlation /= np.where(valid, count, 0)
    return {"local_correlation": correlation.reshape(space)[inner]}


def _pairs(valid: Flags, offset: Box) -> Flags:
    """(voxels,) True where a voxel and the one at this offset from it are both in the box and valid."""
    here, there = [], []
    for step, n in zip(offset, valid.shape, strict=True):
        here.append(slice(max(0, -step), min(n, n - step)))
        there.append(slice(max(0, step), min(n, n + step)))
    found = np.zeros(valid.shape, bool)
    found[tuple(here)] = valid[tuple(here)] & valid[tuple(there)]
    return found.ravel()


def _with_mean(series: Array, inner: Slices, radius: Box) -> Answer:
    space = series.shape[1:]
    unit, valid = _centred(series)
    sums = [_band(n, r) for n, r in zip(space, radius, strict=True)]
    product, own, square = (np.zeros(valid.size) for _ in range(3))
    for frames in chunks(len(unit), valid.size):
        part = unit[frames]
        around = along_axes(part.reshape(-1, *space), sums).reshape(part.shape)
        product += np.einsum("tv,tv->v", part, around)
        own += np.einsum("tv,tv->v", part, part)
        square += np.einsum("tv,tv->v", around, around)
    with np.errstate(all="ignore"):
        correlation = product / np.sqrt(own * square)
    correlation[~valid] = np.nan
    return {"local_correlation": correlation.reshape(space)[inner]}


def _band(n: int, radius: int) -> Values:
    """(n, n) 1 where two voxels of a line are at most so far apart."""
    place = np.arange(n)
    near: Values = (np.abs(place[:, None] - place) <= radius).astype(np.float64)
    return near


def _unit_length(series: Array) -> tuple[Values, Flags]:
    """Series (t, voxels) with mean 0 and sum of squares 1, 0 where they take no part; and which do."""
    unit, valid = _centred(series)
    length = np.sqrt(np.einsum("tv,tv->v", unit, unit))
    unit /= np.where(valid, length, 1)
    return unit, valid


def _centred(series: Array) -> tuple[Values, Flags]:
    flat = series.reshape(len(series), -1).astype(np.float64)
    valid = centre(flat).valid
    if not valid.all():
        flat[:, ~valid] = 0
    return flat, valid
