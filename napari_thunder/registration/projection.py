"""Mean and maximum over time of a block: what is sharp in them did not move."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block

Array = NDArray[Any]


def projections(block: Array, _: Block) -> dict[str, Array]:
    """Mean and maximum over the frames in which a voxel was sampled.

    Parameters
    ----------
    block
        (t, z, y, x); NaN where a voxel lay outside the frame.

    Returns
    -------
    dict
        `mean` and `max` (z, y, x) float32; NaN where a voxel was never sampled.
    """
    if block.dtype.kind != "f":
        return {"mean": block.mean(axis=0, dtype=np.float64).astype(np.float32), "max": _as_float(block.max(axis=0))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of voxels that were never sampled
        mean = np.nanmean(block, axis=0, dtype=np.float64)
        return {"mean": _as_float(mean), "max": _as_float(np.nanmax(block, axis=0))}


def _as_float(values: Any) -> Array:
    return np.asarray(values, np.float32)
