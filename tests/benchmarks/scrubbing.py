"""How long the window's thread is not free while scrubbing: a source of 0.5 s a volume against an array in memory.

`xvfb-run -a python -m tests.benchmarks.scrubbing`; without a graphics card the drawing itself takes most of it.
"""

from __future__ import annotations

import argparse
import time

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_thunder.io.array import ArraySource
from napari_thunder.recording import from_source
from napari_thunder.widgets.app import open_window
from tests.widgets.conftest import Heartbeat, SlowSource

SHAPE = (60, 16, 192, 288)
STEPS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    movie = np.random.default_rng(0).integers(0, 2000, SHAPE, np.uint16)
    viewer, dock = open_window()
    plain = viewer.add_image(movie, name="in memory", axis_labels=("t", "z", "y", "x"), contrast_limits=(0, 2000))
    dock.desk.datasets.add(from_source(SlowSource(ArraySource(movie, "slow"), 0.5), frame_rate=2.0))
    live(3.0)
    slow = next(layer for layer in viewer.layers if layer.name != "in memory")
    print(f"{'longest gap of the main thread, ms':<40}{'2-D':>8}{'3-D':>8}")
    for name, layer in (("array in memory", plain), ("0.5 s a volume, streamed", slow)):
        gaps = [gap(viewer, layer, ndisplay, options.repeats) for ndisplay in (2, 3)]
        print(f"{name:<40}" + "".join(f"{1000 * g:>8.0f}" for g in gaps))
    viewer.close()
    dock.desk.close(2.0)


def gap(viewer: napari.Viewer, shown: object, ndisplay: int, repeats: int) -> float:
    """Median over repeats of the longest gap, with only one layer shown."""
    for layer in viewer.layers:
        layer.visible = layer == shown
    viewer.dims.ndisplay = ndisplay
    live(2.0)
    return float(np.median([scrub(viewer) for _ in range(repeats)]))


def scrub(viewer: napari.Viewer) -> float:
    with Heartbeat() as heartbeat:
        for t in np.linspace(0, SHAPE[0] - 1, STEPS).astype(int):
            viewer.dims.set_current_step(0, int(t))
            live(0.03)
        live(1.0)
    return heartbeat.longest


def live(seconds: float) -> None:
    """Let the window do what it has to."""
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        QApplication.processEvents()
        time.sleep(0.001)


if __name__ == "__main__":
    main()
