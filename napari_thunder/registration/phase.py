"""How far a frame lies from a reference: whitened phase correlation, to a fraction of a voxel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from napari_thunder.blocks import Box
from napari_thunder.errors import RegistrationError
from napari_thunder.registration.spectrum import Complexes, Floats, transform_for
from napari_thunder.registration.taper import overlap, taper

Triple = tuple[float, float, float]

_BYTES_AT_ONCE = 4 * 2**20
_ACTIVITY = 0.03
"""Share of a frame's power that differs from the reference for other reasons than noise, so that strong structures
do not count for all: with it the weights go from a plain correlation (all noise) to a whitened one (no noise)."""


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


class Matcher:
    """A reference prepared once, to which many frames are matched.

    Frame and reference are clipped, faded out at their edges and Fourier transformed; their cross-spectrum is divided
    by the power that is expected of signal and noise (so that a dim, noisy frame is matched by its strong
    structures and a clean one by all of them alike), low-passed, and looked at within the search window. The maximum
    is refined by a discrete Fourier transform on a fine grid around it.

    Guizar-Sicairos, M., Thurman, S. & Fienup, J. (2008), Efficient subpixel image registration algorithms, Opt. Lett.
    33:156; Knapp, C. & Carter, G. (1976), The generalized correlation method for estimation of time delay.

    Parameters
    ----------
    reference
        (z, y, x) or (y, x). NaN counts as its mean.
    max_shift
        Largest shift (z, y, x) that is looked for, in voxels.
    low_pass
        Sigma (z, y, x) of the Gaussian low-pass, in voxels.
    upsampling
        Parts into which a voxel is divided by the fine grid; between its points the maximum of a parabola is taken.

    Raises
    ------
    RegistrationError
        If the reference is not an image or has nothing to go by.
    """

    def __init__(
        self,
        reference: ArrayLike,
        *,
        max_shift: Triple,
        low_pass: Triple = (0.0, 1.15, 1.15),
        upsampling: int = 10,
    ) -> None:
        image = _image(reference)
        self.shape: Box = (image.shape[0], image.shape[1], image.shape[2])
        self.reach = _reach(self.shape, max_shift)
        self.low_pass: Triple = (low_pass[0], low_pass[1], low_pass[2])
        self.upsampling = upsampling
        self._limits = _limits(image)
        self._window = taper(self.shape, _widths(self.shape))
        self._transform = transform_for(self.shape, (self.reach[0], 0, 0), self.low_pass)
        self._texture = float(_noise(image[None])[0])
        spectrum = self._spectra(image[None])[0]
        self._power = _smooth_power(spectrum)
        if not self._power.any():
            raise RegistrationError(
                "The reference is the same everywhere, so that frames cannot be matched to it. Choose another."
            )
        self._conjugate = spectrum.conj()
        self._weights: dict[int, Floats] = {}

    def match(self, frame: ArrayLike) -> Match:
        """Match a frame of the shape of the reference."""
        found = self.match_many(np.asarray(frame)[None])
        return Match(found.shifts[0], float(found.peaks[0]), float(found.snrs[0]))

    def match_many(self, frames: NDArray[Any]) -> Matches:
        """Match frames (n, z, y, x), or (n, y, x) where the reference is an image."""
        frames = _frames(frames, self.shape)
        parts = [self.find(self.correlate(frames[part])) for part in self._parts(len(frames))]
        shifts, peaks, snrs = zip(*((p.shifts, p.peaks, p.snrs) for p in parts), strict=True)
        return Matches(np.concatenate(shifts), np.concatenate(peaks), np.concatenate(snrs))

    def correlate(self, frames: NDArray[Any]) -> Correlation:
        """The correlation of frames (n, z, y, x) with the reference; all of it is held in memory."""
        frames = _frames(frames, self.shape)
        noise = _noise(frames)
        spectra = self._spectra(frames)
        for spectrum, sigma in zip(spectra, noise, strict=True):
            weights = self._weights_for(float(sigma))
            energy = _energy(spectrum, weights) * self._energy_for(float(sigma))
            spectrum *= self._conjugate
            spectrum *= weights * np.float32(1 / math.sqrt(energy) if energy > 0 else math.nan)
        return Correlation(spectra)

    def maps(self, correlation: Correlation) -> Floats:
        """Correlation (n, z, y, x) at whole-voxel shifts: from -reach to reach along each axis, the middle is 0."""
        found = self._transform.at(correlation.spectra, self._whole)
        found /= self._overlap([np.arange(-r, r + 1.0) for r in self.reach])
        return found

    def find(self, correlation: Correlation) -> Matches:
        """The shifts at which correlations are largest."""
        maps = self.maps(correlation)
        n = len(maps)
        flat = np.argmax(maps.reshape(n, -1), axis=1)
        coarse = np.stack(np.unravel_index(flat, maps.shape[1:]), axis=1) - np.asarray(self.reach, np.intp)
        shifts, peaks = self._refined(correlation.spectra, coarse)
        others = self._elsewhere(maps, coarse)
        with np.errstate(divide="ignore", invalid="ignore"):
            snrs = np.where(others > 0, peaks / others, np.inf)
        lost = ~np.isfinite(maps.reshape(n, -1)[:, 0])
        for values in (shifts, peaks, snrs):
            values[lost] = np.nan
        return Matches(shifts.astype(np.float32), peaks.astype(np.float32), snrs.astype(np.float32))

    @cached_property
    def _whole(self) -> tuple[Complexes, Complexes, Complexes]:
        z, y, x = (f.waves(np.arange(-r, r + 1.0)) for f, r in zip(self._transform.axes, self.reach, strict=True))
        return z, y, x

    def _parts(self, n: int) -> Iterator[slice]:
        """Frames at a time that fit into a processor's cache."""
        bytes_each = 8 * math.prod(self._transform.padded)
        length = max(1, _BYTES_AT_ONCE // bytes_each)
        return (slice(start, min(n, start + length)) for start in range(0, max(1, n), length))

    def _spectra(self, frames: NDArray[Any]) -> Complexes:
        low, high = self._limits
        images = np.empty(frames.shape, np.float32)
        np.clip(frames, low, high, out=images, casting="unsafe")
        z, y, x = self._window
        window = z[:, None, None] * y[:, None] * x
        total = float(window.sum(dtype=np.float64))
        for image in images:
            if np.isnan(image[0, 0, 0]) or not np.isfinite(image.sum()):
                _fill(image)
            image -= np.float32(np.vdot(window, image) / total)
            image *= window
        return self._transform.forward(images)

    def _weights_for(self, noise: float) -> Floats:
        """What each frequency counts, for a frame with white noise of this standard deviation."""
        step = self._step(noise)
        if step not in self._weights:
            noise = 0.0 if step < -40 else 2 ** (step / 2)
            window = math.prod(float((w**2).sum(dtype=np.float64)) for w in self._window)
            expected = self._power + noise**2 * window / _ACTIVITY
            self._weights[step] = (self._gain / np.maximum(expected, 1e-6 * self._power.max())).astype(np.float32)
        return self._weights[step]

    def _step(self, noise: float) -> int:
        """Noise in steps of a square root of 2, above what looks like noise in the reference."""
        above = math.sqrt(max(0.0, noise**2 - self._texture**2))
        return -41 if not above > 2**-20 else round(2 * math.log2(above))

    def _energy_for(self, noise: float) -> float:
        return _energy(self._conjugate, self._weights_for(noise))

    @cached_property
    def _gain(self) -> Floats:
        """Gaussian low-pass, and half of the frequencies at x = 0, which have no mirror image."""
        z, y, x = (
            np.exp(-2 * (math.pi * sigma * f.cycles) ** 2)
            for f, sigma in zip(self._transform.axes, self.low_pass, strict=True)
        )
        x = np.where(self._transform.x.index == 0, 0.5, 1.0) * x
        return np.asarray(z[:, None, None] * y[:, None] * x, np.float32)

    def _overlap(self, lags: list[NDArray[np.float64]]) -> Floats:
        z, y, x = (np.maximum(overlap(w, lag), 0.1) for w, lag in zip(self._window, lags, strict=True))
        return np.asarray(z[:, None, None] * y[:, None] * x, np.float32)

    def _refined(self, spectra: Complexes, coarse: NDArray[np.intp]) -> tuple[NDArray[np.float64], Floats]:
        shifts = np.empty((len(spectra), 3))
        peaks = np.empty(len(spectra), np.float32)
        for i, start in enumerate(coarse):
            lags = [c + self._fine if n > 1 else np.zeros(1) for c, n in zip(start, self.shape, strict=True)]
            z, y, x = (f.waves(lag) for f, lag in zip(self._transform.axes, lags, strict=True))
            fine = self._transform.at(spectra[i : i + 1], (z, y, x))[0] / self._overlap(lags)
            shifts[i], peaks[i] = _summit(fine, lags)
        bound = np.asarray(self.reach)
        return np.clip(shifts, -bound, bound), peaks

    @cached_property
    def _fine(self) -> NDArray[np.float64]:
        half = math.ceil(0.7 * self.upsampling)
        return np.arange(-half, half + 1) / self.upsampling

    def _elsewhere(self, maps: Floats, coarse: NDArray[np.intp]) -> Floats:
        """The largest correlation outside the neighbourhood of the peak."""
        spared = [max(1, math.ceil(2.5 * sigma)) for sigma in self.low_pass]
        others = maps.copy()
        for other, peak in zip(others, coarse + self.reach, strict=True):
            z, y, x = (slice(max(0, p - s), p + s + 1) for p, s in zip(peak, spared, strict=True))
            other[z, y, x] = -np.inf
        return np.asarray(others.reshape(len(maps), -1).max(axis=1))


def _image(reference: ArrayLike) -> Floats:
    image = np.asarray(reference, np.float32)
    image = image[None] if image.ndim == 2 else image
    if image.ndim != 3 or 0 in image.shape:
        raise RegistrationError(f"The reference has the shape {image.shape}; (z, y, x) or (y, x) is wanted.")
    if not np.isfinite(image).any():
        raise RegistrationError("The reference has no finite value. Choose another.")
    image = image.copy()
    _fill(image)
    return image


def _frames(frames: NDArray[Any], shape: Box) -> NDArray[Any]:
    frames = np.asarray(frames)
    if frames.ndim == 3 and shape[0] == 1:
        frames = frames[:, None]
    if frames.ndim != 4 or frames.shape[1:] != shape:
        raise RegistrationError(
            f"Frames of shape {frames.shape[1:]} cannot be matched to a reference of {shape} voxels (z, y, x)."
        )
    return frames


def _fill(image: Floats) -> None:
    """Put the mean where a value is missing (NaN where all are)."""
    known = np.isfinite(image)
    if not known.all():
        image[~known] = image[known].mean(dtype=np.float64) if known.any() else np.nan


def _reach(shape: Box, max_shift: Triple) -> Box:
    z, y, x = (
        min(math.ceil(limit), max(0, n // 2 - 1)) if n > 1 else 0 for n, limit in zip(shape, max_shift, strict=True)
    )
    return z, y, x


def _limits(image: Floats) -> tuple[float, float]:
    low, high = np.percentile(image, (1, 99))
    return (float(low), float(high)) if high > low else (float(image.min()), float(image.max()))


def _widths(shape: Box) -> Box:
    z, y, x = (math.ceil(0.1 * n) if n >= 8 else 0 for n in shape)
    return z, y, x


def _noise(frames: NDArray[Any]) -> NDArray[np.float64]:
    """Standard deviation (n,) of white noise in frames (n, z, y, x), from second differences of some of their rows."""
    n, nz, ny, nx = frames.shape
    if nx < 3:
        return np.zeros(n)
    every = max(1, nz * ny * nx // 16384)
    rows = frames.reshape(n, nz * ny, nx)[:, ::every].astype(np.float32)
    change = np.abs(rows[..., :-2] - 2 * rows[..., 1:-1] + rows[..., 2:]).reshape(n, -1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nan_to_num(np.median(change, axis=1) / (0.6745 * math.sqrt(6))), np.float64)


def _smooth_power(spectrum: Complexes) -> Floats:
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(gaussian_filter(power, 1.0, mode="nearest"), np.float32)


def _energy(spectrum: Complexes, weights: Floats) -> float:
    power = spectrum.real**2 + spectrum.imag**2
    return 2 * float(np.vdot(power, weights))


def _summit(fine: Floats, lags: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], float]:
    """Place and height of the maximum on a fine grid, between its points along each axis by a parabola."""
    top = np.unravel_index(int(np.argmax(fine)), fine.shape)
    place = np.array([lag[i] for lag, i in zip(lags, top, strict=True)])
    for axis, i in enumerate(top):
        if 0 < i < fine.shape[axis] - 1:
            left, middle, right = np.take(fine, (i - 1, i, i + 1), axis)[
                tuple(slice(None) if a == axis else t for a, t in enumerate(top))
            ].astype(np.float64)
            bend = left - 2 * middle + right
            if bend < 0:
                place[axis] += 0.5 * (left - right) / bend * (lags[axis][1] - lags[axis][0])
    return place, float(fine[top])
