"""Lines in GeoJSON: x and y from the corner of the first voxel, closed; ours are y and x from its middle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.regions import Outline
from napari_thunder.regions.inside import are_points

Points = NDArray[np.float64]

_ROUND = 64


def ring_to_plain(ring: Points) -> list[list[float]]:
    """A ring as GeoJSON has it."""
    points = ring[:, ::-1] + 0.5
    closed: list[list[float]] = np.vstack([points, points[:1]]).tolist()
    return closed


def ring_from_plain(given: Any) -> Points:
    """A ring of GeoJSON, open; ValueError if it is none."""
    try:
        points = np.array([point[:2] for point in given], np.float64)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError):
        raise ValueError("a line in it is not a list of points (x, y)") from None
    if len(points) < 3 or not are_points(points):
        raise ValueError("a line in it is not a list of three points (x, y) or more")
    if len(points) > 3 and np.array_equal(points[0], points[-1]):
        points = points[:-1]
    return points[:, ::-1] - 0.5


def line_of(outline: Outline) -> Points:
    """An outline as a polygon, ellipses by 64 points."""
    vertices = np.asarray(outline.vertices, np.float64)
    if outline.kind != "ellipse":
        return vertices
    middle, first, second = vertices.mean(axis=0), (vertices[1] - vertices[0]) / 2, (vertices[3] - vertices[0]) / 2
    turns = np.arange(_ROUND)[:, None] * (2 * np.pi / _ROUND)
    return np.asarray(middle + np.cos(turns) * first + np.sin(turns) * second)
