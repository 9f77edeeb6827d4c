"""Make the README's pictures from the real fish, in the real window: `make pictures`.

Needs the recordings in ../shared/data (or NAPARI_THUNDER_DATA), and a display, real or virtual.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import napari
import numpy as np
import pandas as pd
from qtpy.QtWidgets import QApplication

import napari_thunder as nt
from napari_thunder.models.pointer import Place
from napari_thunder.models.registration.scenes import Layout
from napari_thunder.regions import Outline, region_of_outline
from napari_thunder.widgets.app import open_window
from napari_thunder.widgets.thunder_dock import ThunderDock

HERE = Path(__file__).parent
DATA = Path(os.environ.get("NAPARI_THUNDER_DATA", HERE.parents[1] / "shared" / "data"))
PATIENCE = 120.0
REGIONS = {
    "left hindbrain": [(44, 40), (44, 52), (50, 56), (54, 50), (52, 41)],
    "right hindbrain": [(33, 40), (33, 52), (27, 56), (23, 50), (25, 41)],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="threads", help="threads, spark, or sc://host:port")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_pictures(options.engine, options.out, Path(folder))
    picture_registration(options.engine, options.out)


def make_pictures(engine: str, out: Path, scratch: Path) -> None:
    """Open the fish, draw regions, map its tuning and its factors, and save the window in 2-D and 3-D."""
    viewer, dock = open_window(engine)
    desk = dock.desk
    viewer.window.resize(1500, 950)
    desk.datasets.open(str(DATA / "fish" / "series"), frame_rate=1.0, voxel_size=(1, 1, 1), events=events_file(scratch))
    wait(lambda: not desk.why_not_run() and dock.settled)

    viewer.dims.set_current_step(1, 1)
    viewer.dims.set_current_step(0, 53)
    draw(dock)
    look_from_above(viewer)
    dock.show_tab("rois")
    wait(lambda: traced(dock, 4))
    save(viewer, out / "screenshot-traces.png")

    dock.show_tab("results")
    tuning = compute(dock, "direction_tuning")
    at(dock, tuning, 0.25)
    look_from_above(viewer)
    save(viewer, out / "screenshot.png")
    look_in_3d(viewer)
    save(viewer, out / "screenshot-3d.png")

    desk.results.remove(tuning)
    compute(dock, "pca")
    look_from_above(viewer)
    save(viewer, out / "screenshot-factors.png")
    viewer.close()
    desk.close(2.0)


def picture_registration(engine: str, out: Path) -> None:
    """Register and judge a simulated fish that moves, and look at before and after."""
    viewer, dock = open_window(engine)
    desk = dock.desk
    viewer.window.resize(1500, 950)
    motion = nt.Motion(drift=6, jitter=3, twitches=3, jump_size=20, depth=0.2)
    desk.datasets.add(nt.simulate(shape=(300, 10, 96, 160), seed=3, motion=motion))
    wait(lambda: not desk.why_not_run() and dock.settled)
    dock.show_tab("registration")
    dock.registration.register()
    wait(lambda: desk.registration.current is not None and desk.registration.current.verdict is not None)
    outliers = desk.registration.current.outliers
    viewer.dims.set_current_step(0, outliers[0].frame if outliers else 20)
    desk.quality_views.show(Layout.SIDE_BY_SIDE)
    wait(lambda: dock.settled)
    look_from_above(viewer)
    save(viewer, out / "screenshot-registration.png")
    viewer.close()
    desk.close(2.0)


def draw(dock: ThunderDock) -> None:
    """Two regions, left and right, and two pinned voxels."""
    volume = dock.desk.datasets.current.recording.shape[1:]
    for name, corners in REGIONS.items():
        outline = Outline("polygon", np.array(corners, float), (1, 1))
        dock.desk.regions.add(region_of_outline(outline, volume, name, dock.desk.regions.free_color()))
    for voxel in ((1, 26, 54), (1, 33, 61)):
        dock.desk.pointer.pin(Place(dock.desk.datasets.current.key, voxel))


def traced(dock: ThunderDock, n: int) -> bool:
    """Whether `n` traces are there."""
    traces = dock.desk.traces
    return sum(traces.get(subject.key) is not None for subject in traces.subjects) >= n and dock.settled


def events_file(folder: Path) -> str:
    """The stimulus of the fish as a table of events: 12 directions, motion on in frames 10 to 19 of each trial."""
    with np.load(DATA / "fish" / "fish.npz") as stored:
        degrees = np.rad2deg(stored["stim_direction_rad"]) % 360
    starts = np.arange(12) * 20.0 + 10
    path = folder / "events.csv"
    pd.DataFrame({"start_time": starts, "stop_time": starts + 10, "direction": degrees}).to_csv(path, index=False)
    return str(path)


def compute(dock: ThunderDock, analysis: str) -> int:
    """Run an analysis with ΔF/F before it, as a click on Run does, and wait for its picture; gives its key."""
    dock.desk.draft.take(analysis, {}, [("delta_f_over_f", {})])
    known = {entry.key for entry in dock.desk.results}
    dock.run()
    wait(lambda: dock.settled and any(e.finished for e in dock.desk.results if e.key not in known))
    return next(entry.key for entry in dock.desk.results if entry.key not in known)


def look_from_above(viewer: napari.Viewer) -> None:
    """The whole plane, with room for the legend."""
    viewer.dims.ndisplay = 2
    viewer.reset_view()
    viewer.scene.camera.zoom *= 0.92


def look_in_3d(viewer: napari.Viewer) -> None:
    """The fish from above and behind."""
    viewer.dims.ndisplay = 3
    viewer.reset_view()
    viewer.scene.camera.angles = (0, -35, 20)


def at(dock: ThunderDock, key: int, threshold: float) -> None:
    """Move the threshold of a result."""
    look = dock.desk.pictures.look(key)
    dock.desk.pictures.show(key, replace(look, threshold=threshold))
    wait(lambda: dock.settled)


def save(viewer: napari.Viewer, path: Path) -> None:
    """Let everything be drawn, and save the whole window."""
    deadline = time.monotonic() + 1.5
    wait(lambda: time.monotonic() > deadline)
    for widget in QApplication.allWidgets():
        if type(widget).__name__ == "NapariQtNotification":
            widget.close()
    viewer.window.screenshot(str(path), canvas_only=False, flash=False)
    print(path)


def wait(ready: Callable[[], bool]) -> None:
    """Keep the window alive until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() > deadline:
            raise TimeoutError("the window did not get there")


if __name__ == "__main__":
    main()
