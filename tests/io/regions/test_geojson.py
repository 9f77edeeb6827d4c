"""GeoJSON of ours and of others."""

from __future__ import annotations

import json
import random
from contextlib import suppress

import numpy as np
import pytest

from napari_thunder.errors import RegionError
from napari_thunder.io.regions import read_regions, write_regions
from tests.io.regions.conftest import VOLUME

SQUARE = [[3, 2], [9, 2], [9, 6], [3, 6], [3, 2]]


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps(content), "utf-8")
        return path

    return write


def feature(coordinates, kind="Polygon", plane=None, **properties):
    geometry = {"type": kind, "coordinates": coordinates} | ({"plane": {"c": -1, "z": plane, "t": 0}} if plane else {})
    return {"type": "Feature", "id": "PathAnnotationObject", "geometry": geometry, "properties": properties}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def test_an_annotation_of_qupath_is_a_region_on_its_plane(file):
    annotation = feature([SQUARE], plane=3, objectType="annotation", name="Cb", color=[0, 158, 115])
    (region,) = read_regions(file(collection(annotation)), VOLUME)
    expected = np.zeros(VOLUME, bool)
    expected[3, 2:6, 3:9] = True
    assert np.array_equal(region.full_mask(), expected)
    assert (region.name, region.color, region.outline.kind) == ("Cb", "#009e73", "polygon")
    # QuPath counts from the corner of the first pixel
    assert np.array_equal(region.outline.vertices.min(axis=0), [1.5, 2.5])


def test_holes_and_parts_are_filled_as_they_should_be(file):
    hole = [[4, 3], [6, 3], [6, 5], [4, 5], [4, 3]]
    other = [[20, 20], [22, 20], [22, 25], [20, 25], [20, 20]]
    again = [[8, 2], [12, 2], [12, 6], [8, 6], [8, 2]]
    (region,) = read_regions(file(feature([[SQUARE, hole], [other], [again]], "MultiPolygon")), VOLUME, plane=1)
    expected = np.zeros(VOLUME, bool)
    expected[1, 2:6, 3:12] = True
    expected[1, 3:5, 4:6] = False
    expected[1, 20:25, 20:22] = True
    assert np.array_equal(region.full_mask(), expected)
    assert region.outline is None


def test_what_says_no_plane_goes_where_it_is_told(file):
    path = file([feature([SQUARE]), feature([SQUARE], plane=2)])
    with pytest.raises(RegionError, match="ROI 1 does not say on which plane"):
        read_regions(path, VOLUME)
    assert [r.planes for r in read_regions(path, VOLUME, plane=4)] == [(4, 4), (2, 2)]
    assert [r.planes for r in read_regions(file(feature([SQUARE])), (1, 40, 50))] == [(0, 0)]


def test_points_and_lines_are_left_out_and_said(file, said):
    path = file(collection(feature([1, 2], "Point", name="soma"), feature([SQUARE])))
    assert len(read_regions(path, VOLUME, plane=0, say=said.append)) == 1
    assert said == ["soma is a Point, which has no voxels inside. It is left out."]


def test_what_was_changed_elsewhere_counts(drawn, tmp_path):
    path = write_regions([drawn[1]], tmp_path / "a.geojson")
    (kept,) = read_regions(path, VOLUME)
    assert kept.outline.kind == "ellipse"
    assert kept.outline.planes == (0, 3)
    content = json.loads(path.read_text())
    ring = np.array(content["features"][0]["geometry"]["coordinates"][0])
    content["features"][0]["geometry"]["coordinates"] = [(ring + np.array([10.0, 0])).tolist()]
    path.write_text(json.dumps(content))
    (moved,) = read_regions(path, VOLUME)
    assert moved.outline.kind == "polygon"
    assert moved.corner[2] == kept.corner[2] + 10
    assert abs(moved.n_voxels - kept.n_voxels) < 0.03 * kept.n_voxels


def test_what_others_read_is_there(drawn, painted, tmp_path):
    content = json.loads(write_regions([drawn[0], painted[1]], tmp_path / "a.geojson", (5, 0.5, 0.5)).read_text())
    assert content["type"] == "FeatureCollection"
    square, frame = content["features"]
    assert square["properties"]["name"] == "tectum"
    assert square["properties"]["color"] == [0x56, 0xB4, 0xE9]
    assert square["geometry"]["plane"] == {"c": -1, "z": 1, "t": 0}
    assert square["geometry"]["coordinates"][0] == [[4, 3], [10, 3], [10, 8], [4, 8], [4, 3]]
    assert frame["geometry"]["type"] == "MultiPolygon"
    assert [len(polygon) for polygon in frame["geometry"]["coordinates"]] == [2, 1]
    for polygon in frame["geometry"]["coordinates"]:
        assert all(ring[0] == ring[-1] for ring in polygon)


def test_regions_of_another_volume_are_read_and_said(drawn, said, tmp_path):
    path = write_regions(drawn[:1], tmp_path / "a.geojson")
    read_regions(path, (6, 40, 60), say=said.append)
    assert said == [
        "These regions were drawn on 6 × 40 × 50 voxels (z, y, x), the recording has 6 × 40 × 60: check them."
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"type": "Topology"}, "neither a FeatureCollection"),
        (collection(3), "feature 1 has no geometry"),
        (collection({"type": "Feature", "geometry": None}), "no geometry"),
        (collection(feature([[[1, 2]]])), "three points"),
        (collection(feature([[["a", 2], [1, 2], [3, 4]]])), "not a list of points"),
        (collection(feature([[[float("inf"), 2], [1, 2], [3, 4]]])), "three points"),
        (collection(feature(None)), "no coordinates"),
        (collection(feature([])), "no coordinates"),
        (collection(feature([[]])), "three points"),
        (collection(feature([SQUARE], thunder={"outline": {"kind": "star"}})), "no known kind"),
    ],
)
def test_what_is_damaged_is_said(content, word, file):
    with pytest.raises(RegionError, match=word):
        read_regions(file(content), VOLUME, plane=0)


def test_any_value_in_place_of_any_other_is_read_or_said(drawn, painted, tmp_path):
    path = write_regions([drawn[0], drawn[1], painted[1]], tmp_path / "a.geojson")
    whole = path.read_text()
    dice = random.Random(0)
    odd = [None, -1, 10**400, 1e308, "x", [], {}, True, [[]], [[[[1, 2]]]], 2**63, "Polygon", [0, 10**18]]
    for _ in range(400):
        content = json.loads(whole)
        parent, key = dice.choice(list(places(content)))
        parent[key] = dice.choice(odd)
        path.write_text(json.dumps(content))
        with suppress(RegionError):
            read_regions(path, VOLUME, say=lambda said: None)


def places(content):
    """Every list and table in a JSON value, with every key."""
    for key in content if isinstance(content, dict) else range(len(content)):
        yield content, key
        if isinstance(content[key], dict | list):
            yield from places(content[key])
