"""How the picture changes with time of its own accord: it fades, and it moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from napari_thunder.simulation.behaviour import make_swim
from napari_thunder.simulation.settings import STREAM_DRIFT, STREAM_MOTION, Settings

Floats = NDArray[np.float32]


def drift_factor(settings: Settings) -> NDArray[np.float64]:
    """Brightness (t,) relative to the first frame: bleaching by `drift` in all, and slow waves of a tenth of it."""
    progress = np.arange(settings.n_frames) / max(1, settings.n_frames - 1)
    bleached = 1 - settings.drift * -np.expm1(-2 * progress) / -np.expm1(-2)
    phase = settings.rng(STREAM_DRIFT).uniform(0, 2 * np.pi, 3)
    waves = sum(np.sin(2 * np.pi * (k + 1) * progress + p) for k, p in enumerate(phase)) / np.sqrt(6)
    return np.asarray(bleached + 0.1 * settings.drift * (waves - np.take(waves, 0)))


def make_shift(settings: Settings) -> NDArray[np.float64]:
    """Displacement (t, 3) of each frame as a whole relative to the brain at rest, in voxels (z, y, x).

    What is at v at rest is then at v + shift. There is none along an axis of a single voxel.
    """
    motion = settings.motion
    if motion.is_still:
        return np.zeros((settings.n_frames, 3))
    path = _restless(settings) + _drifting(settings) + _trembling(settings) + _jumping(settings)
    visible = np.where(np.array(settings.space) > 1, [motion.depth, 1, 1], 0)
    return np.asarray(path * visible / settings.voxel_size)


def _restless(settings: Settings) -> NDArray[np.float64]:
    """Slow wandering, jitter and jerks when the fish swims (t, 3) in µm."""
    if settings.motion.restless == 0:
        return np.zeros((settings.n_frames, 3))
    rng = settings.rng(STREAM_MOTION)
    jitter = rng.standard_normal((settings.n_frames, 3))
    wander = gaussian_filter1d(rng.standard_normal((settings.n_frames, 3)), max(1.0, 20 * settings.frame_rate), axis=0)
    wander /= np.maximum(wander.std(axis=0), 1e-9)
    jerks = make_swim(settings)[:, None] * rng.choice([-1.0, 1.0], (settings.n_frames, 3))
    path = wander + 0.4 * jitter + 0.6 * jerks
    path -= np.median(path, axis=0)
    path *= settings.motion.restless / np.maximum(np.sqrt((path**2).mean(axis=0)), 1e-9)
    return np.asarray(path)


def _drifting(settings: Settings) -> NDArray[np.float64]:
    """Away along each axis, not quite evenly (t, 3) in µm; 0 in the first frame."""
    rng = settings.rng(STREAM_MOTION, 1)
    sign, phase = rng.choice([-1.0, 1.0], 3), rng.uniform(0, 2 * np.pi, 3)
    progress = (np.arange(settings.n_frames) / max(1, settings.n_frames - 1))[:, None]
    waves = np.sin(2 * np.pi * progress + phase) - np.sin(phase)
    return np.asarray(settings.motion.drift * sign * (progress + 0.15 * waves))


def _trembling(settings: Settings) -> NDArray[np.float64]:
    rng = settings.rng(STREAM_MOTION, 4)
    return settings.motion.jitter * rng.standard_normal((settings.n_frames, 3))


def _jumping(settings: Settings) -> NDArray[np.float64]:
    """Jumps that last and twitches that do not (t, 3) in µm, in any direction, never in the first frame."""
    rng, motion, n = settings.rng(STREAM_MOTION, 5), settings.motion, settings.n_frames
    path = np.zeros((n, 3))
    wanted = min(motion.jumps + motion.twitches, n - 1)
    frames = 1 + rng.permutation(n - 1)[:wanted]
    way = rng.standard_normal((wanted, 3))
    way *= motion.jump_size / np.linalg.norm(way, axis=1, keepdims=True)
    path[frames[: motion.jumps]] = way[: motion.jumps]
    path = path.cumsum(axis=0)
    path[frames[motion.jumps :]] += way[motion.jumps :]
    return path


def moved(volume: Floats, shift: NDArray[np.float64]) -> Floats:
    """The volume displaced by `shift` voxels (z, y, x), by cubic convolution; what comes in at an edge repeats it.

    Keys, R. (1981), Cubic convolution interpolation for digital image processing.
    """
    for axis, amount in enumerate(shift):
        if amount != 0 and volume.shape[axis] > 1:
            volume = _moved_along(volume, axis, float(amount))
    return volume


def _moved_along(volume: Floats, axis: int, amount: float) -> Floats:
    n = volume.shape[axis]
    whole = int(np.floor(-amount))
    f = -amount - whole
    weights = (
        -0.5 * f + f**2 - 0.5 * f**3,
        1 - 2.5 * f**2 + 1.5 * f**3,
        0.5 * f + 2 * f**2 - 1.5 * f**3,
        -0.5 * f**2 + 0.5 * f**3,
    )
    places = (np.clip(np.arange(n) + whole + k, 0, n - 1) for k in (-1, 0, 1, 2))
    total = np.zeros_like(volume)
    for weight, place in zip(weights, places, strict=True):
        total += np.float32(weight) * volume.take(place, axis)
    return total
