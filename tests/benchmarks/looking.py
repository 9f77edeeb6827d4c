"""When pictures of slow sources come, and how regularly they come while the slider is played.

`xvfb-run -a python -m tests.benchmarks.looking`; a source of 4 s a volume with and without a coarser level, and sources
of 0.1 and 0.35 s a volume played at 10 frames per second in a window.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import napari
import numpy as np
from napari.layers import Image

from napari_thunder.io.array import ArraySource
from napari_thunder.recording import Recording
from napari_thunder.volumes import DirectReader, VolumeArray
from napari_thunder.volumes.coarse import Coarse
from napari_thunder.widgets.canvas.streaming import follow
from tests.benchmarks.scrubbing import live
from tests.volumes.slow_source import wait_until
from tests.widgets.conftest import Heartbeat, SlowSource

SHAPE = (200, 8, 96, 144)
FPS = 10.0
SECONDS = 12.0


def main() -> None:
    movie = np.random.default_rng(0).integers(0, 2000, SHAPE, np.uint16)
    print("4 s a volume, its coarse level 0.2 s: seconds until a picture of a frame after a jump")
    for name, coarse_seconds in (("without", None), ("with a coarse level", 0.2)):
        first, full = _pictures(movie, 4.0, coarse_seconds)
        print(f"  {name:<22} first {first:5.2f}   whole {full:5.2f}")
    print(
        f"played at {FPS:g} frames/s: pictures/s, gaps between pictures (ms), longest gap of the window's thread (ms)"
    )
    for seconds in (0.02, 0.1, 0.35):
        _play(movie, seconds)


def _pictures(movie: Any, seconds: float, coarse_seconds: float | None) -> tuple[float, float]:
    coarse = None
    if coarse_seconds is not None:
        small = SlowSource(ArraySource(movie[:, :, ::4, ::4], "small"), coarse_seconds)
        coarse = Coarse(DirectReader(Recording(small)), (1, 4, 4))
    array = VolumeArray(Recording(SlowSource(ArraySource(movie, "slow"), seconds)), coarse=coarse)
    array[0]
    wait_until(lambda: not array.loading, 30)
    time.sleep(1.0)
    begun, first = time.monotonic(), []
    array.arrived.connect(lambda t: first.append(time.monotonic() - begun) if t == 150 else None)
    array[150]
    wait_until(lambda: not array.loading, 30)
    full = time.monotonic() - begun
    array.close()
    return first[0], full


def _play(movie: Any, seconds: float) -> None:
    viewer = napari.Viewer()
    follow(viewer)
    array = VolumeArray(Recording(SlowSource(ArraySource(movie, "slow"), seconds)))
    thunder = {"array": array}
    layer = Image(array, contrast_limits=(0, 2000), projection_mode="none", multiscale=False, rgb=False)
    layer.metadata["thunder"] = thunder
    viewer.add_layer(layer)
    viewer.dims.set_current_step(0, 0)
    live(2.0)
    seen: list[tuple[float, int | None]] = []
    begun, step = time.monotonic(), 0
    with Heartbeat() as heartbeat:
        while (now := time.monotonic() - begun) < SECONDS:
            if now * FPS > step:
                step += 1
                viewer.dims.set_current_step(0, step)
            live(0.005)
            if not seen or array.shown_frame != seen[-1][1]:
                seen.append((now, array.shown_frame))
    steady = [at for at, _ in seen if at > 3]
    gaps = 1000 * np.diff(steady)
    backwards = sum(b < a for (_, a), (_, b) in itertools.pairwise(seen) if a is not None and b is not None)
    print(
        f"  {seconds:.2f} s a volume: {len(gaps) / (steady[-1] - steady[0]):4.1f}/s, every {array.stride}, gaps median "
        f"{np.median(gaps):.0f}, 90th {np.percentile(gaps, 90):.0f}, longest {gaps.max():.0f}; "
        f"back in time {backwards}; thread {1000 * heartbeat.longest:.0f}"
    )
    viewer.close()


if __name__ == "__main__":
    main()
