import numpy as np
import pytest

from napari_thunder.registration.quality.boxes import affordable_voxels, boxes_of, stretches_of
from napari_thunder.registration.quality.grid import grid_of
from napari_thunder.registration.quality.sample import binned, plan_sample

WHOLE = (slice(0, 10), slice(2, 102), slice(0, 200))


def test_what_fits_is_not_binned_and_frames_are_spread_evenly():
    usable = np.ones(1001, bool)
    sample = plan_sample(usable, WHOLE, most=101, n_bytes=10**9)
    assert sample.factors == (1, 1, 1)
    assert sample.frames.tolist() == list(range(0, 1001, 10))
    assert sample.shape == (10, 100, 200)


def test_only_usable_frames_are_taken():
    usable = np.zeros(50, bool)
    usable[[3, 7, 8, 20]] = True
    assert plan_sample(usable, WHOLE, most=100, n_bytes=10**9).frames.tolist() == [3, 7, 8, 20]
    assert len(plan_sample(np.zeros(50, bool), WHOLE, most=100, n_bytes=10**9).frames) == 0


def test_where_memory_is_short_there_are_fewer_frames_and_then_larger_voxels_small_axes_first():
    usable = np.ones(5000, bool)
    sample = plan_sample(usable, WHOLE, most=1000, n_bytes=4 * 10**7, voxel_size=(5.0, 1.0, 1.0))
    assert len(sample.frames) == 300
    assert sample.factors[0] == 1
    assert min(sample.factors[1:]) >= 2
    assert 4 * 300 * np.prod(sample.shape) <= 4 * 10**7


def test_binning_is_the_mean_over_the_region():
    sample = plan_sample(np.ones(10, bool), (slice(0, 1), slice(0, 4), slice(0, 6)), most=10, n_bytes=4 * 10 * 6)
    assert sample.factors == (1, 2, 2)
    frame = np.arange(24.0).reshape(1, 4, 6)
    inside = np.ones((1, 4, 6), bool)
    inside[0, 0, 0] = inside[0, 2:, 4:] = False
    found = binned(frame, inside, sample)
    assert found.shape == sample.shape
    assert found[0, 0, 0] == pytest.approx(np.mean([1, 6, 7]))
    assert found[0, 0, 1] == pytest.approx(frame[0, :2, 2:4].mean())
    assert np.isnan(found[0, 1, 2])
    np.testing.assert_array_equal(sample.centers[1], [0.5, 2.5])


@pytest.mark.parametrize("voxels", [10**9, 5000, 700, 3])
def test_boxes_cover_the_volume_once_each_with_its_halo(voxels):
    count = np.zeros((5, 20, 30), int)
    for box in boxes_of((5, 20, 30), (1, 2, 2), voxels):
        count[box.box] += 1
        z, y, _ = box.padded
        assert z.start == max(0, box.start[0] - 1)
        assert y.stop == min(20, box.stop[1] + 2)
    assert (count == 1).all()


def test_stretches_overlap_by_the_frame_before():
    box = boxes_of((5, 20, 30), (0, 0, 0), 10**9)[0]
    spans = stretches_of(box, (5, 20, 30), 10, 4)
    assert spans == [(0, 4), (3, 8), (7, 10)]


def test_the_blocks_of_a_grid_cover_the_volume():
    grid = grid_of((20, 100, 500))
    assert grid.shape == (2, 2, 6)
    labels = grid.labels((20, 100, 500))
    assert np.unique(labels).tolist() == list(range(24))
    assert (labels[grid.box((1, 0, 5))] == 12 + 5).all()
    assert grid_of((1, 30, 30)).shape == (1, 1, 1)


def test_boxes_grow_with_the_memory_of_a_core():
    assert affordable_voxels(None, 8) == affordable_voxels(2**30, 64) == 2**19
    assert affordable_voxels(64 * 2**30, 8) // 8 == affordable_voxels(64 * 2**30, 64)
