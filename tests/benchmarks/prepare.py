"""Preparing 4 GB of TIFFs under a limit of 2 GB of memory, against reading the TIFFs alone; then looking at the store.

`python -m tests.benchmarks.prepare`; each step is a process of its own whose memory the system limits, and nothing of
the files is in the system's cache when a step begins that is called cold.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

import napari_thunder as nt
from napari_thunder.blocks import Block

LIMIT = 2 * 2**30
SHAPE = (500, 16, 512, 512)
KNOWN = {"voxel_size": (4.0, 0.8, 0.8), "frame_rate": 2.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=lambda s: tuple(map(int, s.split(","))), default=SHAPE, metavar="T,Z,Y,X")
    parser.add_argument("--folder", help="on the disk to measure; a temporary one when left out")
    parser.add_argument("--step", choices=tuple(STEPS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(STEPS[options.step](Path(options.folder))))
        return
    with tempfile.TemporaryDirectory(prefix="thunder-prepare-", dir=options.folder) as folder:
        report(Path(folder), options.shape)


def report(folder: Path, shape: tuple[int, int, int, int]) -> None:
    """Make the TIFFs, and measure each step."""
    n_bytes = int(np.prod(shape)) * 2
    make_tiffs(folder / "tiffs", shape)
    print(f"{shape[0]} TIFFs of {shape[1:]} uint16, {n_bytes / 1e9:.2f} GB; memory limited to {LIMIT / 2**30:g} GiB")
    read = measured("read", folder)
    prepared = measured("prepare", folder)
    stored = sum(p.stat().st_size for p in (folder / "fish.zarr").rglob("*") if p.is_file())
    print(
        f"{'reading the TIFFs alone':<28}{read['seconds']:7.1f} s {n_bytes / read['seconds'] / 1e6:7.0f} MB/s   "
        f"{read['busy']:.1f} s of a core"
    )
    ratio = prepared["seconds"] / read["seconds"]
    print(
        f"{'preparing':<28}{prepared['seconds']:7.1f} s {n_bytes / prepared['seconds'] / 1e6:7.0f} MB/s   "
        f"{prepared['busy']:.1f} s of a core; {ratio:.2f} × reading alone; image {prepared['image']:.1f} s, "
        f"series {prepared['series']:.1f} s; peak {prepared['peak'] / 2**20:.0f} MiB; {stored / 1e9:.2f} GB on disk"
    )
    looked = measured("look", folder)
    for name in ("first volume", "trace of a region", "its voxels alone"):
        print(f"{name:<28}cold {looked[name][0]:6.3f} s   warm {looked[name][1]:6.3f} s")
    checked = measured("verify", folder)
    print(f"{'verifying':<28}{checked['seconds']:7.1f} s   {checked['said']}")


def make_tiffs(folder: Path, shape: tuple[int, int, int, int]) -> None:
    """A bright brain with the noise of photons, a volume a file; noise is used again, elsewhere, as it costs time."""
    folder.mkdir()
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape[1:]), indexing="ij")
    mean = 100 + 900 * np.exp(-3 * (z**2 + y**2 + x**2)) * (1 + 0.3 * np.sin(40 * x) * np.sin(40 * y))
    rng = np.random.default_rng(0)
    bank = [rng.poisson(mean).astype(np.uint16) for _ in range(6)]
    for t in range(shape[0]):
        volume = np.roll(bank[t % len(bank)], t % 5, axis=1)
        with (folder / f"{t:05d}.tif").open("wb") as file:
            tifffile.imwrite(file, volume, photometric="minisblack")
            file.flush()
            os.fsync(file.fileno())


def measured(step: str, folder: Path) -> dict[str, Any]:
    """What a step says, done in a process of its own on files that are not in the system's cache."""
    forget(folder)
    command = [sys.executable, "-m", "tests.benchmarks.prepare", "--step", step, "--folder", str(folder)]
    limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))  # noqa: E731
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=limit)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def forget(folder: Path) -> None:
    """Have the system drop what it has cached of the files."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_alone(folder: Path) -> dict[str, float]:
    """The TIFFs, on all threads, thrown away."""
    recording = nt.open(folder / "tiffs", **KNOWN)
    engine = nt.connect("threads")
    begun, busy = time.monotonic(), time.process_time()
    for _ in engine.map(_nothing, recording, engine.stretches(recording), keep=False):
        pass
    return {"seconds": time.monotonic() - begun, "busy": time.process_time() - busy}


def _nothing(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
    return {}


def prepare(folder: Path) -> dict[str, float]:
    """The store, with the times of its two halves."""
    recording = nt.open(folder / "tiffs", **KNOWN)
    job, marks = nt.Job(), {}
    job.changed.connect(lambda: marks.setdefault(job.message, time.monotonic()), check_nargs=False)
    begun, busy = time.monotonic(), time.process_time()
    nt.prepare(recording, folder / "fish.zarr", nt.Preparation(memory_limit=700), job=job)
    seconds, busy = time.monotonic() - begun, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    image, series, end = (marks[m] for m in ("writing the image", "writing the time series", "finishing"))
    return {"seconds": seconds, "image": series - image, "series": end - series, "peak": peak, "busy": busy}


def look(folder: Path) -> dict[str, list[float]]:
    """Opening and reading a volume from the middle; the trace of a ball of 10 voxels across on 3 planes."""
    from napari_thunder.regions import region_of_mask
    from napari_thunder.traces.of_regions import region_traces

    _warm_up(folder / "small.zarr")
    path = folder / "fish.zarr"
    volume = [_seconds(lambda: (lambda found: found.read_volume(found.shape[0] // 2))(nt.open(path))) for _ in range(2)]
    recording = nt.open(path)
    _, n_z, n_y, n_x = recording.shape
    y, x = np.ogrid[:n_y, :n_x]
    mask = np.zeros((n_z, n_y, n_x), bool)
    mask[n_z // 2 : n_z // 2 + 3] = (y - n_y / 2) ** 2 + (x - n_x / 2) ** 2 < 25
    region = region_of_mask(mask, "cell", "#ff0000")
    forget(path)
    trace = [_seconds(lambda: region_traces(recording, [region])) for _ in range(2)]
    forget(path)
    start = [int(c) for c in region.corner]
    stop = [a + n for a, n in zip(start, region.mask.shape, strict=True)]
    box = Block(0, (0, recording.shape[0]), tuple(start), tuple(stop))
    voxels = [_seconds(lambda: recording.read_block(box)) for _ in range(2)]
    return {"first volume": volume, "trace of a region": trace, "its voxels alone": voxels}


def _warm_up(path: Path) -> None:
    """Have the program import what it needs."""
    from napari_thunder.regions import region_of_mask
    from napari_thunder.traces.of_regions import region_traces

    recording = nt.simulate(path, (20, 2, 30, 30))
    recording.read_volume(3)
    region_traces(recording, [region_of_mask(np.ones((2, 30, 30), bool), "all", "#ff0000")])


def verify(folder: Path) -> dict[str, Any]:
    """All checksums."""
    begun = time.monotonic()
    found = nt.verify(folder / "fish.zarr")
    return {"seconds": time.monotonic() - begun, "said": "sound" if found.sound else str(found)}


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


STEPS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "read": read_alone,
    "prepare": prepare,
    "look": look,
    "verify": verify,
}

if __name__ == "__main__":
    main()
