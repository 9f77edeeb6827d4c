"""The voxels that were pinned, each with its colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_thunder.models.pointer import Place
from napari_thunder.models.traces.subjects import Subject, free_color, pin_key, subject_of_pin


class Pins:
    """Places in the order they were pinned."""

    def __init__(self) -> None:
        self._colors: dict[Place, str] = {}

    def __contains__(self, place: object) -> bool:
        return place in self._colors

    def add(self, place: Place) -> None:
        """Pin a voxel, in the colour that is used least; nothing happens if it is pinned."""
        if place not in self._colors:
            self._colors = {**self._colors, place: free_color(self._colors.values())}

    def take(self, pins: Mapping[Place, str]) -> None:
        """Pin voxels in colours they had before."""
        self._colors = {**self._colors, **pins}

    def remove(self, key: str) -> None:
        """Let go of the voxel that is the subject of this key."""
        self._colors = {place: color for place, color in self._colors.items() if pin_key(place) != key}

    def clear(self) -> None:
        """Let go of all."""
        self._colors = {}

    def forget(self, dataset: int) -> None:
        """Let go of those of a recording."""
        self._colors = {place: color for place, color in self._colors.items() if place.dataset != dataset}

    def of(self, dataset: int) -> list[tuple[Subject, Place]]:
        """Those of a recording."""
        return [(subject_of_pin(p, color), p) for p, color in self._colors.items() if p.dataset == dataset]

    def plain(self) -> list[dict[str, Any]]:
        """As JSON values; see `trace_state.restored_pins`."""
        return [
            {"recording": place.dataset, "voxel": list(place.voxel), "color": color}
            for place, color in self._colors.items()
        ]
