"""How long the trace of a region takes, warm: 10 000 voxels × 10 000 frames, against numpy by hand in the same run.

`python -m tests.benchmarks.traces`; the movie is a `.npy` file in a temporary folder, 10 000 frames of uint16.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import napari_thunder as nt
from napari_thunder.engine import Engine
from napari_thunder.recording import Recording
from napari_thunder.regions import Region, region_of_mask
from napari_thunder.traces.means import mean_series, region_of_voxel

SHAPE = (10_000, 4, 80, 100)
N_VOXELS = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=lambda s: tuple(map(int, s.split(","))), default=SHAPE, metavar="T,Z,Y,X")
    parser.add_argument("--engines", nargs="+", default=["threads", "spark"])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thunder-bench-") as folder:
        report(Path(folder) / "movie.npy", options.shape, options.engines, options.repeats)


def report(path: Path, shape: tuple[int, int, int, int], engines: list[str], repeats: int) -> None:
    """Write a movie, read it once through each engine, and time traces that are warm."""
    movie = np.random.default_rng(0).integers(0, 4096, shape, np.uint16)
    np.save(path, movie)
    recording = nt.open(path)
    cases = {f"ball of {N_VOXELS} voxels": [ball(shape[1:])], "scattered voxels": [scattered(shape[1:])]}
    cases["one voxel"] = [region_of_voxel((1, 40, 50), shape[1:])]
    print(f"{shape} {movie.dtype}, {movie.nbytes / 1e6:.0f} MB\n")
    print(f"{'warm, median':<28}{'ms':>10}{'by hand':>10}{'ratio':>8}{'cold, s':>10}")
    for name in engines:
        with closing(nt.connect(name)) as engine:
            for case, regions in cases.items():
                measure(f"{name}: {case}", engine, recording, movie, regions, repeats)


def measure(
    name: str, engine: Engine, recording: Recording, movie: NDArray[np.uint16], regions: list[Region], repeats: int
) -> None:
    """Time engine and numpy in turn, and see that they agree."""
    mask = regions[0].full_mask()
    by_hand: Callable[[], NDArray[np.float64]] = lambda: movie[:, mask].mean(axis=1, dtype=np.float64)  # noqa: E731
    cold, _ = timed(lambda: mean_series(regions, recording, engine))
    warm, hand = [], []
    for _ in range(repeats):
        seconds, found = timed(lambda: mean_series(regions, recording, engine))
        warm.append(seconds)
        seconds, wanted = timed(by_hand)
        hand.append(seconds)
        np.testing.assert_allclose(found[0], wanted)
    ours, theirs = 1000 * float(np.median(warm)), 1000 * float(np.median(hand))
    print(f"{name:<28}{ours:>10.1f}{theirs:>10.1f}{ours / theirs:>8.2f}{cold:>10.2f}")


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what was found."""
    begun = time.perf_counter()
    found = call()
    return time.perf_counter() - begun, found


def ball(volume: tuple[int, int, int]) -> Region:
    """The voxels nearest to the middle."""
    places = np.indices(volume).reshape(3, -1).T / np.array(volume) - 0.5
    return nearest((places**2).sum(axis=1), volume)


def scattered(volume: tuple[int, int, int]) -> Region:
    """Voxels here and there."""
    return nearest(np.random.default_rng(1).random(int(np.prod(volume))), volume)


def nearest(distance: NDArray[np.float64], volume: tuple[int, int, int]) -> Region:
    mask = np.zeros(distance.shape, bool)
    mask[np.argsort(distance)[:N_VOXELS]] = True
    return region_of_mask(mask.reshape(volume), "region", "#56b4e9")


if __name__ == "__main__":
    main()
