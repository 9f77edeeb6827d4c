"""The movie is smoothed in space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Array, Context
from napari_thunder.analysis.separable import along_axes, chunks
from napari_thunder.blocks import Box
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]
Slices = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class SpatialSmoothing:
    """Smooth each volume with a Gaussian: y(v) = Σ g(u − v) x(u) / Σ g(u − v), over the voxels u that have values.

    Parameters
    ----------
    sigma
        Standard deviation of the Gaussian, in `units`. Its full width at half maximum is 2.355 times that.
    sigma_z
        The same along z, where the optics are coarser; left out: as `sigma`. 0: plane by plane.
    units
        `um`: needs the size of a voxel, along each axis its own; or `voxels`.
    truncate
        Where the Gaussian ends, in standard deviations.

    Notes
    -----
    At the border of the volume, and beside voxels that have NaN anywhere, the weights that are left are scaled up to a
    sum of 1, so neither darkens its neighbours; a voxel with NaN becomes NaN. Voxels outside a mask count as neighbours
    of those in it. Smoothing makes neighbours alike: the p values of neighbouring voxels are not independent
    afterwards, and local correlation and tSNR rise by themselves. Put it before ΔF/F, so that dim voxels beside bright
    ones do not dominate. Thunder's `gaussian_filter` of version 0 smoothed in the plane only (`sigma_z=0`).

    References
    ----------
    `scipy.ndimage.gaussian_filter` inside the volume; Knutsson & Westin 1993, CVPR (normalised convolution).
    """

    title: ClassVar[str] = "Spatial smoothing"
    summary: ClassVar[str] = "Smooth each volume with a Gaussian"

    sigma: float = parameter(2.0, help="Standard deviation of the Gaussian, in units", minimum=0, maximum=1000)
    sigma_z: float | None = parameter(
        None, help="The same along z; 0 for plane by plane, none for as sigma", minimum=0, maximum=1000
    )
    units: str = parameter("um", help="What sigma is in: µm or voxels", choices=("um", "voxels"))
    truncate: float = parameter(
        4.0, help="Where the Gaussian ends, in standard deviations", minimum=0.5, maximum=10, fine=True
    )

    def __post_init__(self) -> None:
        check(self)

    def halo(self, context: Context) -> Box:
        """Voxels (z, y, x) that the Gaussian reaches."""
        z, y, x = (_radius(sigma, self.truncate) for sigma in self._in_voxels(context))
        return z, y, x

    def bind(self, context: Context) -> Callable[[Array], Array]:
        """Boxes of series (t, z, y, x) → boxes of series, changed in place."""
        return Smooth(self._in_voxels(context), self.truncate)

    def _in_voxels(self, context: Context) -> tuple[float, float, float]:
        size = (1.0, 1.0, 1.0) if self.units == "voxels" else context.need_voxel_size("smoothing by a sigma in µm")
        along_z = self.sigma if self.sigma_z is None else self.sigma_z
        return along_z / size[0], self.sigma / size[1], self.sigma / size[2]


@dataclass(frozen=True, slots=True)
class Smooth:
    """What `SpatialSmoothing` does to boxes (t, z, y, x).

    Parameters
    ----------
    sigma
        (z, y, x) in voxels.
    truncate
        Where the Gaussian ends, in standard deviations.
    """

    sigma: tuple[float, float, float]
    truncate: float

    def __call__(self, series: Array) -> Array:
        """The box smoothed in place."""
        with np.errstate(invalid="ignore"):
            valid = np.isfinite(series.sum(axis=0))
        z, y, x = (slice(0, n) for n in series.shape[1:])
        function = self.prepared(valid, (z, y, x))
        for few in chunks(len(series), valid.size):
            series[few] = function(series[few])
        return series

    def prepared(self, valid: NDArray[np.bool_], inner: Slices) -> Callable[[Array], Array]:
        """See `Framewise.prepared`: matrix products along each axis, as a box is a few dozen voxels wide."""
        along = [_weights(n, s, self.truncate)[rows] for n, s, rows in zip(valid.shape, self.sigma, inner, strict=True)]
        if valid.all():
            return partial(along_axes, matrices=[weights / weights.sum(axis=1, keepdims=True) for weights in along])
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = 1 / along_axes(valid[None].astype(np.float64), along)
        scale[:, ~valid[inner]] = np.nan
        return partial(_where_valid, matrices=along, invalid=~valid, scale=scale)


def _where_valid(volumes: Array, matrices: list[Values], invalid: NDArray[np.bool_], scale: Values) -> Array:
    volumes[:, invalid] = 0
    smoothed = along_axes(volumes, matrices)
    smoothed *= scale
    return smoothed


@lru_cache(maxsize=64)
def _weights(n: int, sigma: float, truncate: float) -> Values:
    """(n, n) weight of each voxel of a line for each; a row that is not cut off by the line's ends sums to 1."""
    radius = _radius(sigma, truncate)
    distance = np.abs(np.arange(n)[:, None] - np.arange(n))
    gaussian = np.exp(-0.5 * np.square(np.arange(radius + 1) / max(sigma, 1e-9)))
    gaussian /= gaussian[0] + 2 * gaussian[1:].sum()
    return np.where(distance <= radius, gaussian[np.minimum(distance, radius)], 0.0)


def _radius(sigma: float, truncate: float) -> int:
    return int(truncate * sigma + 0.5)
