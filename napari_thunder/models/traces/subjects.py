"""What has a trace: the regions that are shown, the voxels that were pinned, the one under the mouse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from napari_thunder.models.pointer import Place
from napari_thunder.regions import Region
from napari_thunder.traces.means import region_of_voxel

Volume = tuple[int, int, int]

PIN_COLORS = ("#ee8866", "#77aadd", "#ffaabb", "#bbcc33", "#44bb99", "#eedd88", "#99ddff", "#aaaa00")
"""Paul Tol's light colours, told apart by everyone, none of them a colour of regions."""

HOVER_COLOR = "#bbbbbb"
HOVER = "hover"


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that has a trace.

    Parameters
    ----------
    key
        Stays the same while it is there: `region:3`, `voxel:1:4,20,33`, `hover`.
    name
        As a person calls it.
    color
        `#rrggbb`.
    kind
        What it is.
    """

    key: str
    name: str
    color: str
    kind: Literal["hover", "voxel", "region"]


def subject_of_region(region: Region) -> Subject:
    """The subject that a region is."""
    return Subject(region_key(region.key), region.name, region.color, "region")


def subject_of_pin(place: Place, color: str) -> Subject:
    """The subject that a pinned voxel is."""
    return Subject(pin_key(place), _name(place), color, "voxel")


def subject_of_hover(place: Place) -> Subject:
    """The subject that the voxel under the mouse is."""
    return Subject(HOVER, _name(place), HOVER_COLOR, "hover")


def region_key(key: int) -> str:
    """The subject's key of a region."""
    return f"region:{key}"


def pin_key(place: Place) -> str:
    """The subject's key of a pinned voxel."""
    return f"voxel:{place.dataset}:{','.join(map(str, place.voxel))}"


def free_color(taken: Iterable[str]) -> str:
    """The colour of pinned voxels that is used least."""
    used = list(taken)
    return min(PIN_COLORS, key=used.count)


def voxels_of(place: Place, volume: Volume) -> Region | None:
    """The voxel as a region, or None if it is not in the volume."""
    inside = all(0 <= at < n for at, n in zip(place.voxel, volume, strict=True))
    return region_of_voxel(place.voxel, volume, _name(place)) if inside else None


def _name(place: Place) -> str:
    z, y, x = place.voxel
    return f"Voxel {z}, {y}, {x}"
