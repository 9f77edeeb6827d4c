"""How well and how fast a brain that bends is found, against scikit-image in the same run.

`python -m tests.benchmarks.piecewise`: rms error of the field over the brain in voxels (z, y, x) on simulated fish, by
noise, with dim planes and strong activity; and Mvoxel per second of processor time, on one thread.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from skimage.registration import optical_flow_ilk, phase_cross_correlation
from threadpoolctl import threadpool_limits

import napari_thunder as nt
from napari_thunder.registration import Shifts
from napari_thunder.registration.apply import field_of
from napari_thunder.registration.modes import estimator_of
from napari_thunder.registration.piecewise import Piecewise

SHAPE = (8, 16, 128, 192)
VOXEL = (8.0, 3.0, 3.0)
CASES = {
    "noise 0": {"noise": 0.0},
    "noise 1": {"noise": 1.0},
    "noise 8": {"noise": 8.0},
    "noise 30": {"noise": 30.0},
    "noise 8, 7 of 16 planes dim": {"noise": 8.0, "dim_planes": tuple(range(7))},
    "noise 1, activity 5 times as strong": {"noise": 1.0, "activity": 5.0},
}

Floats = NDArray[np.float64]
Finder = Callable[[NDArray[np.float32], NDArray[np.float32]], Floats]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bends", type=float, nargs="+", default=[3.0, 6.0], metavar="UM")
    parser.add_argument("--frames", type=int, default=SHAPE[0])
    options = parser.parse_args()
    shape = (options.frames, *SHAPE[1:])
    print(
        f"{shape} uint16, voxels of {VOXEL} µm; rms error of the field in voxels (z, y, x); Mvoxel/s of one processor"
    )
    with threadpool_limits(1):
        for bend, (name, settings) in itertools.product(options.bends, CASES.items()):
            print(f"\nbends by {bend:g} µm, {name}")
            for row in rows(shape, bend, settings):
                print(row, flush=True)


def rows(shape: tuple[int, int, int, int], bend: float, settings: dict[str, object]) -> Iterator[str]:
    """What each way finds of a fish that bends anew in every frame."""
    motion = nt.Motion(jitter=3, bend=bend, bend_seconds=0)
    fish = nt.simulate(shape=shape, voxel_size=VOXEL, motion=motion, seed=1, **settings)
    rest = nt.simulate(shape=(1, *shape[1:]), voxel_size=VOXEL, noise=0, activity=0, seed=1).read_volume(0)
    template = rest.astype(np.float32)
    truth = nt.ground_truth(fish)
    true = true_fields(truth, shape[1:])
    movie = np.stack([fish.read_volume(t) for t in range(shape[0])])
    ways: dict[str, Finder] = {
        "rigid 3-D": ours(template, "rigid 3-D"),
        "piecewise 3-D, looking once": ours(template, "piecewise 3-D", block_rounds=0),
        "piecewise 3-D": ours(template, "piecewise 3-D"),
        "skimage, per block": by_skimage,
        "skimage, optical_flow_ilk": by_flow,
    }
    for name, find in ways.items():
        start = time.process_time()
        found = find(template, movie)
        seconds = time.process_time() - start
        error = np.sqrt(((found - true)[:, :, truth["brain"].values] ** 2).mean(axis=(0, 2)))
        z, y, x = error
        yield f"  {name:<30}{z:7.3f}{y:7.3f}{x:7.3f}{movie.size / seconds / 1e6:9.2f} Mvoxel/s"


def true_fields(truth: xr.Dataset, space: tuple[int, ...]) -> Floats:
    """(t, 3, z, y, x) of every voxel."""
    nodes = tuple(truth[f"grid_{axis}"].values for axis in "zyx")
    return np.stack([field_of(f, nodes, ((0, 0, 0), space)) for f in truth["shift_field"].values])  # type: ignore[arg-type]


def ours(template: NDArray[np.float32], mode: str, **given: object) -> Finder:
    """Shifts of blocks, linear between them. The template is prepared once for a whole recording, and not timed."""
    looking = estimator_of(nt.Registration(mode=mode, **given), template, VOXEL)
    looking.estimate(template[None])
    space = template.shape
    known = Shifts(np.zeros((1, *map(len, looking.centers), 3)), looking.centers, (space[0], space[1], space[2]))

    def find(_: NDArray[np.float32], movie: NDArray[np.float32]) -> Floats:
        return between(looking.estimate(movie).shifts, known)

    return find


def by_skimage(template: NDArray[np.float32], movie: NDArray[np.float32]) -> Floats:
    """The same blocks, cut where skimage finds the whole to be."""
    looking = estimator_of(nt.Registration(mode="piecewise 3-D"), template, VOXEL)
    assert isinstance(looking, Piecewise)
    blocks = looking.blocks
    shifts = np.zeros((len(movie), *blocks.grid, 3), np.float32)
    known = {"upsample_factor": 10, "normalization": None}
    for t, frame in enumerate(movie):
        whole = -np.asarray(phase_cross_correlation(template, frame, **known)[0])
        near = np.rint(whole).astype(np.int64)[None]
        for block in itertools.product(*map(range, blocks.grid)):
            still = blocks.cut(template[None], block, 0 * near)[0]
            cut = blocks.cut(frame[None], block, near)[0]
            shifts[(t, *block)] = near[0] - phase_cross_correlation(still, cut, **known)[0]
    return between(shifts, Shifts(shifts, blocks.centers, template.shape))


def by_flow(template: NDArray[np.float32], movie: NDArray[np.float32]) -> Floats:
    """Dense flow from template to frame."""
    scale = float(np.percentile(template, 99))
    return np.stack([optical_flow_ilk(template / scale, frame / scale, radius=7) for frame in movie])


def between(shifts: NDArray[np.float32], known: Shifts) -> Floats:
    """(t, 3, z, y, x) of every voxel."""
    return np.stack([field_of(s, known.centers, ((0, 0, 0), known.space)) for s in shifts])


if __name__ == "__main__":
    main()
