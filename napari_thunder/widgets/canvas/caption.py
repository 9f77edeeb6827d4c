"""Time, frame and stimulus in a corner of the canvas."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import Any

from psygnal import EmitLoopError, Signal
from qtpy.QtCore import QTimer

from napari_thunder.display.caption import CanvasState, Captions
from napari_thunder.models import Desk
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.volumes import VolumeArray
from napari_thunder.widgets.canvas.layers import Layers
from napari_thunder.widgets.canvas.recording_views import RecordingViews
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.settings import on_setting, setting

_CORNER = "top_left"
"""Away from the scale bar and the legends."""

_RENEW_MS = 500
_PATIENCE = 0.15
"""Seconds until a picture that is not there is said to be loading, so that quick ones do not flicker."""


class Caption:
    """Says on the canvas which frame of the current recording is shown, and what is the matter with it.

    `changed()` is emitted when it is put on the canvas or taken away.

    Parameters
    ----------
    viewer
        Whose text overlay it writes on.
    desk, layers, views
        Know what is shown.
    """

    changed = Signal()

    def __init__(self, viewer: Any, desk: Desk, main_thread: MainThread, layers: Layers, views: RecordingViews) -> None:
        self._viewer = viewer
        self._desk = desk
        self._main_thread = main_thread
        self._layers = layers
        self._views = views
        self._wanted = bool(setting("display", "caption"))
        self._unfollow = on_setting("display", "caption", self.show)
        self._captions: tuple[Any, Captions] | None = None
        self._followed: VolumeArray | None = None
        self._bridge = MainThread()
        self._asked_at = time.monotonic()
        self._later = QTimer()
        self._later.setSingleShot(True)
        self._later.timeout.connect(self.renew)
        main_thread.connect(desk.pointer.moved, self._on_moved, newest=True)
        main_thread.connect(desk.datasets.changed, self.renew, newest=True)
        main_thread.connect(desk.views.changed, self.renew, newest=True)
        main_thread.connect(views.changed, self.renew, newest=True)

    @property
    def shown(self) -> bool:
        """Whether the caption is on the canvas while there is a recording."""
        return self._wanted

    def show(self, wanted: bool = True) -> None:
        """Put the caption on the canvas, or take it away."""
        self._wanted = wanted
        self.renew()
        self.changed.emit()

    def close(self) -> None:
        """Take the caption away."""
        self._bridge.close()
        self._unfollow()
        with suppress(RuntimeError):  # the timer may be gone before us
            self._later.stop()
        QTimer.singleShot(0, partial(_hide, self._viewer.canvas.overlays.text))

    def renew(self, *_: object) -> None:
        """Write what is to be said now."""
        dataset = self._desk.datasets.current
        overlay = self._viewer.canvas.overlays.text
        text = "" if dataset is None or not self._wanted else self._text(dataset)
        if overlay.text != text:
            overlay.text = text
        if overlay.visible != bool(text):
            overlay.position = _CORNER
            overlay.visible = bool(text)

    def _on_moved(self, _: int) -> None:
        self._asked_at = time.monotonic()
        self.renew()

    def _text(self, dataset: Dataset) -> str:
        layer = self._layers.of_recording(dataset.key)
        array = None if layer is None else array_of(layer)
        if array is not self._followed:
            self._follow(array)
        frame = min(self._desk.pointer.frame, dataset.recording.shape[0] - 1)
        several = dataset.name if len(self._desk.datasets) > 1 else ""
        state = CanvasState(several, self._views.shown(dataset.key).title, self._under_way(dataset.key, array))
        return self._of(dataset)(frame, state)

    def _of(self, dataset: Dataset) -> Captions:
        if self._captions is None or self._captions[0] is not dataset:
            self._captions = dataset, Captions(dataset.recording)
        return self._captions[1]

    def _follow(self, array: VolumeArray | None) -> None:
        self._bridge.close()
        self._bridge, self._followed = MainThread(), array
        if array is not None:
            for signal in (array.arrived, array.busy):
                self._bridge.connect(signal, self.renew, newest=True)

    def _under_way(self, key: int, array: VolumeArray | None) -> str:
        job = self._desk.views.job(key)
        if job is not None and job.started is not None:
            return f"computing the baseline, {job.fraction:.0%}…"
        if array is None:
            return ""
        if (rate := array.played_rate) is not None:
            self._later.start(_RENEW_MS)
            return _played(array, rate)
        return self._loading(array)

    def _loading(self, array: VolumeArray) -> str:
        if array.failure is not None:
            return "cannot be read"
        if not array.loading:
            return ""
        waited = time.monotonic() - self._asked_at
        if waited < _PATIENCE:
            self._later.start(int(1000 * (_PATIENCE - waited)) + 1)
            return ""
        return "coarse, loading…" if array.shows_coarsely and array.shown_frame == array.wanted_frame else "loading…"


def _played(array: VolumeArray, rate: float) -> str:
    which = "" if array.stride < 2 else f"every {array.stride}{_ending(array.stride)} frame, "
    coarsely = "coarse, " if array.shows_coarsely else ""
    return f"{coarsely}{which}{rate:.1f} pictures/s"


def _ending(n: int) -> str:
    if n % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")


def _hide(overlay: Any) -> None:
    """Later, when a canvas that goes with us is gone: drawing it anew would only hold up the end."""
    with suppress(EmitLoopError, RuntimeError):
        overlay.visible = False
