"""What a brush makes of regions, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_thunder.regions import Region, region_of_mask
from napari_thunder.widgets.canvas.region_canvas import RegionCanvas, Slices

VOLUME = (3, 20, 30)
BOX: Slices = (slice(1, 2), slice(4, 8), slice(4, 12))


def block(key: int, y: slice, x: slice, z: slice = slice(1, 2)) -> Region:
    mask = np.zeros(VOLUME, bool)
    mask[z, y, x] = True
    return replace(region_of_mask(mask, str(key), "#56b4e9"), key=key)


@pytest.fixture
def canvas() -> RegionCanvas:
    """Region 7 below, region 8 above it in part."""
    drawn = RegionCanvas(VOLUME)
    drawn.draw({7: block(7, slice(2, 10), slice(2, 10)), 8: block(8, slice(6, 14), slice(6, 14))})
    return drawn


def test_the_last_region_is_seen_on_top(canvas: RegionCanvas) -> None:
    assert canvas.array[1, 3, 3] == canvas.numbers[7]
    assert canvas.array[1, 7, 7] == canvas.numbers[8]
    assert canvas.array[0].max() == 0


def test_nothing_painted_is_nothing_taken(canvas: RegionCanvas) -> None:
    assert canvas.take([BOX]) == []


def test_painting_over_a_region_takes_the_voxels_from_the_one_seen_there(canvas: RegionCanvas) -> None:
    number = canvas.reserve()
    canvas.array[BOX] = number
    painted = {part.number: part for part in canvas.take([BOX])}
    made = painted[number].region
    assert made is not None
    assert painted[number].key is None
    assert (made.volume, made.box, made.mask.all()) == (VOLUME, BOX, True)
    seven, eight = (painted[canvas.numbers[key]].region for key in (7, 8))
    assert seven is not None
    assert eight is not None
    expected = block(7, slice(2, 10), slice(2, 10)).full_mask()
    expected[1, 4:6, 4:10] = expected[1, 6:8, 4:6] = False
    np.testing.assert_array_equal(seven.full_mask(), expected)
    assert not eight.full_mask()[BOX].any()


def test_strokes_that_overlap_count_once(canvas: RegionCanvas) -> None:
    one: Slices = (slice(1, 2), slice(6, 9), slice(6, 9))
    two: Slices = (slice(1, 2), slice(7, 10), slice(7, 10))
    canvas.array[one] = canvas.array[two] = 0
    (erased,) = canvas.take([one, two])
    assert erased.key == 8
    canvas.mend([one, two])
    assert canvas.array[1, 7, 7] == canvas.numbers[7]


def test_a_region_that_is_painted_over_whole_is_none(canvas: RegionCanvas) -> None:
    box: Slices = (slice(1, 2), slice(6, 14), slice(6, 14))
    canvas.array[box] = 0
    (gone,) = canvas.take([box])
    assert (gone.key, gone.region) == (8, None)


def test_a_stroke_through_several_planes_is_a_region_of_those(canvas: RegionCanvas) -> None:
    box: Slices = (slice(0, 3), slice(15, 18), slice(20, 25))
    number = canvas.reserve()
    canvas.array[box] = number
    (part,) = canvas.take([box])
    assert part.region is not None
    assert part.region.planes == (0, 2)
    canvas.adopt(number, replace(part.region, key=9))
    canvas.mend([box])
    assert (canvas.array[box] == number).all()
    assert canvas.take([box]) == []


def test_what_is_no_longer_wanted_is_wiped_off(canvas: RegionCanvas) -> None:
    assert canvas.draw({7: block(7, slice(2, 10), slice(2, 10))})
    assert set(np.unique(canvas.array)) == {0, canvas.numbers[7]}
    assert canvas.array[1, 7, 7] == canvas.numbers[7]


def test_a_change_of_name_or_colour_draws_nothing(canvas: RegionCanvas) -> None:
    drawn = canvas._drawn
    recolored = {key: replace(region, color="#000000") for key, region in drawn.items()}
    assert not canvas.draw(recolored)
    assert set(canvas.colors.values()) == {"#000000"}


def test_more_regions_than_16_bits_hold(canvas: RegionCanvas) -> None:
    while canvas.reserve() <= np.iinfo(np.uint16).max:
        pass
    assert canvas.array.dtype == np.uint32
    assert canvas.array[1, 7, 7] == canvas.numbers[8]
