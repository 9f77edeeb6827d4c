"""The shape of a larval zebrafish brain, as a light-sheet microscope sees it from above, the nose at low x."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from napari_thunder.simulation.settings import BRAIN_SIZE, STREAM_CELLS, STREAM_TEXTURE, Settings

Floats = NDArray[np.float32]

REGIONS = ("outside", "forebrain", "diencephalon", "tectum", "cerebellum", "hindbrain")
FOREBRAIN, DIENCEPHALON, TECTUM, CEREBELLUM, HINDBRAIN = range(1, 6)

DIM = 0.1
"""Share of the light that comes from a dim plane."""

_CELL_RADIUS = 3.2
_CELL_SPACING = 7.5
_EDGE = 0.05


@dataclass(frozen=True, slots=True)
class Lobe:
    """A pair of ellipsoids left and right of the midline.

    Centre and radii are (z, y, x) in µm from (brain bottom, midline, nose); `turn` in degrees within the plane;
    `cells` is how densely cell bodies are packed.
    """

    region: int
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    brightness: float
    cells: float
    turn: float = 0.0


_LOBES = (
    Lobe(FOREBRAIN, (80, 30, 42), (42, 32, 40), 0.75, 0.9),
    Lobe(FOREBRAIN, (92, 42, 122), (62, 50, 68), 0.62, 0.9),
    Lobe(DIENCEPHALON, (88, 38, 218), (78, 58, 72), 0.42, 0.6),
    Lobe(DIENCEPHALON, (52, 58, 330), (48, 92, 140), 0.36, 0.6),
    Lobe(DIENCEPHALON, (96, 30, 372), (74, 74, 96), 0.38, 0.5),
    Lobe(TECTUM, (126, 96, 298), (88, 102, 136), 1.0, 1.0, 22),
    Lobe(CEREBELLUM, (122, 84, 458), (68, 118, 40), 0.44, 0.8, -10),
    Lobe(HINDBRAIN, (70, 60, 480), (66, 118, 100), 0.36, 0.5),
)
_NEUROPILS = (
    Lobe(TECTUM, (128, 144, 278), (84, 56, 100), 0.56, 0.02, 28),
    Lobe(FOREBRAIN, (66, 56, 128), (30, 24, 42), 0.55, 0.1),
    Lobe(CEREBELLUM, (122, 120, 452), (40, 62, 16), 0.5, 0.2, -10),
)


@dataclass(frozen=True, slots=True)
class Cells:
    """Cell bodies: where each is, and how much of each voxel is whose.

    `position` (n, 3) is (z, y, x) in µm as in `Lobe`, but y < 0 left of the midline of the picture (low y);
    `region` (n,); `voxel` and `owner` list the voxels (flat index) with the cell they belong to, `weight` how much.
    """

    position: NDArray[np.float64]
    region: NDArray[np.int8]
    voxel: NDArray[np.int64]
    owner: NDArray[np.int32]
    weight: Floats


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A brain at rest: `baseline` (z, y, x) in counts above the camera's offset, `region`, and its cells."""

    baseline: Floats
    region: NDArray[np.int8]
    cells: Cells


def build_anatomy(settings: Settings) -> Anatomy:
    """The brain of these settings: its outline, its texture and its cells."""
    planes = [_plane(settings, z) for z in range(settings.space[0])]
    tissue, density = np.stack([p[0] for p in planes]), np.stack([p[1] for p in planes])
    region = np.stack([p[2] for p in planes])
    cells = _place_cells(settings, density, region)
    baseline = _fluorescence(settings, tissue, cells)
    baseline[list(settings.dim_planes)] *= np.float32(DIM)
    return Anatomy(baseline, region, cells)


def axes(settings: Settings) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Middles of the voxels along z, y and x in µm from brain bottom, midline and nose; the brain is centred."""
    z, y, x = ((np.arange(n) + 0.5 - n / 2) * size for n, size in zip(settings.space, settings.voxel_size, strict=True))
    return np.asarray(z + BRAIN_SIZE[0] / 2), np.asarray(y), np.asarray(x + BRAIN_SIZE[2] / 2)


def _plane(settings: Settings, index: int) -> tuple[Floats, Floats, NDArray[np.int8]]:
    """Brightness, density of cells and region of a plane."""
    z_axis, y_axis, x_axis = axes(settings)
    z, y, x = float(z_axis[index]), np.abs(y_axis)[:, None], x_axis[None, :]
    tissue = np.zeros((y.size, x.size), np.float32)
    density = np.zeros_like(tissue)
    region = np.zeros(tissue.shape, np.int8)
    for lobe in _LOBES:
        _add(_inside(lobe, z, y, x), lobe, tissue, density, region)
    _add(_hindbrain(z, y, x), Lobe(HINDBRAIN, (0, 0, 0), (1, 1, 1), 0.5, 0.75), tissue, density, region)
    _add_neuropil(z, y, x, tissue, density)
    dim = (1 - _midline(settings, z, y)) * (1 - _groove(z, y, x)) * (0.7 + 0.3 * z / BRAIN_SIZE[0])
    return np.asarray(tissue * dim, np.float32), density, region


def _add(inside: Floats, lobe: Lobe, tissue: Floats, density: Floats, region: NDArray[np.int8]) -> None:
    """Put a lobe where it is brighter than what is there."""
    bright = inside * lobe.brightness
    wins = bright > tissue
    tissue[wins] = bright[wins]
    density[wins] = (inside[wins] > 0.5) * lobe.cells
    region[wins & (inside > 0.5)] = lobe.region


def _add_neuropil(z: float, y: NDArray[np.float64], x: NDArray[np.float64], tissue: Floats, density: Floats) -> None:
    for lobe in _NEUROPILS:
        inside = _inside(lobe, z, y, x) * (tissue > 0.3 * lobe.brightness)
        tissue += inside * (lobe.brightness * tissue - tissue)
        density[inside > 0.5] = lobe.cells


def _inside(lobe: Lobe, z: float, y: NDArray[np.float64], x: NDArray[np.float64]) -> Floats:
    """From 0 outside a lobe to 1 inside, with a soft edge."""
    cos, sin = math.cos(math.radians(lobe.turn)), math.sin(math.radians(lobe.turn))
    dy, dx = y - lobe.centre[1], x - lobe.centre[2]
    along, across = cos * dx + sin * dy, cos * dy - sin * dx
    above = (z - lobe.centre[0]) / lobe.radii[0]
    return _soft(1 - np.sqrt(above**2 + (across / lobe.radii[1]) ** 2 + (along / lobe.radii[2]) ** 2))


def _soft(depth: NDArray[np.float64], edge: float = _EDGE) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(depth / edge, -30, 30))), np.float32)


def _hindbrain(z: float, y: NDArray[np.float64], x: NDArray[np.float64]) -> Floats:
    """A body that tapers to the spinal cord, hollowed from above by the fourth ventricle."""
    along = np.clip((x - 470) / 360, -0.3, 1.3)
    width = 28 + 104 * (1 - np.clip(along, 0, 1) ** 1.8) * np.clip(0.85 + 0.5 * along, 0, 1)
    height = 66 + 20 * np.exp(-(((along - 0.45) / 0.3) ** 2))
    squared = (y / width) ** 2 + ((z - 84) / height) ** 2
    body = _soft(1 - np.sqrt(squared)) * _soft((x - 445) / 100)
    opening = np.clip((z - 95) / 60, 0, 1) * 0.52 * width * np.exp(-(((along - 0.4) / 0.42) ** 4))
    hollow = 1 - 0.85 * _soft((opening - y) / 60, 0.04) * (opening > 0)
    return np.asarray(body * hollow, np.float32)


def _midline(settings: Settings, z: float, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """How dark the cleft between the halves is."""
    width = max(4.0 + 3.0 * z / BRAIN_SIZE[0], 0.6 * settings.voxel_size[1])
    return np.asarray(0.7 * np.exp(-((y / width) ** 2)))


def _groove(z: float, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """How dark the cleft between tectum and cerebellum is."""
    behind_tectum = 418 - 0.00075 * (y - 70) ** 2
    return np.asarray(0.75 * np.clip(z / 100 - 0.3, 0, 1) * np.exp(-(((x - behind_tectum) / 8) ** 2)))


def _place_cells(settings: Settings, density: Floats, region: NDArray[np.int8]) -> Cells:
    """Cells at random, no two closer than a spacing that the voxels can resolve."""
    scale = np.maximum(_CELL_SPACING, np.array([1.0, 2.6, 2.6]) * settings.voxel_size)
    position, home = _candidates(settings, density, scale)
    tree = cKDTree(position / scale)
    pairs = tree.query_pairs(0.8, output_type="ndarray")
    alone = np.ones(len(position), bool)
    alone[pairs.max(axis=1)] = False
    position, home = position[alone], home[alone]
    voxel, owner, weight = _footprints(settings, position, region)
    return Cells(position, region.ravel()[home], voxel, owner, weight)


def _candidates(
    settings: Settings, density: Floats, scale: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Random places (n, 3) in µm within the brain, and the voxels they lie in."""
    rng = settings.rng(STREAM_CELLS)
    extent = np.array(settings.space) * settings.voxel_size
    n = int(rng.poisson(1.8 * np.prod(extent / scale)))
    voxel = np.minimum((rng.random((n, 3)) * settings.space), np.array(settings.space) - 1e-6)
    home = np.ravel_multi_index(tuple(voxel.astype(np.int64).T), settings.space)
    kept = rng.random(n) < density.ravel()[home]
    origin = np.array([axis[0] for axis in axes(settings)])
    return origin + (voxel[kept] - 0.5) * settings.voxel_size, home[kept]


def _footprints(
    settings: Settings, position: NDArray[np.float64], region: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
    """Each voxel of the brain goes to the nearest cell, with a weight that falls off as a Gaussian."""
    if len(position) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    sigma = np.maximum(_CELL_RADIUS, np.array([0.42, 0.85, 0.85]) * settings.voxel_size)
    tree = cKDTree(position / sigma)
    z_axis, y_axis, x_axis = axes(settings)
    found = []
    for z, plane in enumerate(region):
        y, x = np.nonzero(plane)
        middle = np.column_stack([np.full(y.size, z_axis[z]), y_axis[y], x_axis[x]]) / sigma
        distance, owner = map(np.asarray, tree.query(middle, distance_upper_bound=2.4))
        near = np.isfinite(distance)
        voxel = (z * plane.size + y * plane.shape[1] + x)[near]
        found.append((voxel, owner[near].astype(np.int32), np.exp(-0.5 * distance[near] ** 2).astype(np.float32)))
    voxels, owners, weights = (np.concatenate(part) for part in zip(*found, strict=True))
    return voxels, owners, weights


def _fluorescence(settings: Settings, tissue: Floats, cells: Cells) -> Floats:
    """Counts at rest: tissue and bright cells, mottled, with out-of-focus light and the stripes of the light sheet."""
    rng = settings.rng(STREAM_TEXTURE)
    mottled = tissue * (1 + _mottle(settings, rng, 9.0, 0.16) + _mottle(settings, rng, 40.0, 0.12))
    brightness = rng.lognormal(0, 0.45, len(cells.position)).astype(np.float32)
    sharp = 0.55 * mottled
    sharp.ravel()[cells.voxel] += 0.9 * mottled.ravel()[cells.voxel] * cells.weight * brightness[cells.owner]
    haze = gaussian_filter(sharp, np.minimum(18.0 / np.array(settings.voxel_size), settings.space))
    stripes = 1 + 0.05 * gaussian_filter(rng.standard_normal((settings.space[0], 1, settings.space[2])), (0.5, 0, 0.8))
    light = (0.8 * sharp + 0.2 * haze) * stripes + 0.002
    return np.asarray(np.maximum(light * 1000, 1), np.float32)


def _mottle(settings: Settings, rng: np.random.Generator, length: float, strength: float) -> Floats:
    """A smooth random field of this correlation length in µm and standard deviation."""
    noise = rng.standard_normal(settings.space, np.float32)
    sigma = np.minimum(length / np.array(settings.voxel_size) / 2, np.array(settings.space))
    smooth = gaussian_filter(noise, sigma, mode="wrap", truncate=3)
    return np.asarray(smooth * (strength / max(float(smooth.std()), 1e-6)), np.float32)
