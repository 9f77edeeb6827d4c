"""Redraw a streaming layer when its volumes arrive, whoever added it."""

from __future__ import annotations

from typing import Any

from napari.utils.notifications import show_warning

from napari_thunder.models.background import Background
from napari_thunder.volumes import VolumeArray, contrast_limits
from napari_thunder.widgets.main_thread import MainThread

WANTS_CONTRAST = "wants_contrast"
"""Set in what a layer's metadata say of it where its limits are still to be found."""


class _Followers(dict[str, MainThread]):
    """What redraws the layers of one array, by layer; shared by duplicates of a layer."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _Followers:
        return self


def array_of(layer: Any) -> VolumeArray | None:
    """The array a layer streams, or None if it is another kind of layer.

    It is taken from the layer's metadata: napari hands that out as it is, but `layer.data` in a wrapper, as the name
    of this package begins like its own.
    """
    about = layer.metadata.get("thunder")
    array = about.get("array") if isinstance(about, dict) else None
    return array if isinstance(array, VolumeArray) else None


def follow(viewer: Any) -> None:
    """Redraw all streaming layers of a viewer, those to come too, as their volumes arrive; may be said twice.

    What cannot be read is said as napari says things, once; the last good picture stays.
    """
    viewer.layers.events.inserted.connect(_on_inserted)
    viewer.layers.events.removed.connect(_on_removed)
    for layer in viewer.layers:
        _follow(layer)


def _on_inserted(event: Any) -> None:
    _follow(event.value)


def _on_removed(event: Any) -> None:
    array = array_of(event.value)
    if array is None:
        return
    followers = _followers_of(event.value)
    follower = followers.pop(str(event.value.unique_id), None)
    if follower is not None:
        follower.close()
    if not followers:
        array.close()


def _follow(layer: Any) -> None:
    array, name = array_of(layer), str(layer.unique_id)
    if array is None or name in _followers_of(layer):
        return
    follower = _followers_of(layer)[name] = MainThread()

    def redraw(_: int) -> None:
        if layer.visible:
            layer.refresh(extent=False)

    follower.connect(array.arrived, redraw, newest=True)
    follower.connect(array.failed, show_warning)
    if layer.metadata["thunder"].pop(WANTS_CONTRAST, False):
        Background("contrast").start(_find_contrast, layer, array, follower)


def _find_contrast(layer: Any, array: VolumeArray, follower: MainThread) -> None:
    limits = contrast_limits(array.recording, n_volumes=1)
    follower.call(set_contrast, layer, limits)


def set_contrast(layer: Any, limits: tuple[float, float]) -> None:
    """Let a recording's layer span these limits."""
    layer.contrast_limits_range = limits
    layer.contrast_limits = limits


def _followers_of(layer: Any) -> _Followers:
    followers: _Followers = layer.metadata["thunder"].setdefault("followers", _Followers())
    return followers
