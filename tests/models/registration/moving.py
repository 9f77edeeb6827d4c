"""A small brain that moves by whole voxels, so that undoing it gives the brain at rest exactly."""

from __future__ import annotations

import numpy as np
import xarray as xr

from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.registration.pair import Pair, pair_of
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts

SPACE = (4, 20, 26)
VOXEL = (4.0, 2.0, 2.0)
N_FRAMES = 12


def brain_at_rest() -> np.ndarray:
    """(z, y, x) float: blobs away from the borders."""
    rng = np.random.default_rng(3)
    brain = np.full(SPACE, 100.0, np.float32)
    brain[1:3, 6:14, 7:19] += rng.uniform(50, 400, (2, 8, 12)).astype(np.float32)
    return brain


def moves() -> np.ndarray:
    """(t, 3) whole voxels (z, y, x)."""
    found = np.random.default_rng(4).integers(-3, 4, (N_FRAMES, 3))
    found[:, 0] = np.clip(found[:, 0], -1, 1)
    found[0] = 0
    return found


def moving_recording(**known: object) -> Recording:
    """The brain, moved."""
    movie = np.stack([np.roll(brain_at_rest(), move, axis=(0, 1, 2)) for move in moves()]).astype(np.uint16)
    return Recording.from_array(movie, name="moving", voxel_size=VOXEL, **known)


def true_shifts() -> Shifts:
    """Those of `moving_recording`."""
    return Shifts.rigid(moves(), SPACE)


def registration(*, template: bool = True) -> xr.Dataset:
    """What registering it says."""
    confidence = np.linspace(1, 9, N_FRAMES, dtype=np.float32)[:, None, None, None]
    found = xr.Dataset({"confidence": (("frame", "grid_z", "grid_y", "grid_x"), confidence)})
    if template:
        found["template"] = (("z", "y", "x"), brain_at_rest())
    return found


def quality(n_components: int = 2) -> xr.Dataset:
    """Pictures of components, binned by two along y and x."""
    z, y, x = SPACE[0], SPACE[1] // 2, SPACE[2] // 2
    pictures = np.random.default_rng(5).normal(100, 20, (2, 3, n_components, z, y, x)).astype(np.float32)
    dims = ("stage", "component", "pc_z", "pc_y", "pc_x")
    moved = np.linspace(2, 0.1, 3 * n_components).reshape(3, n_components)
    return xr.Dataset(
        {"pc_low": (dims, pictures[0]), "pc_high": (dims, pictures[1]), "pc_shift": (("stage", "component"), moved)},
        coords={
            "stage": ["raw", "control", "registered"],
            "pc_z": np.arange(z) * VOXEL[0],
            "pc_y": (np.arange(y) * 2 + 0.5) * VOXEL[1],
            "pc_x": (np.arange(x) * 2 + 0.5) * VOXEL[2],
        },
    )


def moving_pair(key: int = 1, *, template: bool = True, judged: bool = False, **known: object) -> Pair:
    """The recording before and after."""
    dataset = Dataset(key, moving_recording(**known))
    return pair_of(dataset, true_shifts(), registration(template=template), quality() if judged else None)
