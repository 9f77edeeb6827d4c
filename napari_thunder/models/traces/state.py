"""What a session keeps of the traces, taken over again with care for what does not fit any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_thunder.errors import ParameterError
from napari_thunder.models.pointer import Place
from napari_thunder.models.traces.subjects import PIN_COLORS, pin_key, region_key
from napari_thunder.parameters import build, parameters
from napari_thunder.parameters import values as plain_values
from napari_thunder.traces.settings import TraceSettings


def restored_settings(state: Mapping[str, Any], now: TraceSettings) -> TraceSettings:
    """The settings in `state`; those that are missing or wrong stay as they are now."""
    known = {p.name for p in parameters(TraceSettings)}
    for name, value in state.get("settings", {}).items():
        if name in known:
            try:
                now = build(TraceSettings, plain_values(now) | {name: value})
            except ParameterError:
                continue
    return now


def restored_pins(state: Mapping[str, Any], recordings: Mapping[int, int]) -> dict[Place, str]:
    """Pinned voxels and their colours, of the recordings that are there again."""
    pins = {}
    for pin in state.get("pins", ()):
        if pin.get("recording") in recordings:
            z, y, x = (int(at) for at in pin["voxel"])
            pins[Place(recordings[pin["recording"]], (z, y, x))] = str(pin.get("color", PIN_COLORS[0]))
    return pins


def restored_selection(
    state: Mapping[str, Any], recordings: Mapping[int, int], regions: Mapping[int, int]
) -> str | None:
    """Key of the subject that was selected, as it is now."""
    kind, _, rest = str(state.get("selection") or "").partition(":")
    if kind == "region" and int(rest) in regions:
        return region_key(regions[int(rest)])
    if kind == "voxel":
        dataset, _, voxel = rest.partition(":")
        if int(dataset) in recordings:
            z, y, x = (int(at) for at in voxel.split(","))
            return pin_key(Place(recordings[int(dataset)], (z, y, x)))
    return None
