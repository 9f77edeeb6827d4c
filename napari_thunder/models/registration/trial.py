"""What came of trying a registration on few frames of a small box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Box
from napari_thunder.recording import Recording

if TYPE_CHECKING:
    import xarray as xr

_MATTERS = 0.01
"""A difference of correlations below this is none."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What came of trying a registration.

    Parameters
    ----------
    dataset
        Key of the recording.
    frames
        That were tried, in their order.
    start, stop
        Corners (z, y, x) of the box that was looked at, half open.
    recording
        Those frames of that box, in memory.
    registration
        As of `napari_thunder.register`, of these frames.
    before, after
        Correlation (n,) of each frame with the template, through the same interpolator.
    seconds
        That it took.
    """

    dataset: int
    frames: tuple[int, ...]
    start: Box
    stop: Box
    recording: Recording
    registration: xr.Dataset
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    seconds: float

    @property
    def worse(self) -> tuple[int, ...]:
        """Frames that are less like the template than before."""
        return tuple(t for t, a, b in zip(self.frames, self.before, self.after, strict=True) if b < a - _MATTERS)

    @property
    def line(self) -> str:
        """In words: `better: correlation with the template 0.61 → 0.93 (median of 100 frames); 2 got worse`."""
        before, after = float(np.nanmedian(self.before)), float(np.nanmedian(self.after))
        word = "better" if after > before + _MATTERS else "worse" if after < before - _MATTERS else "no better"
        n = len(self.frames)
        said = f"{word}: correlation with the template {before:.2f} → {after:.2f} (median of {n} frames)"
        return f"{said}; {len(self.worse)} got worse" if self.worse else said
