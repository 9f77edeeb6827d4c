"""Regions as JSON text."""

from __future__ import annotations

import base64
import json
import random
import zlib
from contextlib import suppress

import numpy as np
import pytest

from napari_thunder.errors import RegionError
from napari_thunder.regions import (
    Outline,
    region_from_plain,
    region_of_mask,
    region_of_outline,
    region_to_plain,
)

DRAWN = region_of_outline(
    Outline("ellipse", np.array([[1.3, 2], [1.3, 9], [7, 9], [7, 2]]), (1, 6)), (5, 10, 12), "Tectum α", "#56b4e9"
)


def through_json(region):
    return region_from_plain(json.loads(json.dumps(region_to_plain(region), allow_nan=False)))


def test_a_drawn_region_comes_back_whole():
    back = through_json(DRAWN)
    assert np.array_equal(back.full_mask(), DRAWN.full_mask())
    assert (back.name, back.color, back.visible, back.volume) == ("Tectum α", "#56b4e9", True, (5, 10, 12))
    assert back.outline.kind == "ellipse"
    assert back.outline.planes == (1, 6)
    assert np.array_equal(back.outline.vertices, DRAWN.outline.vertices)
    assert back.same_on_every_plane


def test_any_painted_region_comes_back_whole():
    rng = np.random.default_rng(0)
    for _ in range(100):
        shape = rng.integers(1, 9, 3)
        full = rng.random(shape) > rng.random()
        if full.any():
            region = region_of_mask(full, "a", "#ffffff")
            back = through_json(region)
            assert np.array_equal(back.full_mask(), full)
            assert back.outline is None


def test_a_large_region_is_a_short_text():
    square = np.array([[0, 0], [0, 2000], [2000, 2000], [2000, 0]], float)
    region = region_of_outline(Outline("polygon", square, (0, 99)), (100, 2048, 2048), "a", "#ffffff")
    assert len(json.dumps(region_to_plain(region))) < 10_000


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"voxels": text(zlib.compress(bytes(10**8)))}, "not as many as its shape"),
        ({"shape": [2**20, 2**20, 2**20], "volume": [2**20, 2**20, 2**20], "corner": [0, 0, 0]}, "more than"),
        ({"voxels": text(b"not zlib")}, "cannot be unpacked"),
        ({"voxels": "%%%"}, "cannot be unpacked"),
        ({"voxels": "ü"}, "cannot be unpacked"),
        ({"voxels": None}, "missing"),
        ({"voxels": text(zlib.compress(b"\xff"))}, "not as many"),
        ({"corner": [0, 0, 11]}, "does not lie in its volume"),
        ({"corner": [0, 0]}, "corner is not three whole numbers"),
        ({"shape": [1, 0, 1]}, "does not lie"),
        ({"volume": [5, 10, "12"]}, "volume is not three"),
        ({"volume": [5, 10, True]}, "volume is not three"),
        ({"color": "red"}, "#rrggbb"),
        ({"name": 3}, "no name"),
        ({"outline": {"kind": "spiral"}}, "no known kind"),
        ({"outline": {"kind": "polygon", "vertices": [["a", 1]], "planes": [0, 1]}}, "not made of numbers"),
        ({"outline": {"kind": "polygon", "vertices": [1, 2], "planes": [0, 1]}}, "not a list of points"),
        ({"outline": {"kind": "polygon", "vertices": [[1, 2]], "planes": None}}, "not made of numbers"),
        ({"outline": 3}, "no known kind"),
    ],
)
def test_what_is_damaged_is_said(change, said):
    with pytest.raises(RegionError, match=said):
        region_from_plain(region_to_plain(DRAWN) | change)


def test_what_is_no_table_is_refused():
    with pytest.raises(RegionError, match="not a table"):
        region_from_plain([1])


def test_a_box_with_empty_sides_is_refused():
    empty = region_to_plain(region_of_mask(np.ones((2, 2, 2)), "a", "#ffffff"))
    with pytest.raises(RegionError, match="larger than its voxels"):
        region_from_plain(empty | {"voxels": text(zlib.compress(bytes([0b11110000])))})


def test_any_value_in_place_of_any_other_is_read_or_said():
    dice = random.Random(0)
    odd = [None, -1, 10**400, 1e308, "x", [], {}, True, [[]], 2**63, [0, 10**18], [1, 1, 1], [2**24] * 3, "AAAA"]
    for _ in range(600):
        stored = json.loads(json.dumps(region_to_plain(DRAWN)))
        table = dice.choice([stored, stored["outline"]])
        table[dice.choice(list(table))] = dice.choice(odd)
        with suppress(RegionError):
            region_from_plain(stored)
