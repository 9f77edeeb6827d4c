"""What every way of registering can do: from frames to shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.shifts import Centers


@dataclass(frozen=True, slots=True)
class Estimate:
    """Shifts of some frames and how sure they are.

    Parameters
    ----------
    shifts
        (n, blocks along z, y, x, 3) in voxels, as in `Shifts.values`; NaN where a frame cannot be estimated.
    confidence
        (n, blocks along z, y, x) `Match.snr` of each block, float32.
    """

    shifts: NDArray[np.float32]
    confidence: NDArray[np.float32]


class Estimator(Protocol):
    """Estimates shifts against a template it holds. Picklable: built at the desk, run by workers on stretches of time.

    What is slow to prepare is prepared where it is first used, and left out when pickled.
    """

    @property
    def centers(self) -> Centers:
        """Centres (z, y, x) of the blocks that shifts are given for, as in `Shifts.centers`."""

    def windows(self, n_frames: int) -> Sequence[tuple[int, int]] | None:
        """Stretches of time (first frame, frame after the last) of which the mean is estimated; None: every frame."""

    def estimate(self, frames: NDArray[Any]) -> Estimate:
        """Shifts of frames (n, z, y, x), one row for each."""

    def finish(self, found: Estimate, n_frames: int) -> Estimate:
        """From what was estimated (a row for each window, or frame) to a row for each frame.

        Called once, at the desk, when all is there. Rows of excluded frames are NaN, and may be filled in.
        """


class EveryFrame:
    """For estimators that look at every frame and leave it at that."""

    def windows(self, n_frames: int) -> Sequence[tuple[int, int]] | None:
        """None: every frame."""
        return None

    def finish(self, found: Estimate, n_frames: int) -> Estimate:
        """What was found."""
        return found
