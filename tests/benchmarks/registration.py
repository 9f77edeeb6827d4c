"""How well and how fast motion is found, against scikit-image in the same run.

`python -m tests.benchmarks.registration`: rms error in voxels on simulated fish that drift, tremble, jump, are dim or
very active, by noise; processor seconds per frame; and throughput from a file, with one thread and with more.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.registration import phase_cross_correlation
from threadpoolctl import threadpool_limits

import napari_thunder as nt
from napari_thunder.engine.threads import ThreadsEngine
from napari_thunder.registering import register
from napari_thunder.registration.phase import Matcher
from napari_thunder.registration.settings import Registration
from napari_thunder.simulation import Motion

SHAPE = (48, 12, 96, 160)
LARGE = (96, 20, 256, 320)
NOISES = (0.25, 1.0, 4.0, 8.0)
RIVALS = {"skimage": None, "skimage, phase": "phase"}
CASES = {
    "drift and jitter": {"motion": Motion(drift=8, jitter=3)},
    "jumps and twitches": {"motion": Motion(jitter=1, jumps=3, twitches=5, jump_size=20)},
    "strong activity": {"motion": Motion(jitter=4), "activity": 5.0},
    "dim planes": {"motion": Motion(jitter=4), "dim_planes": (0, 1, 2, 3, 4)},
}

Floats = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=_shape, default=SHAPE, metavar="T,Z,Y,X")
    parser.add_argument("--large", type=_shape, default=LARGE, metavar="T,Z,Y,X", help="for throughput")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    with threadpool_limits(1, user_api="blas"):
        accuracy(options.shape)
        speed([(1, 128, 128), (1, 512, 512), options.shape[1:], (20, 192, 288), (30, 256, 256)])
    with tempfile.TemporaryDirectory(prefix="thunder-bench-") as folder:
        throughput(Path(folder), options.large, options.threads)


def accuracy(shape: tuple[int, int, int, int]) -> None:
    """Error in voxels by noise; the template is made by us, the same for all."""
    print(f"rms error in voxels over z, y, x; {shape} uint16, BLAS on one thread, processor ms per frame\n")
    print(f"{'':<22}{'noise':>6}{'ours':>8}" + "".join(f"{name:>16}" for name in RIVALS) + f"{'ms':>8}{'ratios':>14}")
    for name, settings in CASES.items():
        for noise in NOISES:
            fish = nt.simulate(shape=shape, noise=noise, seed=1, **settings)
            row = errors(fish)
            print(f"{name:<22}{noise:>6g}" + row, flush=True)


def errors(fish: nt.Recording) -> str:
    true = nt.ground_truth(fish)["shift"].values
    frames = np.stack([fish.read_volume(t) for t in range(fish.shape[0])])
    template = register(fish, Registration(template_frames=40))["template"].values
    ready = np.nan_to_num(template, nan=float(np.nanmean(template)))
    matcher = Registration().search(fish.shape[1:], fish.voxel_size).matcher(template)
    ours, seconds = timed(lambda: matcher.match_many(frames).shifts)
    theirs = [timed(lambda how=how: by_skimage(ready, frames, how)) for how in RIVALS.values()]
    ms = 1000 * seconds / len(frames)
    wrong = [rms(found, true) for found in (ours, *(found for found, _ in theirs))]
    verdict = "" if wrong[0] <= min(wrong[1:]) else "  WORSE"
    ratios = ", ".join(f"{other / seconds:.1f}×" for _, other in theirs)
    return f"{wrong[0]:>8.3f}" + "".join(f"{w:>16.3f}" for w in wrong[1:]) + f"{ms:>8.2f}{ratios:>14}{verdict}"


def speed(spaces: list[tuple[int, int, int]]) -> None:
    """Processor time for frames in memory, reading excluded."""
    print(f"\n{'matching, in memory':<22}{'ms':>8}{'Mvoxel/s/core':>15}" + "".join(f"{name:>16}" for name in RIVALS))
    for space in spaces:
        rng = np.random.default_rng(0)
        reference = rng.integers(100, 2000, space).astype(np.float32)
        frames = (reference + rng.normal(0, 50, (8, *space))).clip(0).astype(np.uint16)
        reach = tuple(0 if n == 1 else max(3, n // 10) for n in space)
        matcher = Matcher(reference, max_shift=reach)
        matcher.match_many(frames[:2])
        _, seconds = timed(lambda matcher=matcher, frames=frames: matcher.match_many(frames))
        ratios = [
            timed(lambda r=reference, f=frames, how=how: by_skimage(r, f[:4], how))[1] / 4 * 8 / seconds
            for how in RIVALS.values()
        ]
        rate = frames.size / seconds / 1e6
        print(
            f"{space!s:<22}{1000 * seconds / 8:>8.2f}{rate:>15.0f}" + "".join(f"{r:>15.1f}×" for r in ratios),
            flush=True,
        )


def throughput(folder: Path, shape: tuple[int, int, int, int], threads: list[int]) -> None:
    """Registering a movie on disk, with the comparison of every frame to the template, template given."""
    fish = nt.simulate(folder / "fish.zarr", shape=shape, motion=3.0, seed=0)
    first = np.stack([fish.read_volume(t) for t in range(10)]).mean(axis=0)
    million = np.prod(shape) / 1e6
    print(f"\nregister {shape} from a compressed Zarr, {million:.0f} Mvoxel: template given, frames compared to it")
    print(f"{'threads':<10}{'s':>8}{'Mvoxel/s':>11}{'processor s':>13}{'Mvoxel/s/core':>15}{'reading alone, s':>18}")
    for n in threads:
        with closing(ThreadsEngine(n)) as engine:
            _, reading = timed(lambda engine=engine: sum(1 for _ in engine.read(fish, range(shape[0]))), process=True)
            start = time.perf_counter()
            _, seconds = timed(lambda engine=engine: register(fish, template=first, engine=engine), process=True)
            wall = time.perf_counter() - start
        print(f"{n:<10}{wall:>8.2f}{million / wall:>11.1f}{seconds:>13.2f}{million / seconds:>15.1f}{reading:>18.2f}")


def by_skimage(reference: NDArray[np.float32], frames: NDArray[np.uint16], normalization: str | None) -> Floats:
    return np.array(
        [-phase_cross_correlation(reference, f, upsample_factor=10, normalization=normalization)[0] for f in frames]
    )


def rms(found: Floats, true: Floats) -> float:
    """Apart from where the template lies."""
    error = found - true
    return float(np.sqrt(np.mean((error - np.median(error, axis=0)) ** 2)))


def timed(call: Callable[[], object], *, process: bool = False) -> tuple[object, float]:
    """What it gives, and seconds of processor time of this thread (or of all)."""
    clock = time.process_time if process else time.thread_time
    start = clock()
    found = call()
    return found, clock() - start


def _shape(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


if __name__ == "__main__":
    main()
