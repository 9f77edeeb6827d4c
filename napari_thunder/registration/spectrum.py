"""Fourier transforms of images that are soon low-passed: frequencies that will not count are dropped on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from napari_thunder.blocks import Box

Complexes = NDArray[np.complex64]
Floats = NDArray[np.float32]

_LEAST = 0.12


@dataclass(frozen=True, slots=True)
class Frequencies:
    """The frequencies along one axis that are kept.

    Parameters
    ----------
    n
        Length of the transform in voxels.
    index
        Numbers of the kept frequencies, negative ones counted from the end as in `numpy.fft.fft`.
    cycles
        The same in cycles per voxel, from -0.5 to 0.5.
    """

    n: int
    index: NDArray[np.intp]
    cycles: NDArray[np.float64]

    def waves(self, places: NDArray[np.float64]) -> Complexes:
        """(…, frequencies, n) e^(2πi · cycles · place) for places (…, n) in voxels: takes a spectrum to the places."""
        return np.asarray(np.exp(2j * math.pi * self.cycles[:, None] * places[..., None, :]), np.complex64)


@dataclass(frozen=True, slots=True)
class Transform:
    """A real Fourier transform over (z, y, x), padded with zeros, cut to the frequencies that are kept."""

    z: Frequencies
    y: Frequencies
    x: Frequencies

    @property
    def axes(self) -> tuple[Frequencies, Frequencies, Frequencies]:
        """Along z, y and x; along x only those from 0 up, as the others are their mirror image."""
        return self.z, self.y, self.x

    @property
    def padded(self) -> Box:
        """Shape (z, y, x) of the transform."""
        return self.z.n, self.y.n, self.x.n

    def forward(self, images: Floats) -> Complexes:
        """Spectra (n, kz, ky, kx) of images (n, z, y, x)."""
        spectra = fft.rfft(images, self.x.n, axis=3, workers=1)
        spectra = np.ascontiguousarray(spectra[..., : len(self.x.index)])
        spectra = fft.fft(spectra, self.y.n, axis=2, overwrite_x=True, workers=1)
        if len(self.y.index) < self.y.n:
            spectra = spectra[:, :, self.y.index]
        if self.z.n > 1:
            spectra = fft.fft(spectra, self.z.n, axis=1, overwrite_x=True, workers=1)
            if len(self.z.index) < self.z.n:
                spectra = spectra[:, self.z.index]
        return np.ascontiguousarray(spectra, np.complex64)

    def at(self, spectra: Complexes, waves: tuple[Complexes, Complexes, Complexes]) -> Floats:
        """What spectra (n, kz, ky, kx) are at places (n, z, y, x), given the `waves` of the places along each axis.

        Twice the real part of the sum over the kept frequencies: weights of the spectra must halve those at x = 0.
        """
        along_z, along_y, along_x = waves
        n, kz, ky, kx = spectra.shape
        nz, ny, nx = (wave.shape[-1] for wave in waves)
        if kz * nx < nz * kx:
            rows = np.matmul(spectra.reshape(n, kz * ky, kx), along_x).reshape(n, kz, ky, nx)
            rows = np.matmul(_turned(along_y)[..., None, :, :], rows)
            return _real_product(_turned(along_z), rows.reshape(n, kz, ny * nx)).reshape(n, nz, ny, nx)
        planes = spectra.reshape(n, kz, ky * kx)
        planes = np.matmul(_turned(along_z), planes) if kz > 1 else planes
        rows = np.matmul(_turned(along_y)[..., None, :, :], planes.reshape(n, -1, ky, kx))
        return _real_product(rows.reshape(n, -1, kx), along_x).reshape(n, nz, ny, nx)


def _turned(matrices: Complexes) -> Complexes:
    return np.swapaxes(matrices, -1, -2)


def _real_product(left: Complexes, right: Complexes) -> Floats:
    """Twice the real part of the product of matrices: one product of real matrices, as that is half the work."""
    halves = [
        np.concatenate(parts, axis) for parts, axis in (((left.real, left.imag), -1), ((right.real, -right.imag), -2))
    ]
    return np.asarray(2 * np.matmul(*halves))


def transform_for(shape: Box, pad: Box, low_pass: tuple[float, float, float]) -> Transform:
    """A transform of images of this shape with at least `pad` zeros, for a Gaussian low-pass of sigma `low_pass`.

    Frequencies that the low-pass takes below 12 % of their amplitude are dropped.
    """
    z, y, x = (
        _frequencies(n, extra, sigma, half=axis == 2)
        for axis, (n, extra, sigma) in enumerate(zip(shape, pad, low_pass, strict=True))
    )
    return Transform(z, y, x)


def _frequencies(n: int, pad: int, low_pass: float, *, half: bool) -> Frequencies:
    length = 1 if n == 1 else fft.next_fast_len(n + pad, real=half)
    index = np.arange(length // 2 + 1) if half else np.arange(length)
    cycles = index / length - np.where(index > length / 2, 1.0, 0.0)
    highest = math.inf if low_pass == 0 else math.sqrt(-2 * math.log(_LEAST)) / (2 * math.pi * low_pass)
    kept = (np.abs(cycles) <= highest) & ((2 * index != length) | (length == 1))
    return Frequencies(length, index[kept], cycles[kept])
