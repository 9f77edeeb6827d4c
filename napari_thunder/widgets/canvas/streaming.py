"""Redraw a streaming layer when its volumes arrive, whoever added it."""

from __future__ import annotations

from typing import Any

from napari.utils.notifications import show_warning

from napari_thunder.models.background import Background
from napari_thunder.volumes import VolumeArray, contrast_limits
from napari_thunder.widgets.main_thread import MainThread

WANTS_CONTRAST = "wants_contrast"
"""Set in what a layer's metadata say of it where its limits are still to be found."""

_BESIDE = "beside"


class _Followers(dict[str, tuple[VolumeArray, MainThread]]):
    """Which array each layer shows, and what redraws it; by layer, shared by duplicates of a layer."""

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


def exchange(layer: Any, array: VolumeArray, *, keep: bool) -> None:
    """Let a layer stream another array.

    Parameters
    ----------
    keep
        Whether the array that it streamed stays open, until the layer goes.
    """
    about, before = layer.metadata["thunder"], array_of(layer)
    _unfollow(layer)
    beside = [other for other in about.get(_BESIDE, ()) if other is not array]
    about["array"], about[_BESIDE] = array, [*beside, before] if keep and before is not None else beside
    _follow(layer)
    layer.data = array
    if before is not None and not keep:
        _close_unless_shown(layer, before)


def exchange_beside(layer: Any, before: VolumeArray, array: VolumeArray) -> None:
    """Let an array take the place of one that a layer keeps open while it streams another."""
    about = layer.metadata["thunder"]
    about[_BESIDE] = [array if other is before else other for other in about.get(_BESIDE, ())]
    _close_unless_shown(layer, before)


def show_raw(layer: Any, array: VolumeArray) -> VolumeArray:
    """Let a layer that a closed dock left in another view show the recording's voxels again; returns their array."""
    beside = layer.metadata["thunder"].get(_BESIDE)
    if not beside:
        return array
    raw: VolumeArray = beside[0]
    exchange(layer, raw, keep=False)
    layer.colormap = "gray"
    return raw


def _on_inserted(event: Any) -> None:
    _follow(event.value)


def _on_removed(event: Any) -> None:
    array = array_of(event.value)
    if array is None:
        return
    _unfollow(event.value)
    for one in (array, *event.value.metadata["thunder"].get(_BESIDE, ())):
        _close_unless_shown(event.value, one)


def _close_unless_shown(layer: Any, array: VolumeArray) -> None:
    """Close an array that no duplicate of the layer shows."""
    if not any(shown is array for shown, _ in _followers_of(layer).values()):
        array.close(0.0)


def _unfollow(layer: Any) -> None:
    _, follower = _followers_of(layer).pop(str(layer.unique_id), (None, None))
    if follower is not None:
        follower.close()


def _follow(layer: Any) -> None:
    array, name = array_of(layer), str(layer.unique_id)
    if array is None or name in _followers_of(layer):
        return
    follower = MainThread()
    _followers_of(layer)[name] = array, follower

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
