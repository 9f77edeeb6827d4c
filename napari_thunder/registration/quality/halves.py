"""What changed from the first half of a recording to the second: slow deformation, which other measures miss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.quality.displacement import Image, block_displacements, length
from napari_thunder.registration.quality.grid import Grid


@dataclass(frozen=True, slots=True)
class Residual:
    """Displacement of the second half relative to the first.

    Parameters
    ----------
    displacements
        (blocks along z, y, x, 3) voxels; NaN where a block has nothing to go by.
    size
        95th percentile of their lengths, voxels; NaN if there are none.
    """

    displacements: NDArray[np.float64]
    size: float


def halves_residual(first: Image, second: Image, grid: Grid) -> Residual:
    """The residual field between the mean images (z, y, x) of both halves, NaN outside the region.

    Estimated block by block with the phase correlation of the registration (suite2p does so between extremes of
    principal components; CaImAn's `flow_residual` with dense optical flow, which is smoother and depends on contrast).
    """
    found = block_displacements(first, second, grid)
    sizes = length(found)
    known = sizes[np.isfinite(sizes)]
    return Residual(found, float(np.percentile(known, 95)) if len(known) else float("nan"))
