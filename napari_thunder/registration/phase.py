"""How far a frame lies from a reference: whitened phase correlation, to a fraction of a voxel."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from napari_thunder.blocks import Box
from napari_thunder.errors import RegistrationError
from napari_thunder.registration.images import checked_frames, checked_image, fill_missing, limits_of, noise_of
from napari_thunder.registration.matches import Correlation, Match, Matches, Triple
from napari_thunder.registration.pull import measured_pull
from napari_thunder.registration.spectrum import Complexes, Floats, transform_for
from napari_thunder.registration.summit import between_points, elsewhere, heights, summits
from napari_thunder.registration.taper import self_overlap, taper

__all__ = ["Correlation", "Match", "Matcher", "Matches", "Triple"]

_BYTES_AT_ONCE = 4 * 2**20
_ACTIVITY = 0.5
"""Share of a frame's power that differs from the reference for other reasons than noise, so that strong structures
do not count for all: with it the weights go from a plain correlation (all noise) to a whitened one (no noise)."""
_NOISE_KEPT = 3
"""Frames are clipped to the range of the reference, and as many standard deviations of their noise on either side."""
_FADED = (0.3, 0.1, 0.1)
"""Share of the length along z, y and x over which an image fades out at either edge."""
_LEAST_OVERLAP = 0.1
_BLANK = 1e-9
"""An image that varies by less, relative to its mean square, is the same everywhere but for rounding."""
_SURE = 0.8
"""A low-pass of this many voxels leaves something of any number of them."""
_FINE_REACH = 0.6
"""How far the maximum may lie from the largest value at a whole-voxel shift."""


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
        low_pass: Triple = (0.8, 1.15, 1.15),
        upsampling: int = 10,
    ) -> None:
        image = checked_image(reference)
        self.shape: Box = (image.shape[0], image.shape[1], image.shape[2])
        self._bound = _bound(self.shape, max_shift)
        z, y, x = (math.ceil(limit) for limit in self._bound)
        self.reach: Box = (z, y, x)
        self.low_pass = _bearable(low_pass, self.shape)
        self.upsampling = upsampling
        self._limits = limits_of(image)
        weights = taper(self.shape, _widths(self.shape))
        self._overlaps = [self_overlap(along, sigma) for along, sigma in zip(weights, self.low_pass, strict=True)]
        self._window = _product(*weights)
        self._window_sum = float(self._window.sum(dtype=np.float64))
        self._window_power = float((self._window**2).sum(dtype=np.float64))
        self._transform = transform_for(self.shape, (self.reach[0], 0, 0), self.low_pass)
        self._texture = float(noise_of(image[None])[0])
        spectrum = self._spectra(image[None], np.zeros(1))[0]
        self._power = _smooth_power(spectrum)
        if not self._power.max() > 0:
            raise RegistrationError(
                "The reference is the same everywhere, so that frames cannot be matched to it. Choose another."
            )
        self._conjugate = spectrum.conj()
        self._weights: dict[int, tuple[Floats, float]] = {}
        self._pull = self._measured_pull(image)

    def match(self, frame: ArrayLike) -> Match:
        """Match a frame of the shape of the reference."""
        found = self.match_many(np.asarray(frame)[None])
        return Match(found.shifts[0], float(found.peaks[0]), float(found.snrs[0]))

    def match_many(self, frames: NDArray[Any]) -> Matches:
        """Match frames (n, z, y, x), or (n, y, x) where the reference is an image."""
        frames = checked_frames(frames, self.shape)
        parts = [self.find(self.correlate(frames[part])) for part in self._parts(len(frames))]
        shifts, peaks, snrs = zip(*((p.shifts, p.peaks, p.snrs) for p in parts), strict=True)
        return Matches(np.concatenate(shifts), np.concatenate(peaks), np.concatenate(snrs))

    def correlate(self, frames: NDArray[Any]) -> Correlation:
        """The correlation of frames (n, z, y, x) with the reference; all of it is held in memory."""
        frames = checked_frames(frames, self.shape)
        noise = self._noise_above(frames)
        spectra = self._spectra(frames, noise)
        for spectrum, sigma in zip(spectra, noise, strict=True):
            weights, energy = self._weights_for(float(sigma))
            weighted = spectrum.view(np.float32) * weights
            energy *= 2 * float(np.vdot(spectrum.view(np.float32), weighted))
            weighted *= np.float32(1 / math.sqrt(energy) if energy > 0 else math.nan)
            np.multiply(weighted.view(np.complex64), self._conjugate, out=spectrum)
        return Correlation(spectra)

    def maps(self, correlation: Correlation) -> Floats:
        """Correlation (n, z, y, x) at whole-voxel shifts: from -reach to reach along each axis, the middle is 0."""
        waves, gain = self._whole
        return self._transform.at(correlation.spectra, waves) * gain

    def find(self, correlation: Correlation) -> Matches:
        """The shifts at which correlations are largest."""
        maps = self.maps(correlation)
        places = summits(maps)
        shifts, peaks = self._refined(correlation.spectra, places - np.asarray(self.reach))
        others = elsewhere(maps, places, self._spared)
        with np.errstate(divide="ignore", invalid="ignore"):
            snrs = np.where(others > 0, peaks / others, np.inf)
        lost = ~np.isfinite(peaks)
        for values in (shifts, peaks, snrs):
            values[lost] = np.nan
        return Matches(shifts.astype(np.float32), peaks.astype(np.float32), snrs.astype(np.float32))

    @cached_property
    def _whole(self) -> tuple[tuple[Complexes, Complexes, Complexes], Floats]:
        """Waves to whole-voxel shifts, and what to multiply the correlation with there."""
        return self._look([np.arange(-r, r + 1.0) for r in self.reach])

    @cached_property
    def _fine(self) -> tuple[NDArray[np.float64], ...]:
        """The fine grid around 0 along each axis, in voxels."""
        half = math.ceil(_FINE_REACH * self.upsampling)
        grid = np.arange(-half, half + 1) / self.upsampling
        return tuple(grid if r > 0 else np.zeros(1) for r in self.reach)

    @cached_property
    def _spared(self) -> Box:
        """Half the extent of a peak in voxels, within which other peaks are not looked for."""
        z, y, x = (max(1, math.ceil(2.5 * sigma)) for sigma in self.low_pass)
        return z, y, x

    def _look(self, lags: Sequence[NDArray[np.float64]]) -> tuple[tuple[Complexes, Complexes, Complexes], Floats]:
        """Waves to lags (…, n) along each axis, and what makes up for the smaller overlap of the images there."""
        z, y, x = (f.waves(lag) for f, lag in zip(self._transform.axes, lags, strict=True))
        left = (np.interp(np.abs(lag), *overlap) for lag, overlap in zip(lags, self._overlaps, strict=True))
        return (z, y, x), _product(*(1 / np.maximum(share, _LEAST_OVERLAP) for share in left))

    def _measured_pull(self, image: Floats) -> NDArray[np.float64]:
        z, y, x = self._bound

        def shift(reference: Floats, frame: Floats) -> Floats:
            matcher = _Plain(reference, max_shift=(z, y, x), low_pass=self.low_pass, upsampling=self.upsampling)
            return matcher.match(frame).shift

        return measured_pull(image, self.reach, shift)

    def _parts(self, n: int) -> Iterator[slice]:
        """Frames at a time that fit into a processor's cache."""
        bytes_each = 8 * math.prod(self._transform.padded)
        length = max(1, _BYTES_AT_ONCE // bytes_each)
        return (slice(start, min(n, start + length)) for start in range(0, max(1, n), length))

    def _noise_above(self, frames: NDArray[Any]) -> NDArray[np.float64]:
        """Standard deviation (n,) of noise, above what looks like noise in the reference but is its texture."""
        return np.sqrt(np.maximum(0.0, noise_of(frames) ** 2 - self._texture**2))

    def _spectra(self, frames: NDArray[Any], noise: NDArray[np.float64]) -> Complexes:
        images = np.empty(frames.shape, np.float32)
        low, high = self._limits
        for frame, image, sigma in zip(frames, images, noise, strict=True):
            margin = _NOISE_KEPT * sigma
            np.clip(frame, low - margin, high + margin, out=image, dtype=np.float32, casting="unsafe")
            mean = np.vdot(self._window, image) / self._window_sum
            if not math.isfinite(mean):
                fill_missing(image)
                mean = np.vdot(self._window, image) / self._window_sum
            image -= np.float32(mean)
            image *= self._window
            if np.vdot(image, image) <= _BLANK * mean**2 * self._window_sum:
                image[...] = np.nan
        return self._transform.forward(images)

    def _weights_for(self, noise: float) -> tuple[Floats, float]:
        """What each frequency counts for a frame with this noise, and the energy of the reference so weighted.

        Twice along x: for the real and the imaginary part.
        """
        step = -41 if noise < 2**-20 else round(2 * math.log2(noise))
        if step not in self._weights:
            expected = self._power + (2.0**step if step > -41 else 0.0) * self._window_power / _ACTIVITY
            weights = (self._gain / np.maximum(expected, 1e-6 * self._power.max())).astype(np.float32)
            self._weights[step] = np.repeat(weights, 2, axis=-1), _energy(self._conjugate, weights)
        return self._weights[step]

    @cached_property
    def _gain(self) -> Floats:
        """Gaussian low-pass, and half of the frequencies at x = 0, which have no mirror image."""
        z, y, x = (
            np.exp(-2 * (math.pi * sigma * f.cycles) ** 2)
            for f, sigma in zip(self._transform.axes, self.low_pass, strict=True)
        )
        x = np.where(self._transform.x.index == 0, 0.5, 1.0) * x
        return _product(z, y, x)

    def _refined(self, spectra: Complexes, coarse: NDArray[np.intp]) -> tuple[NDArray[np.float64], Floats]:
        """Shifts (n, 3) and the correlation there, near the whole-voxel shifts `coarse` (n, 3)."""
        waves, gain = self._look([coarse[:, axis, None] + grid for axis, grid in enumerate(self._fine)])
        maps = self._transform.at(spectra, waves) * gain
        places = summits(maps)
        start = np.stack([grid[i] for grid, i in zip(self._fine, places.T, strict=True)], axis=1)
        shifts = (coarse + start + between_points(maps, places) / self.upsampling) / self._pull
        return np.clip(shifts, -self._bound, self._bound), heights(maps, places)


def _bound(shape: Box, max_shift: Triple) -> NDArray[np.float64]:
    """(3,) the largest shift in voxels: what was asked for, but at most half of the image, and of planes all but 2."""
    most = (max(0, shape[0] - 2), (shape[1] - 1) // 2, (shape[2] - 1) // 2)
    return np.array([min(limit, n) for n, limit in zip(most, max_shift, strict=True)], np.float64)


def _bearable(low_pass: Triple, shape: Box) -> Triple:
    """The low-pass that was asked for, but not so wide that nothing is left of a few planes."""
    z, y, x = (min(sigma, max(_SURE, n / 8)) for sigma, n in zip(low_pass, shape, strict=True))
    return z, y, x


def _widths(shape: Box) -> Box:
    z, y, x = (math.ceil(share * n) if n >= 4 else 0 for share, n in zip(_FADED, shape, strict=True))
    return z, y, x


def _product(z: NDArray[Any], y: NDArray[Any], x: NDArray[Any]) -> Floats:
    """(…, z, y, x) float32 from (…, z), (…, y), (…, x)."""
    return np.asarray(z[..., :, None, None] * y[..., None, :, None] * x[..., None, None, :], np.float32)


def _smooth_power(spectrum: Complexes) -> Floats:
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(gaussian_filter(power, 1.0, mode="nearest"), np.float32)


def _energy(spectrum: Complexes, weights: Floats) -> float:
    power = spectrum.real**2 + spectrum.imag**2
    return 2 * float(np.vdot(power, weights))


class _Plain(Matcher):
    """A matcher whose pull is not measured."""

    def _measured_pull(self, image: Floats) -> NDArray[np.float64]:
        return np.ones(3)
