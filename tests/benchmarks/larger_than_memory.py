"""`python -m tests.benchmarks.larger_than_memory`: a recording four times a memory limit, through every analysis.

Each analysis is a process of its own, on threads. The system limits its data (`RLIMIT_DATA`: heap and private memory,
not files that are mapped) to a quarter of the recording, so that one that holds more dies.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses
from tests.benchmarks.__main__ import all_tasks, recording_in
from tests.examples.__main__ import six_regions

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
            f"{recording.nbytes / 1e9:.2f} GB {recording.shape}; data of each process limited to {limit / 1e9:.2f} GB"
        )
        for name in options.names or analyses():
            print(f"{name:<28}{said(name, folder, options.shape)}", flush=True)


def said(name: str, folder: Path, shape: tuple[int, ...]) -> str:
    """What became of an analysis in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.larger_than_memory", "--one", name]
    command += ["--folder", str(folder), "--shape", ",".join(map(str, shape))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode:
        return "FAILED: " + (done.stderr.strip().splitlines() or ["?"])[-1]
    found = json.loads(done.stdout.splitlines()[-1])
    return f"{found['seconds']:8.1f} s   peak {found['peak'] / 1e6:6.0f} MB"


def one(name: str, folder: Path, shape: tuple[int, ...]) -> dict[str, float]:
    """Run an analysis under the limit."""
    recording = recording_in(folder, shape)
    limit = recording.nbytes // _TIMES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    task = all_tasks(recording)[name]
    begun = time.perf_counter()
    nt.run(task.analysis, recording, preprocess=task.preprocess, regions=six_regions(recording.shape[1:]))
    return {"seconds": time.perf_counter() - begun, "peak": _peak()}


def _peak() -> float:
    """Largest size in bytes of what was in memory, files that are mapped included."""
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
