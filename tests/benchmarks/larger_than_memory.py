"""`python -m tests.benchmarks.larger_than_memory`: a recording four times a memory limit, through every analysis.

Each analysis is a process of its own, on threads, in a control group (Linux, as root) whose memory is a quarter of the
recording: the system ends a process that needs more. What is said is the largest size of its own data; files that are
mapped can be dropped by the system, and are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Event, Thread

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses
from tests.benchmarks.__main__ import all_tasks, recording_in
from tests.examples.__main__ import six_regions, undone

SHAPE = (1800, 16, 192, 288)
_TIMES = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--shape", type=lambda s: tuple(map(int, s.split(","))), default=SHAPE, metavar="T,Z,Y,X")
    parser.add_argument("--folder", type=Path, help="keep the recording there, and use it again")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one, options.folder, options.shape)))
        return
    place = tempfile.TemporaryDirectory(prefix="thunder-large-") if options.folder is None else nullcontext()
    with place as temporary:
        folder = Path(temporary or options.folder)
        recording = recording_in(folder, options.shape)
        limit = recording.nbytes // _TIMES
        print(
            f"{recording.nbytes / 1e9:.2f} GB {recording.shape}; memory of each process limited to {limit / 1e9:.2f} GB"
        )
        for name in options.names or analyses():
            print(f"{name:<28}{said(name, folder, options.shape)}", flush=True)


def said(name: str, folder: Path, shape: tuple[int, ...]) -> str:
    """What became of an analysis in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.larger_than_memory", "--one", name]
    command += ["--folder", str(folder), "--shape", ",".join(map(str, shape))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode:
        return "FAILED: " + (done.stderr.strip().splitlines() or [f"ended by signal {-done.returncode}"])[-1]
    found = json.loads(done.stdout.splitlines()[-1])
    return f"{found['seconds']:8.1f} s   peak {found['peak'] / 1e6:6.0f} MB"


def one(name: str, folder: Path, shape: tuple[int, ...]) -> dict[str, float]:
    """Run an analysis under the limit."""
    recording = recording_in(folder, shape)
    with limited(recording.nbytes // _TIMES), Watch() as watch:
        task = all_tasks(recording)[name]
        recording = undone(recording) if task.moving else recording
        begun = time.perf_counter()
        nt.run(task.analysis, recording, preprocess=task.preprocess, regions=six_regions(recording.shape[1:]))
        return {"seconds": time.perf_counter() - begun, "peak": watch.peak}


@contextmanager
def limited(n_bytes: int) -> Iterator[None]:
    """This process in a control group of its own with so much memory."""
    first, second = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    group = (first if first.is_dir() else second) / f"thunder-{os.getpid()}"
    group.mkdir()
    try:
        limit = group / ("memory.limit_in_bytes" if first.is_dir() else "memory.max")
        limit.write_text(str(n_bytes))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        (group.parent / "cgroup.procs").write_text(str(os.getpid()))
        with suppress(OSError):
            group.rmdir()


class Watch:
    """Looks twenty times a second how large this process's own data are."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._ended = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            status = Path("/proc/self/status").read_text()
            self.peak = max(self.peak, 1024.0 * int(status.split("RssAnon:")[1].split()[0]))


if __name__ == "__main__":
    main()
