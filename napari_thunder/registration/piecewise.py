"""Non-rigid registration: overlapping blocks that may each move a little beside the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Box
from napari_thunder.errors import RegistrationError
from napari_thunder.registration.apply import warped
from napari_thunder.registration.block_maps import BlockMatches, match_blocks, settled
from napari_thunder.registration.estimator import Estimate, EveryFrame
from napari_thunder.registration.neighbours import Sigma, agreeing, filled
from napari_thunder.registration.overlapping import Overlapping, overlapping
from napari_thunder.registration.phase import Matcher, Triple
from napari_thunder.registration.rigid import RigidPlanes, RigidVolumes, of_planes, of_volumes
from napari_thunder.registration.search import Search
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shifts import Centers, Space

Floats = NDArray[np.float32]

_BEND_VOXELS = (2.0, 5.0, 5.0)
_SMALLEST = 8
_MARGIN = 3
"""Voxels beyond the limit in which a block looks too, to know how high correlations are by chance."""
_BEYOND: Triple = (0.5, 1.5, 1.5)
"""Voxels by which a correlation may lie beyond the limit and be believed: those farther away are by chance."""
_MOST_LOW_PASS_Z = 0.8
"""Few planes with more low-pass would be found too far away, the farther the more often they look."""
_NEAR: Sigma = (0.7, 0.7, 0.7)
"""Sigma, in blocks, of the Gaussian by which blocks around one count for it."""
_REFINING: Triple = (1.0, 2.0, 2.0)
"""Voxels by which a block may correct itself when it looks again."""
_TOLERANCE, _TOLERANCE_REFINING, _LEAST_TOLERANCE = 0.5, 0.3, 0.3
"""Share of the limit, at first and when looking again, by which a block that is not very sure may differ from those
around it; and the least, in voxels."""
_FRAMES_AT_ONCE = 8
_MATCHERS_BYTES = 2**30
_BYTES_A_VOXEL = 16


def volumes_in_blocks(
    template: Floats, settings: Registration, voxel_size: Triple | None, frame_rate: float | None
) -> Piecewise:
    """Estimate a shift (z, y, x) for each block of each frame."""
    whole = of_volumes(template, settings, voxel_size, frame_rate)
    return _piecewise(whole, settings, voxel_size, _size(settings, whole.template.shape, voxel_size))


def planes_in_blocks(
    template: Floats, settings: Registration, voxel_size: Triple | None, frame_rate: float | None
) -> Piecewise:
    """Estimate a shift (y, x) for each block of each plane of each frame."""
    whole = of_planes(template, settings, voxel_size, frame_rate)
    _, y, x = _size(settings, whole.template.shape, voxel_size)
    return _piecewise(whole, settings, voxel_size, (1, y, x))


@dataclass(frozen=True, eq=False)
class Piecewise(EveryFrame):
    """A shift for each block of each frame, near that of the whole volume (or plane).

    Where a block is not sure of itself, the correlations of the blocks around it are added to its own; where that does
    not help either, it takes the answer of those around it, or of the whole where none is sure. The frame is then
    taken back by what was found, and the blocks look once more for what is left, as a frame that bends resembles the
    template less than one that was straightened.

    Pachitariu, M. et al. (2017), Suite2p; Pnevmatikakis, E. & Giovannucci, A. (2017), NoRMCorre, J. Neurosci. Methods
    291:83.

    Parameters
    ----------
    whole
        Estimates the shift of the whole volume, or of each plane.
    blocks
        How the volume is cut; blocks of one plane each where planes move on their own.
    search
        Where blocks look, around the shift of the whole.
    limit
        How far a block may be from the whole (z, y, x) in voxels.
    surety
        `Match.snr` from which a block is sure.
    rounds
        How often the blocks look again.
    """

    whole: RigidVolumes | RigidPlanes
    blocks: Overlapping
    search: Search
    limit: Triple
    surety: float
    rounds: int

    @property
    def template(self) -> Floats:
        """(z, y, x) that frames are matched to."""
        return self.whole.template

    @property
    def centers(self) -> Centers:
        """Centres of the blocks."""
        return self.blocks.centers

    def estimate(self, frames: NDArray[Any]) -> Estimate:
        """See `Estimator`."""
        starts = range(0, len(frames), _FRAMES_AT_ONCE)
        parts = [self._estimate(frames[start : start + _FRAMES_AT_ONCE]) for start in starts]
        shifts, confidence = (np.concatenate([getattr(p, name) for p in parts]) for name in ("shifts", "confidence"))
        return Estimate(shifts, confidence)

    def _estimate(self, frames: NDArray[Any]) -> Estimate:
        whole = self._whole(frames)
        near = np.rint(np.nan_to_num(whole)).astype(np.int64)
        alone = self._matches(frames, near)
        found = self._settled(alone)
        apart = self._apart(near + found.shifts - whole, found.snrs, self.limit, _TOLERANCE)
        for _ in range(self.rounds):
            alone = self._matches(self._straight(frames, whole + apart), np.zeros_like(near))
            found = self._settled(alone)
            left = self._apart(found.shifts, found.snrs, _REFINING, _TOLERANCE_REFINING)
            apart = np.clip(apart + left, np.negative(self.limit), self.limit)
        lost = np.isnan(whole).any(axis=-1)
        return Estimate((whole + apart).astype(np.float32), np.where(lost, np.float32(np.nan), alone.snrs))

    def _whole(self, frames: NDArray[Any]) -> Floats:
        """The shift (n, blocks along z, y, x, 3) of the whole, or of the plane, at every block.

        A plane that is not sure takes the answer of those around it.
        """
        found = self.whole.estimate(frames)
        shifts = found.shifts
        if shifts.shape[1] > 1:
            known = np.isfinite(shifts).all(axis=(2, 3, 4))
            sure = known & (found.confidence[:, :, 0, 0] >= self.surety)
            shifts = np.stack([_agreed(s, ok) for s, ok in zip(shifts, sure, strict=True)])
        return np.broadcast_to(shifts, (len(frames), *self.blocks.grid, 3))

    def _matches(self, frames: NDArray[Any], near: NDArray[np.int64]) -> BlockMatches:
        return match_blocks(frames, self.blocks, near, self._matcher)

    def _settled(self, alone: BlockMatches) -> BlockMatches:
        return settled(alone, self.surety, self._spared, self._listening)

    def _apart(self, shifts: Floats, snrs: Floats, limit: Triple, share: float) -> Floats:
        """Shifts beside the whole in which blocks that are not to be believed take those of the blocks around them."""
        near = np.nan_to_num(shifts).clip(np.negative(limit), limit).astype(np.float32)
        possible = snrs * (np.abs(np.nan_to_num(shifts)) <= np.add(limit, _BEYOND)).all(axis=-1)
        tolerance = np.maximum(_LEAST_TOLERANCE, share * np.asarray(limit))
        whole = np.zeros_like(near[0])
        for i, (one, snr) in enumerate(zip(near, possible, strict=True)):
            sure = agreeing(one, snr >= self.surety, snr, _NEAR, tolerance)
            near[i] = filled(one, sure, whole, _NEAR)
        return near

    def _straight(self, frames: NDArray[Any], shifts: Floats) -> Floats:
        """Frames (n, z, y, x) taken back by shifts, the template where a voxel lies outside."""
        space = _space(self.template.shape)
        box = ((0, 0, 0), space)
        straight = np.empty((len(frames), *space), np.float32)
        for found, frame, shift in zip(straight, frames, shifts, strict=True):
            found[:] = warped(frame, shift, self.centers, origin=(0, 0, 0), box=box, space=space)
            np.copyto(found, self.template, where=np.isnan(found))
        return straight

    @property
    def _spared(self) -> Box:
        z, y, x = (max(1, math.ceil(2.5 * sigma)) for sigma in self.search.low_pass)
        return z, y, x

    @property
    def _listening(self) -> Sigma:
        """By which correlations are added up; those of planes that move on their own cannot be."""
        return (0.0, *_NEAR[1:]) if isinstance(self.whole, RigidPlanes) else _NEAR

    def _matcher(self, block: Box) -> Matcher | None:
        if block not in self._kept:
            start = self.blocks.start(block)
            part = tuple(slice(a, a + n) for a, n in zip(start, self.blocks.size, strict=True))
            matcher = _matcher_of(self.template[part], self.search)
            if len(self._kept) * math.prod(self.blocks.size) * _BYTES_A_VOXEL > _MATCHERS_BYTES:
                return matcher
            self._kept[block] = matcher
        return self._kept[block]

    @cached_property
    def _kept(self) -> dict[Box, Matcher | None]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


def _piecewise(
    whole: RigidVolumes | RigidPlanes, settings: Registration, voxel_size: Triple | None, size: Box
) -> Piecewise:
    blocks = overlapping(_space(whole.template.shape), size)
    limit = _bend(settings, size, voxel_size)
    low_pass = (min(whole.search.low_pass[0], _MOST_LOW_PASS_Z), *whole.search.low_pass[1:])
    around: Triple = (limit[0] + (size[0] > 1), limit[1] + _MARGIN, limit[2] + _MARGIN)
    search = replace(whole.search, max_shift=around, low_pass=low_pass)
    return Piecewise(whole, blocks, search, limit, settings.block_surety, settings.block_rounds)


def _size(settings: Registration, space: tuple[int, ...], voxel_size: Triple | None) -> Box:
    """Of a block (z, y, x) in voxels."""
    size = voxel_size or (1.0, 1.0, 1.0)
    z = min(max(space[0] // 3, 8), 16) if settings.block_z is None else max(1, round(settings.block_z / size[0]))
    y, x = (
        min(max(n // 4, 32), 128) if settings.block is None else max(_SMALLEST, round(settings.block / s))
        for n, s in zip(space[1:], size[1:], strict=True)
    )
    return z, y, x


def _bend(settings: Registration, size: Box, voxel_size: Triple | None) -> Triple:
    """How far a block may be from the whole (z, y, x) in voxels."""
    unit = voxel_size or (1.0, 1.0, 1.0)
    z, y, x = (
        default if settings.max_bend is None else settings.max_bend / s
        for default, s in zip(_BEND_VOXELS, unit, strict=True)
    )
    return (z if size[0] > 1 else 0.0), y, x


def _matcher_of(part: Floats, search: Search) -> Matcher | None:
    try:
        return search.matcher(part)
    except RegistrationError:
        return None


def _agreed(shifts: Floats, sure: NDArray[np.bool_]) -> Floats:
    """Shifts (planes, 1, 1, 3) of a frame, those of planes that are not sure taken from the planes around them."""
    middle = np.median(shifts[sure], axis=0) if sure.any() else np.zeros((1, 1, 3), np.float32)
    kept = np.isfinite(shifts).all(axis=(1, 2, 3))
    agreed = filled(shifts, sure[:, None, None], np.broadcast_to(middle, shifts.shape), (1.0, 0.0, 0.0))
    agreed[~kept] = np.nan
    return agreed


def _space(shape: tuple[int, ...]) -> Space:
    z, y, x = shape
    return z, y, x
