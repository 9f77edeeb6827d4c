"""One set of units for all our layers: napari drops the units of all when those of one differ."""

from __future__ import annotations

from typing import Any

_UNKNOWN = "pixel"


def agree_on_units(layers: Any, newcomer: Any = None) -> None:
    """Draw layers whose voxel size or frame rate is not known as if a voxel were 1 µm, a frame 1 s, beside others.

    Nothing changes while all that there are, or none, know theirs. A newcomer is asked before it is among the others,
    as napari warns of what does not agree when it adds it.
    """
    layers = [*layers] if newcomer is None else [*layers, newcomer]
    ours = [layer for layer in layers if isinstance(layer.metadata.get("thunder"), dict)]
    known: dict[str, str] = {}
    for layer in ours:
        for axis, unit in zip(layer.axis_labels, layer.units, strict=True):
            if str(unit) != _UNKNOWN:
                known.setdefault(str(axis), str(unit))
    for layer in ours:
        units = tuple(
            known.get(str(axis), str(unit)) if str(unit) == _UNKNOWN else str(unit)
            for axis, unit in zip(layer.axis_labels, layer.units, strict=True)
        )
        if units != tuple(map(str, layer.units)):
            layer.units = units
            if layer is not newcomer:
                slice_anew(layer)


def slice_anew(layer: Any) -> None:
    """Let napari slice a layer by its units as they are now.

    It keeps the units of the world from when the slider last moved, and would show a plane that is not there.
    """
    layer.events.reload(layer=layer)
    layer.refresh(extent=False)
