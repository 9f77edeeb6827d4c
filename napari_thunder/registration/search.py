"""Where and how finely to look for a shift, in voxels."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from napari_thunder.registration.phase import Matcher, Triple


@dataclass(frozen=True, slots=True)
class Search:
    """Where and how finely to look; the parameters are those of `Matcher`."""

    max_shift: Triple
    low_pass: Triple = (0.0, 1.15, 1.15)
    upsampling: int = 10

    def matcher(self, reference: ArrayLike) -> Matcher:
        """A reference (z, y, x) or (y, x), prepared for this search."""
        return Matcher(reference, max_shift=self.max_shift, low_pass=self.low_pass, upsampling=self.upsampling)
