"""`make bench`: every analysis, or with `--steps` every preprocessing step, on a gigabyte against the same by hand.

By hand: numpy, scipy or scikit-learn on a movie in memory, two threads (tests/benchmarks/formulas).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

import napari_thunder as nt
from tests.benchmarks import formulas, table
from tests.benchmarks.by_hand import Movie
from tests.benchmarks.task import Task, some_voxels
from tests.examples.__main__ import six_regions, undone

FULL = (600, 16, 192, 288)
LONG = 8.0
"""Seconds from which an analysis is run once only, as all has been read before."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these analyses and steps")
    parser.add_argument("--shape", type=lambda s: tuple(map(int, s.split(","))), default=FULL, metavar="T,Z,Y,X")
    parser.add_argument("--engines", nargs="*", default=["threads", "spark"])
    parser.add_argument("--repeats", type=int, default=1, help="runs that count, after the first")
    parser.add_argument("--folder", type=Path, help="keep the recording there, and use it again")
    parser.add_argument("--steps", action="store_true", help="preprocessing steps instead of analyses")
    parser.add_argument("--table", type=Path, help="write analyses and steps there, as markdown")
    parser.add_argument("--cpu", action="store_true", help="seconds of this process's processor, not of the clock")
    options = parser.parse_args()
    place = tempfile.TemporaryDirectory(prefix="thunder-bench-") if options.folder is None else nullcontext()
    with place as folder:
        report(recording_in(Path(folder or options.folder), options.shape), options)


def recording_in(folder: Path, shape: tuple[int, ...]) -> nt.Recording:
    """The simulated fish of this shape in a folder, made if it is not there."""
    path = folder / f"fish-{'x'.join(map(str, shape))}.zarr"
    return nt.open(path) if path.exists() else nt.simulate(path, shape=shape, seed=0)


def report(recording: nt.Recording, options: argparse.Namespace) -> None:
    """A line for each analysis or step, and how long it all took."""
    begun = time.perf_counter()
    with ExitStack() as stack:
        engines = {name: nt.connect(name) for name in options.engines}
        for engine in engines.values():
            stack.callback(engine.close)
        bench = Bench(recording, engines, options.repeats, time.process_time if options.cpu else time.perf_counter)
        print(f"{recording.nbytes / 1e9:.2f} GB {recording.shape}; {table.machine()}")
        print(table.heading(options.engines))
        found = {title: bench.rows(tasks) for title, tasks in _chosen(recording, options).items()}
    minutes = (time.perf_counter() - begun) / 60
    print(f"{minutes:.1f} minutes in all")
    if options.table is not None:
        table.write(options.table, recording, found, minutes, LONG)


def _chosen(recording: nt.Recording, options: argparse.Namespace) -> dict[str, dict[str, Task]]:
    """Those that are asked for."""
    parts: dict[str, dict[str, Task]] = {}
    if not options.steps or options.table or options.names:
        parts["Analyses"] = all_tasks(recording)
    if options.steps or options.table or options.names:
        parts["Preprocessing, and then the standard deviation of each voxel"] = formulas.STEPS
    wanted = options.names
    return {t: {n: task for n, task in tasks.items() if not wanted or n in wanted} for t, tasks in parts.items()}


def all_tasks(recording: nt.Recording) -> dict[str, Task]:
    """Every analysis there is, with its formula by hand."""
    return formulas.tasks(recording.shape[0])


class Bench:
    """A recording, read once, and the engines it is computed on."""

    def __init__(
        self, recording: nt.Recording, engines: dict[str, nt.Engine], repeats: int, clock: Callable[[], float]
    ) -> None:
        self._recording, self._engines, self._repeats, self._clock = recording, engines, repeats, clock
        self._moving = undone(recording)
        self._movie = movie_of(recording)
        self._regions = six_regions(recording.shape[1:])
        for engine in engines.values():
            nt.run(nt.Projection(), recording, engine=engine)

    def rows(self, tasks: dict[str, Task]) -> list[table.Row]:
        """Measure, print and give a row for each task."""
        found = []
        for name, task in tasks.items():
            found.append(self._row(name, task))
            print(found[-1].printed(), flush=True)
        return found

    def _row(self, name: str, task: Task) -> table.Row:
        seconds = {engine: self._seconds(task, self._engines[engine]) for engine in self._engines}
        return table.Row(name, self._by_hand(task), seconds, task.share, task.note)

    def _by_hand(self, task: Task) -> float:
        movie, seen = some_voxels(self._movie, task.share), self._seen(task)
        return timed(lambda: task.by_hand(movie, seen), self._clock) * self._movie.shape[1] / movie.shape[1]

    def _seconds(self, task: Task, engine: nt.Engine) -> float:
        """Median of the runs after the first, or the only one of a long one."""

        def run() -> Any:
            return nt.run(
                task.analysis,
                self._seen(task),
                engine=engine,
                preprocess=task.preprocess,
                regions=self._regions,
            )

        first = timed(run, self._clock)
        if first >= LONG and not (task.moving or task.neighbours):
            return first
        return float(np.median([timed(run, self._clock) for _ in range(self._repeats)]))

    def _seen(self, task: Task) -> nt.Recording:
        return self._moving if task.moving else self._recording


def movie_of(recording: nt.Recording) -> Movie:
    """(t, voxels)"""
    return np.stack([recording.read_volume(t) for t in range(recording.shape[0])]).reshape(recording.shape[0], -1)


def timed(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    begun = clock()
    call()
    return clock() - begun


if __name__ == "__main__":
    main()
