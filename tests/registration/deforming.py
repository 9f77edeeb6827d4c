"""Movies bent by known fields, made with scipy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def texture(space: tuple[int, int, int], seed: int = 0) -> Floats:
    """A volume with detail everywhere, 100 counts on average."""
    noise = np.random.default_rng(seed).standard_normal(space)
    fine, coarse = gaussian_filter(noise, (0.8, 1.5, 1.5), mode="wrap"), gaussian_filter(noise, (2, 5, 5), mode="wrap")
    return np.asarray(100 + 30 * fine / fine.std() + 20 * coarse / coarse.std(), np.float32)


def voxels(space: tuple[int, ...]) -> Doubles:
    """(3, z, y, x) coordinates."""
    return np.stack(np.meshgrid(*map(np.arange, space), indexing="ij")).astype(np.float64)


@dataclass(frozen=True)
class Waves:
    """A field that waves once over y and x, of amplitudes `size` (z, y, x) in voxels, beside a shift of the whole."""

    space: tuple[int, int, int]
    size: tuple[float, float, float]
    phase: float = 0.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def at(self, places: Doubles) -> Doubles:
        """The field (3, ...) at places (3, ...) in voxels."""
        _, y, x = (2 * np.pi * p / n for p, n in zip(places, self.space, strict=True))
        waves = (np.sin(y + self.phase), np.cos(x + self.phase), np.sin(y - x + self.phase))
        return np.stack([s + a * w for s, a, w in zip(self.shift, self.size, waves, strict=True)])

    def everywhere(self) -> Doubles:
        """The field (3, z, y, x)."""
        return self.at(voxels(self.space))


def bent(volume: Floats, field: Waves) -> Floats:
    """The frame in which is at v + field(v) what the volume has at v; an edge repeats itself."""
    place = origin = voxels(volume.shape)
    for _ in range(20):
        origin = place - field.at(origin)
    return np.asarray(map_coordinates(volume, origin, order=3, mode="nearest"), np.float32)


def field_between(shifts: Floats, centers: tuple[Floats, ...], space: tuple[int, int, int]) -> Doubles:
    """The field (3, z, y, x) of the shifts (z, y, x, 3) of blocks: linear between centres, constant beyond them."""
    where = [np.interp(np.arange(n), c, np.arange(len(c))) for n, c in zip(space, centers, strict=True)]
    places = np.stack(np.meshgrid(*where, indexing="ij"))
    return np.stack([map_coordinates(shifts[..., a].astype(float), places, order=1, mode="nearest") for a in range(3)])


def with_noise(frames: Floats, sigma: float, seed: int = 0) -> Floats:
    """Frames with white noise of this standard deviation."""
    noise = np.random.default_rng(seed).standard_normal(frames.shape)
    return np.asarray(frames + sigma * noise, np.float32)
