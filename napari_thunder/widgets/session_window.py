"""The window's share of a session: given when it is saved, put back when what it shows is there again."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_thunder.models.session.parts import Keys, Restored
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.registration.motion_dock import MotionDock
from napari_thunder.widgets.traces.traces_dock import TracesDock
from napari_thunder.widgets.window_state import (
    docks_state,
    layer_state,
    restore_docks,
    restore_layer,
    restore_view,
    view_state,
)

if TYPE_CHECKING:
    from napari_thunder.widgets.thunder_dock import ThunderDock
    from napari_thunder.widgets.workplace import Workplace

log = logging.getLogger(__name__)

_PATIENCE = 30.0
"""Seconds until layers that do not come are no longer waited for."""


class SessionWindow:
    """Ties a window to the session of its desk.

    Parameters
    ----------
    workplace
        Whose viewer and desk they are.
    dock
        Whose window and tabs they are.
    main_thread
        Of that dock, as nothing can be put back by one that is closed.
    """

    def __init__(self, workplace: Workplace, dock: ThunderDock, main_thread: MainThread) -> None:
        self._workplace = workplace
        self._dock = weakref.ref(dock)
        self._timer = QTimer(dock)
        workplace.desk.session.window = self._state
        main_thread.connect(workplace.desk.session.restored, self._restore)
        self._docks = self._tab = ""

    def _state(self) -> dict[str, Any]:
        layers = {kind: {str(key): layer_state(layer) for key, layer in self._layers(kind)} for kind in _KINDS}
        dock = self._dock()
        try:
            self._docks, self._tab = (self._docks, self._tab) if dock is None else (docks_state(dock), dock.shown_tab)
        except RuntimeError:
            log.debug("the window is closed; its docks are remembered as they were")
        return {
            "docks": self._docks,
            "tab": self._tab,
            "view": view_state(self._workplace.viewer),
            "layers": layers,
            "caption": self._workplace.caption.shown,
            "side_by_side": self._workplace.layers.side_by_side,
            "regions": self._workplace.region_layers.to_plain(),
            "traces": self._state_of(TracesDock),
            "motion": self._state_of(MotionDock),
        }

    def _state_of(self, kind: type[TracesDock] | type[MotionDock]) -> Any:
        dock = self._workplace.held(kind)
        return None if dock is None else dock.state()

    def _restore(self, restored: Restored) -> None:
        """Wait until what was restored is on the canvas, then put everything where it was."""
        if not isinstance(restored.window, dict) or not restored.window:
            return
        deadline = time.monotonic() + _PATIENCE
        self._timer.stop()
        self._timer = QTimer(self._dock())
        self._timer.timeout.connect(partial(self._restore_when_there, restored, deadline))
        self._timer.start(100)

    def _restore_when_there(self, restored: Restored, deadline: float) -> None:
        if not self._workplace.settled and time.monotonic() < deadline:
            return
        self._timer.stop()
        try:
            self._put_back(restored.window, restored.keys)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.info("%s: the window could not be put back as it was (%r)", restored.path, error)

    def _put_back(self, stored: Mapping[str, Any], keys: Keys) -> None:
        dock = self._dock()
        if dock is not None:
            restore_docks(dock, str(stored.get("docks", "")))
            dock.show_tab(str(stored.get("tab", "")))
        for kind, known in (("recordings", keys.recordings), ("results", keys.results)):
            now = {known[int(key)]: look for key, look in stored["layers"][kind].items() if int(key) in known}
            for key, layer in self._layers(kind):
                if key in now:
                    restore_layer(layer, {n: v for n, v in now[key].items() if n not in _OF_THE_DESK[kind]})
        workplace = self._workplace
        workplace.caption.show(bool(stored["caption"]))
        workplace.layers.show_side_by_side(bool(stored["side_by_side"]))
        workplace.region_layers.from_plain(stored["regions"])
        for below, state in ((TracesDock, stored["traces"]), (MotionDock, stored.get("motion"))):
            held = workplace.held(below)
            if held is not None and state is not None:
                held.restore(state)
        restore_view(workplace.viewer, stored["view"])

    def _layers(self, kind: str) -> Iterator[tuple[int, Any]]:
        """Keys on the desk, and the layers that show what they mean."""
        desk = self._workplace.desk
        for layer in self._workplace.viewer.layers:
            array, about = array_of(layer), layer.metadata.get("thunder")
            if kind == "recordings" and array is not None:
                yield from ((d.key, layer) for d in desk.datasets if d.recording.source is array.recording.source)
            elif kind == "results" and isinstance(about, dict) and "dataset" in about:
                yield from ((e.key, layer) for e in desk.results if e.dataset is about["dataset"])


_KINDS = ("recordings", "results")

_OF_THE_DESK: Mapping[str, frozenset[str]] = {
    "recordings": frozenset(),
    "results": frozenset({"visible", "opacity", "contrast_limits", "colormap"}),
}
"""What of a layer's look is part of the desk, which restores it: limits that come from the map shall go on to do so."""
