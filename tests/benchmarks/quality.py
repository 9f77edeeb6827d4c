"""Which measure tells a clean movie, a blurred one and a jittered one apart: the table of the field, remade.

`python -m tests.benchmarks.quality`; a simulated fish, moved by cubic splines, blurred by the interpolator (half a
voxel) or by a Gaussian, and registered again. All are measured inside the same voxels, as they are (shifts of 0).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

import napari_thunder as nt
from napari_thunder.judging import Quality, judge, verdict_of
from napari_thunder.recording import Recording
from napari_thunder.registering import register, shifts_of
from napari_thunder.registration import Shifts

SHAPE = (300, 6, 72, 112)
MARGIN = (1, 8, 8)
MEASURES = ("frame_corr", "tsnr", "dvars", "crispness", "half_split", "pc_mean", "pc_max")
NAIVE = ("frame_corr", "tsnr", "dvars")


@dataclass(frozen=True)
class Measured:
    """What was measured of a movie."""

    frame_corr: float
    tsnr: float
    dvars: float
    crispness: float
    half_split: float
    pc_mean: float
    pc_max: float
    word: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=lambda s: tuple(map(int, s.split(","))), default=SHAPE, metavar="T,Z,Y,X")
    parser.add_argument("--jitter", type=float, default=1.0, help="standard deviation along y and x, voxels")
    options = parser.parse_args()
    print(f"{'movie':<28}" + "".join(f"{name:>12}" for name in (*MEASURES, "verdict")))
    for name, measured in table(options.shape, options.jitter).items():
        numbers = "".join(f"{getattr(measured, measure):>12.4g}" for measure in MEASURES)
        print(f"{name:<28}{numbers}{measured.word:>12}", flush=True)
    print(
        f"\njudging: {throughput(options.shape):.1f} Mvoxel/s (raw, control and registered of each voxel counted once)"
    )


def table(shape: tuple[int, ...], jitter: float, seed: int = 0) -> dict[str, Measured]:
    """Measures by name of the movie."""
    return {name: measure(movie) for name, movie in movies(shape, jitter, seed).items()}


def movies(shape: tuple[int, ...], jitter: float, seed: int) -> dict[str, NDArray[np.float32]]:
    """The movies to be told apart, (t, z, y, x) float32."""
    still = nt.simulate(shape=shape, seed=seed)  # type: ignore[arg-type]
    clean = np.stack([still.read_volume(t) for t in range(shape[0])]).astype(np.float32)
    rng = np.random.default_rng(seed)
    moves = jitter * rng.standard_normal((shape[0], 3)) * (0, 1, 1)
    jittered = np.stack([shift(v, by, order=3, mode="nearest") for v, by in zip(clean, moves, strict=True)])
    return {
        "clean": clean,
        "clean, interpolated": np.stack([_interpolated(v) for v in clean]),
        "clean, Gaussian blur": np.stack([gaussian_filter(v, (0, 1, 1)) for v in clean]),
        "jittered": jittered,
        "jittered, interpolated": np.stack([_interpolated(v) for v in jittered]),
        "jittered, Gaussian blur": np.stack([gaussian_filter(v, (0, 1, 1)) for v in jittered]),
        "jittered, registered again": registered_again(jittered, still.voxel_size),
    }


def registered_again(movie: NDArray[np.float32], voxel_size: tuple[float, float, float] | None) -> NDArray[np.float32]:
    """A movie registered by this program."""
    recording = Recording.from_array(movie, voxel_size=voxel_size)
    registered = recording.registered(shifts_of(register(recording)))
    return np.stack([registered.read_volume(t) for t in range(len(movie))])


def measure(movie: NDArray[np.float32]) -> Measured:
    """A movie as it is, inside a margin; what a registration left out counts as the edge of what it kept."""
    z, y, x = MARGIN
    inside = np.zeros(movie.shape[1:], bool)
    inside[z : -z or None, y:-y, x:-x] = True
    recording = Recording.from_array(movie, frame_rate=2.0, mask=inside)
    found = judge(recording, Shifts.rigid(np.zeros((len(movie), 3)), movie.shape[1:]), Quality(components=10))
    stage = found.sel(stage="registered")
    pc_shift = stage.pc_shift.values
    return Measured(
        float(stage.frame_corr.median()),
        float(stage.tsnr_median),
        float(stage.dvars.median()),
        float(stage.crispness),
        float(stage.half_split),
        float(np.nanmean(pc_shift)),
        float(np.nanmax(pc_shift)),
        verdict_of(found).word,
    )


def throughput(shape: tuple[int, ...]) -> float:
    """Million voxels judged in a second, with shifts that interpolate everywhere."""
    recording = nt.simulate(shape=shape, seed=0)  # type: ignore[arg-type]
    moves = np.random.default_rng(0).standard_normal((shape[0], 3)) * (0.1, 1, 1)
    started = time.perf_counter()
    judge(recording, Shifts.rigid(moves, shape[1:]))
    return float(np.prod(shape)) / 1e6 / (time.perf_counter() - started)


def _interpolated(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    return shift(volume, (0, 0.5, 0.5), order=1, mode="nearest")


if __name__ == "__main__":
    main()
