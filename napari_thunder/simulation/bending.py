"""How the brain bends: a smooth field of displacements that differs from place to place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates, spline_filter

from napari_thunder.simulation.settings import STREAM_MOTION, Settings

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_PATTERNS = 6
_NODES_PER_LENGTH = 4
_INVERSIONS = 6


@dataclass(frozen=True, slots=True)
class Bending:
    """Displacement of every place in every frame beside that of the whole, in voxels (z, y, x).

    `course` (t, k) weighs `patterns` (k, gz, gy, gx, 3), which hold at the nodes at `centers` and are linear between.
    """

    course: Doubles
    patterns: Doubles
    centers: tuple[Doubles, Doubles, Doubles]

    def at_nodes(self, t: int) -> Doubles:
        """The field (gz, gy, gx, 3) of a frame."""
        return np.asarray(np.tensordot(self.course[t], self.patterns, 1))


def make_bending(settings: Settings, brain: NDArray[np.bool_]) -> Bending | None:
    """The field of these settings, of mean 0 over the brain (z, y, x) in every frame; None if it is rigid."""
    motion = settings.motion
    if motion.bend == 0:
        return None
    centers = _nodes(settings)
    patterns = _patterns(settings, tuple(map(len, centers)))
    inside = np.argwhere(brain) if brain.any() else np.argwhere(np.ones_like(brain))
    patterns -= _sampled(patterns, centers, inside).mean(axis=1)[:, None, None, None]
    course = _course(settings)
    values = _sampled(patterns, centers, inside)
    power = np.einsum("tk,kij,lij,tl->j", course, values, values, course, optimize=True)
    rms = np.sqrt(power / (len(course) * len(inside)))
    scale = np.array([motion.depth, 1, 1]) * motion.bend / settings.voxel_size / np.maximum(rms, 1e-12)
    return Bending(course, patterns * np.where(np.array(settings.space) > 1, scale, 0), centers)


def bent(volume: Floats, shift: Doubles, field: Doubles, centers: tuple[Doubles, Doubles, Doubles]) -> Floats:
    """The volume displaced by `shift` and by the field at its nodes, by cubic splines; an edge repeats itself.

    What is at v at rest is then at v + shift + field(v), so that a frame is taken back by frame[v + shift + field(v)].
    """
    smooth = spline_filter(volume, order=3, output=np.float32, mode="nearest")
    found = np.empty_like(volume)
    for z in range(volume.shape[0]):
        place = np.stack(np.meshgrid([z], *map(np.arange, volume.shape[1:]), indexing="ij")).astype(np.float64)
        origin = _origin(place - shift[:, None, None, None], field, centers)
        map_coordinates(smooth, origin, found[z : z + 1], order=3, mode="nearest", prefilter=False)
    return found


def _origin(place: Doubles, field: Doubles, centers: tuple[Doubles, Doubles, Doubles]) -> Doubles:
    """Where (3, …) at rest that was which the field brought to a place: v of v + field(v) = place."""
    steps = np.array([c[1] - c[0] if len(c) > 1 else 1.0 for c in centers])[:, None, None, None]
    origin = place
    for _ in range(_INVERSIONS):
        at = origin / steps
        moved = np.stack([map_coordinates(field[..., a], at, order=1, mode="nearest") for a in range(3)])
        origin = place - moved
    return origin


def _nodes(settings: Settings) -> tuple[Doubles, Doubles, Doubles]:
    spacing = settings.motion.bend_length / _NODES_PER_LENGTH
    z, y, x = (
        np.linspace(0, n - 1, max(2, math.ceil(n * size / spacing) + 1)) if n > 1 else np.zeros(1)
        for n, size in zip(settings.space, settings.voxel_size, strict=True)
    )
    return z, y, x


def _patterns(settings: Settings, nodes: tuple[int, ...]) -> Doubles:
    noise = settings.rng(STREAM_MOTION, 2).standard_normal((_PATTERNS, *nodes, 3))
    sigma = _NODES_PER_LENGTH / 2
    return np.asarray(gaussian_filter(noise, (0, sigma, sigma, sigma, 0), mode="reflect"))


def _course(settings: Settings) -> Doubles:
    noise = settings.rng(STREAM_MOTION, 3).standard_normal((settings.n_frames, _PATTERNS))
    sigma = settings.motion.bend_seconds * settings.frame_rate / 2
    return np.asarray(gaussian_filter1d(noise, sigma, axis=0, mode="nearest") if sigma else noise)


def _sampled(patterns: Doubles, centers: tuple[Doubles, Doubles, Doubles], voxels: NDArray[np.int64]) -> Doubles:
    """The patterns (k, n, 3) at voxels (n, 3)."""
    steps = np.array([c[1] - c[0] if len(c) > 1 else 1.0 for c in centers])
    at = (voxels / steps).T
    values = [[map_coordinates(p[..., a], at, order=1, mode="nearest") for a in range(3)] for p in patterns]
    return np.moveaxis(np.array(values), 1, 2)
