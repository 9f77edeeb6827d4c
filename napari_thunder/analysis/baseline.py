"""The baseline F0 of each voxel, one block at a time, for views of ΔF/F."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.preprocessing.rolling import percentile
from napari_thunder.blocks import Block

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Baseline:
    """F0 of each voxel over all frames of a block.

    Parameters
    ----------
    q
        Percentile, interpolated as in `numpy.percentile`; None for the mean.
    """

    q: float | None = 20.0

    def __call__(self, voxels: Array, block: Block) -> dict[str, Array]:
        """`{"baseline": (z, y, x) float32}` of voxels (t, z, y, x)."""
        inner = voxels[(slice(None), *block.inner)]
        series = np.asarray(inner.reshape(len(inner), -1), np.float64)
        found = series.mean(axis=0) if self.q is None else percentile(series, self.q)
        return {"baseline": found.reshape(block.box_shape).astype(np.float32)}


def relative_change(volume: Array, baseline: Array) -> Array:
    """ΔF/F = (F − F0) / F0 in float32; NaN where the baseline is not above 0, as nothing can be relative to it."""
    with np.errstate(all="ignore"):
        change: Array = volume.astype(np.float32)
        change -= baseline
        change /= baseline
    change[~(baseline > 0)] = np.nan
    return change
