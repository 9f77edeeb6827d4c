"""A brain that wanders and jumps once, cut out of a larger one, so that what comes in at an edge is brain too."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from napari_thunder.recording import Recording

N_FRAMES, SPACE = 60, (5, 40, 48)


def brain() -> np.ndarray:
    """(z, y, x) larger than a frame on all sides, so that what comes in at an edge is brain too."""
    noise = np.random.default_rng(1).normal(0, 1, (SPACE[0], SPACE[1] + 20, SPACE[2] + 20))
    return 400 + 900 * gaussian_filter(noise, (0.7, 1.5, 1.5))


def moves() -> np.ndarray:
    """(t, 3) whole voxels: still in z; it wanders, and frame 30 is far off."""
    found = np.zeros((N_FRAMES, 3), int)
    found[:, 1] = np.round(2 * np.sin(np.arange(N_FRAMES) / 6))
    found[:, 2] = np.round(np.arange(N_FRAMES) / 20)
    found[30, 1:] = 3, -2
    return found


def moving(name: str = "moving", **known: Any) -> Recording:
    at_rest, rng = brain(), np.random.default_rng(2)
    frames = [at_rest[:, 10 - y : 10 - y + SPACE[1], 10 - x : 10 - x + SPACE[2]] for _, y, x in moves()]
    movie = np.stack(frames) + rng.normal(0, 10, (N_FRAMES, *SPACE))
    return Recording.from_array(
        movie.astype(np.float32), name=name, **{"voxel_size": (5.0, 2.0, 2.0), "frame_rate": 2.0, **known}
    )
