"""napari's reader hook: recordings open as streaming layers, saved results as maps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import napari
from napari.layers import Layer
from napari.types import LayerData
from napari.utils.notifications import show_error
from qtpy.QtCore import QThread

from napari_thunder.display import layer_for_recording, layers_for_result
from napari_thunder.errors import ThunderError
from napari_thunder.io import find_format
from napari_thunder.io.remote.address import is_address
from napari_thunder.io.uri import local_path
from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording
from napari_thunder.recording import open as open_recording
from napari_thunder.result import is_result, load_result
from napari_thunder.volumes import MovieView, VolumeArray, sight_of
from napari_thunder.widgets.canvas.hover import say_numbers
from napari_thunder.widgets.canvas.streaming import WANTS_CONTRAST, follow
from napari_thunder.widgets.canvas.units import agree_on_units
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.workplace import Workplace

Reader = Callable[[Any], list[LayerData]]

_PATIENCE = 0.03
"""Seconds for which the window may wait for a file."""

_NO_LAYERS_YET: list[Any] = [(None,)]
"""What tells napari that a file was read although there are no layers."""

_under_way: set[MainThread] = set()


def find_reader(path: str | list[str]) -> Reader | None:
    """The function that reads a path, or None if it holds neither a recording nor a result."""
    if isinstance(path, list):
        return find_reader(path[0]) if len(path) == 1 else None
    if is_address(path):  # not looked at here, as the window waits for the answer
        return read_recording
    place = local_path(path)
    if is_result(place):
        return read_result
    return read_recording if find_format(place) is not None else None


def read_recording(path: str | list[str]) -> list[LayerData]:
    """A recording as a layer that streams.

    A script gets the layer. In a window that lives, a file that takes its time is opened beside it: there are no
    layers yet, and the layer comes when the file is open, by way of the dock if there is one.
    """
    where = path[0] if isinstance(path, list) else path
    return _soon(where, partial(open_recording, where), recording_layers, _on_desk)


def read_result(path: str | list[str]) -> list[LayerData]:
    """A saved result as the layers that show it; the current viewer will say its numbers under the mouse.

    Where there is a dock, which shows one picture of a result after the other, only the topmost layer comes.
    """
    viewer = napari.current_viewer()
    if viewer is not None:
        say_numbers(viewer)
    where = path[0] if isinstance(path, list) else path
    alone = viewer is not None and Workplace.there(viewer) is not None
    return _soon(where, partial(_result_layers, where), _topmost if alone else list, _leave_it)


def recording_layers(recording: Recording) -> list[LayerData]:
    """The streaming layer of a recording; the current viewer will redraw it as its volumes arrive."""
    viewer = napari.current_viewer()
    if viewer is not None:
        follow(viewer)
    sight = sight_of(recording, MovieView())
    spec = layer_for_recording(recording, VolumeArray(recording, sight.reader, coarse=sight.coarse), visible=True)
    spec.thunder[WANTS_CONTRAST] = True
    data, kwargs, kind = spec.as_tuple()
    if viewer is not None:
        newcomer = SimpleNamespace(**kwargs)
        agree_on_units(viewer.layers, newcomer)
        kwargs["units"] = newcomer.units
    return [(data, kwargs, kind)]


def _result_layers(path: str) -> list[LayerData]:
    specs = layers_for_result(load_result(path))
    for spec in specs:
        spec.thunder["path"] = str(local_path(path))
    return [spec.as_tuple() for spec in specs]


def _topmost(layers: list[LayerData]) -> list[LayerData]:
    return layers[-1:]


def _soon(
    path: str,
    read: Callable[[], Any],
    layers_of: Callable[[Any], list[LayerData]],
    hand_over: Callable[[Any, str, Future[Any]], bool],
) -> list[LayerData]:
    """The layers, if they are there soon or nobody waits in a window; else they are added when they are."""
    viewer = napari.current_viewer()
    if viewer is None or QThread.currentThread().loopLevel() == 0:
        return layers_of(read())
    future: Future[Any] = Future()
    Background("open").start(_settle, future, read)
    try:
        return layers_of(future.result(_PATIENCE))
    except NotYet:
        if not hand_over(viewer, path, future):
            _add_later(viewer, path, future, layers_of)
        return _NO_LAYERS_YET


def _settle(future: Future[Any], read: Callable[[], Any]) -> None:
    try:
        future.set_result(read())
    except Exception as error:
        future.set_exception(error)


def _on_desk(viewer: Any, path: str, future: Future[Any]) -> bool:
    """Let the dock say that a recording is being opened, and show it or what went wrong."""
    workplace = Workplace.there(viewer)
    if workplace is not None:
        workplace.desk.datasets.make(path, future.result)
    return workplace is not None


def _leave_it(*_: object) -> bool:
    return False


def _add_later(viewer: Any, path: str, future: Future[Any], layers_of: Callable[[Any], list[LayerData]]) -> None:
    bridge = MainThread()
    _under_way.add(bridge)
    viewer.status = f"Opening {Path(path).name} …"

    def add() -> None:
        _under_way.discard(bridge)
        try:
            for layer in layers_of(future.result()):
                viewer.add_layer(Layer.create(*layer))
            viewer.status = f"Opened {Path(path).name}"
        except ThunderError as error:
            show_error(str(error))
        except Exception as error:
            show_error(Trouble.of(error).message)

    future.add_done_callback(lambda _: bridge.call(add))
