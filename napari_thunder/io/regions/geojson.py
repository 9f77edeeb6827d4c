"""Regions as GeoJSON, as QuPath and movement read it, with what they would lose beside it.

Coordinates are x and y in voxels, counted from the corner of the first voxel as in QuPath: the middle of the first
voxel is (0.5, 0.5). A region is a feature for each stretch of planes on which it is the same. Lines follow what was
drawn (ellipses as polygons), else the edges of voxels, so that the same voxels come back. Under `thunder` a feature
says which region it is part of, its planes, and the outline it was drawn as; that counts as long as the geometry is
still that of the outline.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.edges import polygons_of, runs_of
from napari_thunder.io.regions.geojson_lines import Points, line_of, ring_from_plain, ring_to_plain
from napari_thunder.io.regions.placing import place_outline, place_planes, planes_or_error, sticks_out
from napari_thunder.regions import Box, Mask, Outline, Region
from napari_thunder.regions.colors import color_of
from napari_thunder.regions.inside import enclosed
from napari_thunder.regions.plain import outline_from_plain, outline_to_plain

Say = Callable[[str], None]

_VERSION = 1
_LARGEST = 512 * 2**20


def write(regions: Sequence[Region], path: Path, voxel_size: tuple[float, float, float] | None) -> None:
    """Write a FeatureCollection."""
    collection = {
        "type": "FeatureCollection",
        "thunder": {
            "version": _VERSION,
            "volume": list(regions[0].volume),
            "voxel_size": voxel_size and list(voxel_size),
        },
        "features": [feature for i, region in enumerate(regions) for feature in _features(i, region)],
    }
    path.write_text(json.dumps(collection, ensure_ascii=False, allow_nan=False), "utf-8")


def read(path: Path, volume: Box, plane: int | None, say: Say) -> list[Region]:
    """Read polygons; other geometries are left out, and said."""
    content = _content(path)
    _check_volume(content, volume, say)
    parts = [part for i, feature in enumerate(_listed(content, path)) if (part := _part(i, feature, path, say))]
    regions = []
    for i, (_, group) in enumerate(groupby(parts, key=lambda part: part.group)):
        if region := _region(list(group), volume, plane, color_of(i), say):
            regions.append(region)
    return regions


def _features(i: int, region: Region) -> Iterator[dict[str, Any]]:
    for planes, mask in runs_of(region):
        thunder: dict[str, Any] = {"region": i, "planes": list(planes), "outline": None}
        if region.outline is not None:
            thunder["outline"] = outline_to_plain(region.outline)
            polygons = [[line_of(region.outline)]]
        else:
            polygons = polygons_of(mask, region.corner[1:])
        geometry = _geometry(polygons) | {"plane": {"c": -1, "z": planes[0], "t": 0}}
        red_green_blue = [int(region.color[a : a + 2], 16) for a in (1, 3, 5)]
        properties = {"objectType": "annotation", "name": region.name, "color": red_green_blue, "thunder": thunder}
        yield {"type": "Feature", "properties": properties, "geometry": geometry}


def _geometry(polygons: Sequence[Sequence[Points]]) -> dict[str, Any]:
    coordinates = [[ring_to_plain(ring) for ring in polygon] for polygon in polygons]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}


@dataclass(frozen=True, slots=True)
class _Part:
    """A feature: polygons on some planes, which may be a part of a region only."""

    group: int
    name: str
    color: str | None
    planes: tuple[int, int] | None
    polygons: list[list[Points]]
    drawn: Outline | None
    """The outline that the geometry still is that of."""
    ours: bool


def _content(path: Path) -> Any:
    if path.stat().st_size > _LARGEST:
        raise RegionError(f"{path}: it is larger than {_LARGEST // 2**20} MB, too large for a file of regions.")
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RegionError(f"{path}: not GeoJSON ({error}).") from error


def _check_volume(content: Any, volume: Box, say: Say) -> None:
    ours = content.get("thunder") if isinstance(content, dict) else None
    drawn_on = ours.get("volume") if isinstance(ours, dict) else None
    if isinstance(drawn_on, list) and drawn_on != list(volume):
        shapes = [" × ".join(str(n) for n in shape) for shape in (drawn_on, volume)]
        say(f"These regions were drawn on {shapes[0]} voxels (z, y, x), the recording has {shapes[1]}: check them.")


def _listed(content: Any, path: Path) -> list[Any]:
    """The features of a collection, of a list of them as QuPath writes it, or of one alone."""
    if isinstance(content, dict) and isinstance(content.get("features"), list):
        return list(content["features"])
    if isinstance(content, list):
        return content
    if isinstance(content, dict) and content.get("type") == "Feature":
        return [content]
    if isinstance(content, dict) and content.get("type") in ("Polygon", "MultiPolygon"):
        return [{"geometry": content}]
    raise RegionError(f"{path}: not GeoJSON: neither a FeatureCollection nor a Feature.")


def _part(i: int, feature: Any, path: Path, say: Say) -> _Part | None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict):
        raise RegionError(f"{path}: feature {i + 1} has no geometry.")
    properties = _table(feature.get("properties"))
    ours = _table(properties.get("thunder"))
    name = properties.get("name")
    name = name if isinstance(name, str) and name else f"ROI {i + 1}"
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        say(f"{name} is a {geometry.get('type')}, which has no voxels inside. It is left out.")
        return None
    try:
        polygons = _polygons(geometry)
        drawn = outline_from_plain(ours["outline"]) if ours.get("outline") is not None else None
    except ValueError as error:
        raise RegionError(f"{path}: {name} (feature {i + 1}) is damaged: {error}.") from error
    if drawn is not None and not _still(drawn, polygons):
        drawn = None
    group = ours.get("region")
    return _Part(
        group if isinstance(group, int) else -1 - i,
        name,
        _color(properties),
        _planes(ours, geometry),
        polygons,
        drawn,
        "outline" in ours,
    )


def _region(parts: list[_Part], volume: Box, plane: int | None, color: str, say: Say) -> Region | None:
    first = parts[0]
    color = first.color or color
    planes = planes_or_error(first.planes, plane, volume, first.name)
    if len(parts) == 1 and (outline := _outline(first, planes)):
        return place_outline(outline, volume, first.name, color, say)
    masks: dict[int, Mask] = {}
    for part in parts:
        start, stop = planes_or_error(part.planes, plane, volume, part.name)
        mask = _filled(part.polygons, volume[1:])
        # one plane beyond the border stands for all of them
        masks |= dict.fromkeys(range(max(start, -1), min(stop, volume[0]) + 1), mask)
    cut = sticks_out((ring for part in parts for polygon in part.polygons for ring in polygon), volume)
    return place_planes(masks, volume, first.name, color, say, cut=cut)


def _outline(part: _Part, planes: tuple[int, int]) -> Outline | None:
    """What it was drawn as; a single line of others, or one that others changed, is taken as drawn too."""
    if part.drawn is not None:
        return part.drawn
    if part.ours and part.drawn is None and _on_edges(part.polygons):
        return None
    single = len(part.polygons) == 1 and len(part.polygons[0]) == 1
    return Outline("polygon", part.polygons[0][0], planes) if single else None


def _on_edges(polygons: list[list[Points]]) -> bool:
    return all((ring - 0.5 == np.round(ring - 0.5)).all() for polygon in polygons for ring in polygon)


def _still(outline: Outline, polygons: list[list[Points]]) -> bool:
    line = line_of(outline)
    if len(polygons) != 1 or len(polygons[0]) != 1 or polygons[0][0].shape != line.shape:
        return False
    return bool(np.allclose(polygons[0][0], line, atol=1e-6))


def _filled(polygons: list[list[Points]], plane: tuple[int, int]) -> Mask:
    mask = np.zeros(plane, bool)
    for rings in polygons:
        mask |= enclosed(rings, plane)
    return mask


def _polygons(geometry: dict[str, Any]) -> list[list[Points]]:
    coordinates = geometry.get("coordinates")
    listed = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(listed, list) or not all(isinstance(polygon, list) and polygon for polygon in listed):
        raise ValueError("it has no coordinates")
    return [[ring_from_plain(ring) for ring in polygon] for polygon in listed]


def _planes(ours: dict[str, Any], geometry: dict[str, Any]) -> tuple[int, int] | None:
    planes = ours.get("planes")
    if isinstance(planes, list) and len(planes) == 2 and all(isinstance(z, int) for z in planes):
        return planes[0], planes[1]
    z = _table(geometry.get("plane")).get("z")
    return (z, z) if isinstance(z, int) else None


def _color(properties: dict[str, Any]) -> str | None:
    color = properties.get("color", _table(properties.get("classification")).get("color"))
    if isinstance(color, list) and len(color) == 3 and all(isinstance(c, int) and 0 <= c < 256 for c in color):
        return "#{:02x}{:02x}{:02x}".format(*color)
    return None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
