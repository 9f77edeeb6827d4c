"""`make bench`: how fast the engines are against the same formula written by hand, as ratios within one run."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import napari_thunder as nt

FULL = (600, 16, 192, 288)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=lambda s: tuple(map(int, s.split(","))), default=FULL, metavar="T,Z,Y,X")
    parser.add_argument("--engines", nargs="+", default=["threads", "spark"])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thunder-bench-") as folder:
        report(Path(folder), options.shape, options.engines, options.repeats)


def report(folder: Path, shape: tuple[int, ...], engines: list[str], repeats: int) -> None:
    """Simulate, run by hand and on each engine in turn, print a table."""
    seconds, recording = timed(lambda: nt.simulate(folder / "fish.zarr", shape=shape, seed=0))
    print(f"simulated {recording.nbytes / 1e9:.2f} GB {shape} {recording.dtype} in {seconds:.1f} s\n")
    design = regressors(shape[0])
    movie = np.stack([recording.read_volume(t) for t in range(shape[0])]).reshape(shape[0], -1)
    rows = {"numpy by hand, 2 threads, data in memory": Row(lambda: by_hand(movie, design.to_numpy()))}
    opened = []
    for name in engines:
        engine = nt.connect(name)
        opened.append(closing(engine))
        analysis = nt.Regression(design=design)
        rows[name] = Row(lambda engine=engine, analysis=analysis: nt.run(analysis, recording, engine=engine))
    try:
        for _ in range(repeats + 1):
            for row in rows.values():
                row.time()
        show(rows)
        check(movie, design, rows)
    finally:
        for engine in opened:
            engine.thing.close()


class Row:
    """One way to do it: its first run, and the runs after."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.seconds: list[float] = []
        self.answer: object = None

    def time(self) -> None:
        seconds, self.answer = timed(self.call)
        self.seconds.append(seconds)

    @property
    def median(self) -> float:
        return float(np.median(self.seconds[1:]))


def show(rows: dict[str, Row]) -> None:
    base = next(iter(rows.values())).median
    print(f"{'Regression, 8 regressors':<44}{'first run':>10}{'median after':>14}{'ratio':>8}")
    for name, row in rows.items():
        print(f"{name:<44}{row.seconds[0]:>9.2f}s{row.median:>13.2f}s{row.median / base:>8.2f}")


def check(movie: np.ndarray, design: pd.DataFrame, rows: dict[str, Row]) -> None:
    """The numbers by hand and of every engine are the same."""
    hand, *results = (row.answer for row in rows.values())
    for result in results:
        beta = result["beta"].to_numpy().reshape(design.shape[1], -1)
        np.testing.assert_allclose(beta, hand["beta"], rtol=1e-4, atol=1e-6)


def regressors(n_frames: int) -> pd.DataFrame:
    """Eight smooth, independent regressors (t, 8)."""
    noise = np.random.default_rng(1).normal(size=(n_frames + 20, 8))
    smooth = np.apply_along_axis(lambda column: np.convolve(column, np.exp(-np.arange(20) / 4), "valid"), 0, noise)
    return pd.DataFrame(smooth[:n_frames], columns=[f"x{i}" for i in range(8)])


def by_hand(movie: np.ndarray, design: np.ndarray) -> dict[str, np.ndarray]:
    """The regression of `nt.Regression` in plain numpy: float64, centred, by QR, on two threads, slab by slab."""
    n_frames, n_voxels = movie.shape
    centred = design - design.mean(0)
    q, r = np.linalg.qr(centred)
    inverse = np.linalg.inv(r)
    spread = np.sqrt((inverse**2).sum(1))
    dof = n_frames - design.shape[1] - 1
    maps = {name: np.empty((design.shape[1], n_voxels), np.float32) for name in ("beta", "t", "p")}
    maps["r_squared"] = np.empty(n_voxels, np.float32)

    def slab(start: int) -> None:
        from scipy.special import stdtr

        span = slice(start, start + 512)
        y = movie[:, span].astype(np.float64)
        y -= y.mean(0)
        total = np.einsum("tv,tv->v", y, y)
        projected = q.T @ y
        residual = total - (projected**2).sum(0)
        beta = inverse @ projected
        t = beta / (spread[:, None] * np.sqrt(residual / dof))
        maps["beta"][:, span] = beta
        maps["t"][:, span] = t
        maps["p"][:, span] = 2 * stdtr(dof, -np.abs(t))
        maps["r_squared"][span] = 1 - residual / total

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(2) as pool:
        list(pool.map(slab, range(0, n_voxels, 512)))
    return maps


def timed(call: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    answer = call()
    return time.perf_counter() - start, answer


if __name__ == "__main__":
    main()
