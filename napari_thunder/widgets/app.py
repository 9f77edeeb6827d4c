"""The window, opened from the command line or a script."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_thunder.errors import ThunderError
from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.models.pointer import Place
from napari_thunder.recording import Recording
from napari_thunder.simulation import simulate
from napari_thunder.widgets.thunder_dock import ThunderDock

if TYPE_CHECKING:
    import xarray as xr

_WINDOW = (1600, 1000)

_PATIENCE = 300.0
"""Seconds until a screenshot is given up."""


def open_window(engine: str = "threads", *, show: bool = True) -> tuple[napari.Viewer, ThunderDock]:
    """Open napari with the Thunder and Traces docks, and start connecting to an engine."""
    viewer = napari.Viewer(title="Thunder", show=show)
    dock = ThunderDock(viewer, engine=engine)
    viewer.window.add_dock_widget(dock, name="Thunder", area="right")
    dock.show_traces()
    viewer.canvas.overlays.scale_bar.visible = True
    screen = QApplication.primaryScreen().availableSize()
    viewer.window.resize(min(_WINDOW[0], screen.width()), min(_WINDOW[1], screen.height()))
    return viewer, dock


def show(
    recording: Recording,
    results: Sequence[xr.Dataset] = (),
    screenshot: str | Path | None = None,
    engine: str = "threads",
) -> None:
    """Open a window on a recording and results, and stay until it is closed.

    Parameters
    ----------
    screenshot
        Save a picture of the whole window here when everything is shown, and leave.

    Raises
    ------
    ThunderError
        If the picture cannot be made.
    """
    viewer, dock = open_window(engine)
    dock.desk.datasets.add(recording)
    for result in results:
        dock.desk.results.add(f"{recording.name} · {result.attrs.get('title', 'result')}", result)
    _stay(viewer, dock, screenshot, lambda: dock.settled)


def demo(engine: str = "threads", screenshot: str | Path | None = None) -> None:
    """Open a simulated zebrafish, map its tuning to direction, and stay until the window is closed.

    Raises
    ------
    ThunderError
        If a picture was asked for and something failed on the way.
    """
    viewer, dock = open_window(engine)
    dock.desk.datasets.make("the simulated zebrafish", simulate)
    dock.desk.draft.take("direction_tuning", {}, [("delta_f_over_f", {})])
    _when(lambda: not dock.desk.why_not_run(), dock.run, dock)
    _when(lambda: _mapped(dock), lambda: _point_at_the_best(viewer, dock), dock)
    _stay(viewer, dock, screenshot, lambda: _mapped(dock) and _traced(dock))


def _mapped(dock: ThunderDock) -> bool:
    return dock.settled and any(result.finished for result in dock.desk.results)


def _traced(dock: ThunderDock) -> bool:
    traces = dock.desk.traces
    return bool(traces.subjects) and all(traces.get(subject.key) is not None for subject in traces.subjects)


def _point_at_the_best(viewer: napari.Viewer, dock: ThunderDock) -> None:
    """Pin the best tuned voxel of the plane that is shown, so that its trace is seen with the map."""
    current, result = dock.desk.datasets.current, next(iter(dock.desk.results), None)
    if current is None or result is None:
        return
    plane = viewer.dims.current_step[1]
    fit = np.nan_to_num(result.dataset["r_squared"].values[plane])
    y, x = (int(i) for i in np.unravel_index(fit.argmax(), fit.shape))
    dock.desk.pointer.pin(Place(current.key, (plane, y, x)))
    dock.show_tab("results")


def _when(true: Callable[[], bool], then: Callable[[], None], dock: ThunderDock) -> None:
    """Call `then` once, as soon as `true()`; never if the dock is gone first."""
    timer = QTimer(dock)

    def look() -> None:
        if true():
            timer.stop()
            then()

    timer.timeout.connect(look)
    timer.start(50)


def _stay(viewer: napari.Viewer, dock: ThunderDock, screenshot: str | Path | None, ready: Callable[[], bool]) -> None:
    failure: list[str] = []
    if screenshot is not None:
        deadline = time.monotonic() + _PATIENCE
        _when(
            lambda: ready() or bool(_trouble(dock, deadline)),
            lambda: QTimer.singleShot(500, lambda: failure.append(_picture(viewer, dock, Path(screenshot), deadline))),
            dock,
        )
    desk = dock.desk
    napari.run()
    desk.close(2.0)
    if any(failure):
        raise ThunderError(failure[0])


def _picture(viewer: napari.Viewer, dock: ThunderDock, path: Path, deadline: float) -> str:
    """Save the picture and close; returns what went wrong."""
    trouble = _trouble(dock, deadline)
    for widget in QApplication.allWidgets():
        if type(widget).__name__ == "NapariQtNotification":
            widget.close()
    QApplication.processEvents()
    try:
        viewer.window.screenshot(str(path), canvas_only=False, flash=False)
    except OSError as error:
        trouble = trouble or f"{path}: the picture could not be saved ({error})."
    viewer.close()
    return trouble


def _trouble(dock: ThunderDock, deadline: float) -> str:
    desk = dock.desk
    for trouble in (dock.analyze.trouble_message, desk.datasets.trouble, desk.connection.trouble):
        if trouble:
            return trouble if isinstance(trouble, str) else trouble.message
    lost = desk.connection.state is ConnectionState.LOST
    return "The engine was lost." if lost else "It took too long." if time.monotonic() > deadline else ""
