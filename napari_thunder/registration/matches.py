"""Where frames lie relative to a reference, and the correlation that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.spectrum import Complexes

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a frame lies relative to the reference.

    Parameters
    ----------
    shift
        (3,) displacement (z, y, x) of the frame in voxels: ``registered[v] = frame[v + shift]``.
    peak
        Height of the correlation there: 1 if frame and reference are the same but for the shift.
    snr
        `peak` over the largest correlation at any other place: about 1 where there is nothing to go by.
    """

    shift: NDArray[np.float32]
    peak: float
    snr: float


@dataclass(frozen=True, slots=True)
class Matches:
    """`Match` of many frames: `shifts` (n, 3), `peaks` (n,), `snrs` (n,); NaN for a frame without any finite value."""

    shifts: NDArray[np.float32]
    peaks: NDArray[np.float32]
    snrs: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation of frames with a reference, as spectra: sums of it are correlations again.

    Parameters
    ----------
    spectra
        (n, kz, ky, kx) whitened and low-passed cross-spectra, scaled so that the peak of an identical frame is 1.
    """

    spectra: Complexes

    def mixed(self, weights: NDArray[np.floating[Any]]) -> Correlation:
        """Weighted sums (m) of the correlations (n), with weights (m, n): to smooth over neighbouring blocks."""
        flat = self.spectra.reshape(len(self.spectra), -1)
        mixed = weights.astype(np.complex64) @ flat
        return Correlation(mixed.reshape(len(weights), *self.spectra.shape[1:]))
