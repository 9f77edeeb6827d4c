import numpy as np
import pytest

from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts
from napari_thunder.registration.quality.region import bounding_box, valid_region

SPACE = (4, 12, 15)


@pytest.mark.parametrize("kind", ["rigid", "planes"])
def test_the_valid_region_is_what_is_sampled_in_every_frame(kind):
    rng = np.random.default_rng(1)
    values = rng.uniform(-2, 2, (8, 3)) if kind == "rigid" else rng.uniform(-3, 3, (8, 4, 2))
    values[5] = 30
    shifts = Shifts.rigid(values, SPACE) if kind == "rigid" else Shifts.of_planes(values, SPACE)
    keep = np.arange(8) != 5
    movie = Recording.from_array(np.ones((8, *SPACE), np.float32)).registered(shifts)
    sampled = np.isfinite(np.stack([movie.read_volume(t) for t in np.flatnonzero(keep)])).all(axis=0)
    np.testing.assert_array_equal(valid_region(shifts, keep), sampled)
    assert not valid_region(shifts, np.ones(8, bool)).any()


def test_the_valid_region_of_blocks_is_never_too_large():
    rng = np.random.default_rng(2)
    centers = ([0.5, 2.5], [2, 9], [3, 11])
    common, bending = rng.uniform(-1.5, 1.5, (6, 1, 1, 1, 3)), rng.uniform(-0.2, 0.2, (6, 2, 2, 2, 3))
    shifts = Shifts(common + bending, centers, SPACE)
    movie = Recording.from_array(np.ones((6, *SPACE), np.float32)).registered(shifts)
    sampled = np.isfinite(np.stack([movie.read_volume(t) for t in range(6)])).all(axis=0)
    valid = valid_region(shifts, np.ones(6, bool))
    assert not (valid & ~sampled).any()
    assert valid.sum() > 0.8 * sampled.sum()


def test_frames_that_were_not_estimated_take_nothing_from_the_valid_region():
    values = np.zeros((3, 3))
    values[1] = np.nan
    assert valid_region(Shifts.rigid(values, SPACE), np.ones(3, bool)).all()
    assert not valid_region(Shifts.rigid(values[1:2], SPACE), np.ones(1, bool)).any()


def test_the_bounding_box_holds_the_region():
    region = np.zeros(SPACE, bool)
    region[1:3, 4, 5:9] = True
    assert bounding_box(region) == (slice(1, 3), slice(4, 5), slice(5, 9))
    assert bounding_box(np.zeros(SPACE, bool)) == (slice(0, 0),) * 3
