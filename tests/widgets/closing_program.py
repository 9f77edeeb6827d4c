"""A window that is closed in the middle of something; prints as JSON what is left of it afterwards."""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import napari
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QApplication

from napari_thunder.io.array import ArraySource
from napari_thunder.widgets.app import open_window
from tests.widgets.conftest import look_at_every_tab, moving_movie, slow_recording


def main(engine: str, doing: str) -> None:
    parts, released = _use(engine, doing)
    napari.run()
    _wait(lambda: all(part() is None for part in parts))
    released.set()
    _wait(lambda: not _threads())
    left = {
        "objects": [type(part()).__name__ for part in parts if part() is not None],
        "widgets": [type(w).__name__ for w in QApplication.allWidgets() if "napari_thunder" in type(w).__module__],
        "threads": _threads(),
    }
    print(json.dumps(left), flush=True)


def _wait(true: Callable[[], bool]) -> None:
    """Let the event loop go on until something is so, or it took too long."""
    begun = time.monotonic()
    while not true() and time.monotonic() - begun < 10:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()
        time.sleep(0.05)


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("thunder")]


def _use(engine: str, doing: str) -> tuple[list[weakref.ref[Any]], threading.Event]:
    viewer, dock = open_window(engine)
    look_at_every_tab(dock)
    recording, source = slow_recording()
    if doing == "compute":
        recording = replace(recording, source=ArraySource(moving_movie()))
    dock.desk.datasets.add(recording)
    timer = QTimer(viewer.window._qt_window)  # or it may be collected before it has begun anything

    def begin() -> None:
        if dock.desk.why_not_run() or not len(viewer.layers):
            return
        timer.stop()
        viewer.dims.set_current_step(0, 9)
        {"compute": dock.run, "hang": hang, "ask": ask}[doing]()
        QTimer.singleShot(600, viewer.close)

    def hang() -> None:
        source.hangs.set()
        dock.run()
        viewer.dims.set_current_step(0, 20)

    def ask() -> None:
        dock.session.save_as()
        dock.data.recording.browse_button.click()
        dock.rois.regions._import()

    timer.timeout.connect(begin)
    timer.start(50)
    return [weakref.ref(dock), weakref.ref(dock.desk), weakref.ref(dock.workplace)], source.release


if __name__ == "__main__":
    main(*sys.argv[1:])
