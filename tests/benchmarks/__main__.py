"""`make bench`: every analysis on a gigabyte, second run, against the same by hand.

By hand: numpy, scipy or scikit-learn on a movie in memory, two threads (tests/benchmarks/by_hand.py). An analysis
without a formula by hand is compared with the regression by hand (in brackets).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses
from napari_thunder.events import event_regressors
from tests.benchmarks import by_hand
from tests.examples import ON_FISH
from tests.examples.__main__ import six_regions

FULL = (600, 16, 192, 288)

ByHand = Callable[[np.ndarray, nt.Recording], Any]


@dataclass(frozen=True)
class Task:
    """An analysis, what is done before it, and the same by hand."""

    analysis: Any
    by_hand: ByHand | None = None
    preprocess: tuple[str, ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--shape", type=lambda s: tuple(map(int, s.split(","))), default=FULL, metavar="T,Z,Y,X")
    parser.add_argument("--engines", nargs="*", default=["threads", "spark"])
    parser.add_argument("--repeats", type=int, default=1, help="runs that count, after the first")
    parser.add_argument("--folder", type=Path, help="keep the recording there, and use it again")
    options = parser.parse_args()
    place = tempfile.TemporaryDirectory(prefix="thunder-bench-") if options.folder is None else nullcontext()
    with place as folder:
        report(recording_in(Path(folder or options.folder), options.shape), options)


def recording_in(folder: Path, shape: tuple[int, ...]) -> nt.Recording:
    """The simulated fish of this shape in a folder, made if it is not there."""
    path = folder / f"fish-{'x'.join(map(str, shape))}.zarr"
    return nt.open(path) if path.exists() else nt.simulate(path, shape=shape, seed=0)


def report(recording: nt.Recording, options: argparse.Namespace) -> None:
    """A line for each analysis."""
    tasks = {name: task for name, task in all_tasks(recording).items() if not options.names or name in options.names}
    movie = np.stack([recording.read_volume(t) for t in range(recording.shape[0])]).reshape(recording.shape[0], -1)
    regions = six_regions(recording.shape[1:])
    base = timed(lambda: regression(movie, recording))
    check(movie, recording)
    print(f"{recording.nbytes / 1e9:.2f} GB {recording.shape}; Regression by hand {base:.2f} s")
    print(f"{'second run, s':<28}{'by hand':>10}" + "".join(f"{name:>10}{'ratio':>8}" for name in options.engines))
    engines = [nt.connect(name) for name in options.engines]
    try:
        for name, task in tasks.items():
            hand = base if task.by_hand is None else timed(lambda task=task: task.by_hand(movie, recording))
            line = f"{name:<28}{f'{hand:.2f}' if task.by_hand else f'({hand:.2f})':>10}"
            for engine in engines:
                seconds = second_run(task, recording, engine, regions, options.repeats)
                line += f"{seconds:>10.2f}{seconds / hand:>8.2f}"
            print(line, flush=True)
    finally:
        for engine in engines:
            with closing(engine):
                pass


def check(movie: np.ndarray, recording: nt.Recording) -> None:
    """The numbers by hand are those of the analysis."""
    result = nt.run(nt.Regression(design=regressors(recording.shape[0])), recording)
    hand = regression(movie, recording)
    beta = result["beta"].to_numpy().reshape(hand["beta"].shape)
    np.testing.assert_allclose(beta, hand["beta"], rtol=1e-4, atol=1e-5 * np.nanmax(np.abs(beta)))


def second_run(task: Task, recording: nt.Recording, engine: nt.Engine, regions: Any, repeats: int) -> float:
    """Median seconds of the runs after the first."""
    runs = [
        timed(lambda: nt.run(task.analysis, recording, engine=engine, preprocess=task.preprocess, regions=regions))
        for _ in range(repeats + 1)
    ]
    return float(np.median(runs[1:]))


def all_tasks(recording: nt.Recording) -> dict[str, Task]:
    """Every analysis there is, with its formula by hand where there is one."""
    known = {
        "summary_images": Task(nt.SummaryImages(), lambda movie, _: by_hand.summary(movie)),
        "regression": Task(nt.Regression(design=regressors(recording.shape[0])), regression),
        "correlation": Task(nt.Correlation(signals=("swim",)), _correlation),
        "event_average": Task(nt.EventAverage(by=("direction",)), _event_average),
        "direction_tuning": Task(nt.DirectionTuning(), _direction_tuning),
        "fourier": Task(nt.Fourier(), lambda movie, _: by_hand.fourier(movie)),
        "pca": Task(nt.PCA(5), lambda movie, _: by_hand.pca(movie, 5)),
        "ica": Task(nt.ICA(5), lambda movie, _: by_hand.ica(movie, 5)),
        "nmf": Task(nt.NMF(5), lambda movie, _: by_hand.nmf(movie, 5)),
        "k_means": Task(nt.KMeans(8), lambda movie, _: by_hand.kmeans(movie, 8)),
    }
    others = {name: Task(cls(**ON_FISH.get(name, {}))) for name, cls in analyses().items() if name not in known}
    return known | others


def regression(movie: np.ndarray, recording: nt.Recording) -> Any:
    return by_hand.regression(movie, regressors(recording.shape[0]).to_numpy())


def _correlation(movie: np.ndarray, recording: nt.Recording) -> Any:
    return by_hand.correlation(movie, np.interp(recording.frame_times, *_swim(recording)))


def _swim(recording: nt.Recording) -> tuple[np.ndarray, np.ndarray]:
    swim = recording.signals["swim"]
    times = recording.frame_times if swim.index.name == "frame" else swim.index.to_numpy(float)
    return times, swim.to_numpy(float)


def _starts(recording: nt.Recording) -> tuple[np.ndarray, np.ndarray]:
    starts = np.searchsorted(recording.frame_times, recording.events["start_time"].to_numpy())
    inside = (starts >= 4) & (starts < recording.shape[0] - 4)
    return starts[inside], recording.events["direction"].to_numpy(float)[inside]


def _event_average(movie: np.ndarray, recording: nt.Recording) -> Any:
    return by_hand.event_average(movie, *_starts(recording))


def _direction_tuning(movie: np.ndarray, recording: nt.Recording) -> Any:
    each = event_regressors(recording.events, ("direction",), recording.frame_times, None).to_numpy(float)
    angle = np.deg2rad(np.unique(recording.events["direction"]))[:, None] * np.array([1, 2])
    return by_hand.direction_tuning(movie, *_starts(recording), each @ np.hstack([np.cos(angle), np.sin(angle)]))


def regressors(n_frames: int) -> pd.DataFrame:
    """Eight smooth, independent regressors (t, 8)."""
    noise = np.random.default_rng(1).normal(size=(n_frames + 20, 8))
    smooth = np.apply_along_axis(lambda column: np.convolve(column, np.exp(-np.arange(20) / 4), "valid"), 0, noise)
    return pd.DataFrame(smooth[:n_frames], columns=[f"x{i}" for i in range(8)])


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
