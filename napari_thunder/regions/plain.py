"""A region as plain JSON values, to the last voxel: for sessions and provenance."""

from __future__ import annotations

import base64
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from napari_thunder.errors import RegionError
from napari_thunder.regions.inside import are_points
from napari_thunder.regions.region import Box, Kind, Mask, Outline, Region, any_along

_MOST_VOXELS = 2**31
_MOST_SIDE = 2**24
_MOST_NAME = 1000


def region_to_plain(region: Region) -> dict[str, Any]:
    """A region as JSON can hold it: name, colour, shapes, its voxels as packed and compressed bits, its outline.

    Everything but its key, which is only good on the desk it is on.
    """
    planes = region.mask[:1] if region.same_on_every_plane else region.mask
    return {
        "name": region.name,
        "color": region.color,
        "visible": region.visible,
        "volume": list(region.volume),
        "corner": list(region.corner),
        "shape": list(region.mask.shape),
        "same_on_every_plane": region.same_on_every_plane,
        "voxels": base64.b64encode(zlib.compress(np.packbits(planes).tobytes(), 6)).decode("ascii"),
        "outline": None if region.outline is None else outline_to_plain(region.outline),
    }


def region_from_plain(stored: Mapping[str, Any]) -> Region:
    """The region that `region_to_plain` was given.

    Raises
    ------
    RegionError
        If these are not the values of a region; nothing large is made before that is sure.
    """
    if not isinstance(stored, Mapping):
        raise RegionError("A stored region is damaged: it is not a table of names and values.")
    name = stored.get("name")
    if not isinstance(name, str) or len(name) > _MOST_NAME:
        raise RegionError("A stored region is damaged: it has no name.")
    try:
        volume, corner, shape = (_numbers(stored, key) for key in ("volume", "corner", "shape"))
        if not all(c + n <= m and n for c, n, m in zip(corner, shape, volume, strict=True)):
            raise ValueError(f"its box {corner} {shape} does not lie in its volume {volume}")
        mask = _unpacked(stored.get("voxels"), shape, stored.get("same_on_every_plane") is True)
        outline = stored.get("outline")
        return Region(
            name,
            _color(stored.get("color")),
            volume,
            corner,
            mask,
            None if outline is None else outline_from_plain(outline),
            visible=stored.get("visible") is not False,
        )
    except ValueError as error:
        raise RegionError(f"The stored region {name} is damaged: {error}.") from error


def outline_to_plain(outline: Outline) -> dict[str, Any]:
    """An outline as JSON can hold it."""
    vertices = np.asarray(outline.vertices, np.float64).tolist()
    return {"kind": outline.kind, "vertices": vertices, "planes": list(outline.planes)}


def outline_from_plain(stored: Any) -> Outline:
    """The outline that `outline_to_plain` was given; ValueError if it is none."""
    if not isinstance(stored, Mapping) or stored.get("kind") not in get_args(Kind):
        raise ValueError("its outline is of no known kind")
    try:
        vertices = np.array(stored.get("vertices"), np.float64)
        first, last = (int(n) for n in stored.get("planes", ()))
    except (TypeError, ValueError, OverflowError):
        raise ValueError("its outline is not made of numbers") from None
    if not are_points(vertices):
        raise ValueError("its outline is not a list of points (y, x)")
    return Outline(stored["kind"], vertices, (first, last))


def _unpacked(text: Any, shape: Box, same: bool) -> Mask:
    planes = (1 if same else shape[0], *shape[1:])
    n = math.prod(planes)
    if n > _MOST_VOXELS:
        raise ValueError(f"it claims {n:.3g} voxels, more than this program takes")
    if not isinstance(text, str):
        raise ValueError("its voxels are missing")
    try:
        squeezed = base64.b64decode(text, validate=True)
        # never more than the shape asks for, whatever the stream would grow to
        reader = zlib.decompressobj()
        packed = reader.decompress(squeezed, -(-n // 8) + 1)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"its voxels cannot be unpacked ({error})") from None
    if len(packed) != -(-n // 8) or not reader.eof:
        raise ValueError("its voxels are not as many as its shape says")
    mask = np.unpackbits(np.frombuffer(packed, np.uint8), count=n).astype(bool).reshape(planes)
    if not all(any_along(mask, axis)[[0, -1]].all() for axis in range(3)):
        raise ValueError("its box is larger than its voxels")
    return np.broadcast_to(mask, shape)


def _numbers(stored: Mapping[str, Any], key: str) -> Box:
    given = stored.get(key)
    whole = isinstance(given, Sequence) and len(given) == 3 and all(type(n) is int for n in given)
    if not whole or not all(0 <= n <= _MOST_SIDE for n in given or ()):
        raise ValueError(f"its {key} is not three whole numbers (z, y, x)")
    z, y, x = given  # type: ignore[misc]
    return z, y, x


def _color(given: Any) -> str:
    if not isinstance(given, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", given):
        raise ValueError("its colour is not of the form #rrggbb")
    return given
