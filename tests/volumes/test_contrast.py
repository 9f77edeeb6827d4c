"""Contrast limits come from the data, whatever the data are."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.errors import RecordingError
from napari_thunder.recording import Recording
from napari_thunder.volumes import contrast_limits

from .slow_source import SlowSource


def test_limits_are_percentiles_of_the_movie():
    movie = np.random.default_rng(1).gamma(2, 100, (20, 4, 64, 64)).astype(np.uint16)
    low, high = contrast_limits(Recording.from_array(movie))
    assert low == pytest.approx(np.percentile(movie, 1), abs=3)
    assert high == pytest.approx(np.percentile(movie, 99.8), rel=0.06)


def test_few_frames_spread_over_time_are_read():
    source = SlowSource(n_frames=100)
    contrast_limits(source.recording)
    assert source.reads == [10, 30, 50, 70, 90]


def test_excluded_frames_are_not_read():
    source = SlowSource(n_frames=100)
    contrast_limits(source.recording.with_known(exclude_frames=range(50)))
    assert min(source.reads) >= 50


@pytest.mark.parametrize(
    ("value", "limits"), [(0.0, (0.0, 1.0)), (7.0, (7.0, 8.0)), (np.nan, (0.0, 1.0)), (1e9, (1e9, 1e9 + 1e6))]
)
def test_data_without_contrast_get_limits_that_can_be_shown(value, limits):
    assert contrast_limits(Recording.from_array(np.full((3, 2, 5, 5), value))) == limits


def test_a_few_bright_voxels_in_the_dark_are_seen():
    movie = np.zeros((1, 1, 100, 100), np.uint16)
    movie[0, 0, 0, 0] = 50
    assert contrast_limits(Recording.from_array(movie)) == (0.0, 50.0)


def test_nan_and_infinity_are_left_out():
    movie = np.random.default_rng(0).normal(size=(3, 2, 50, 50))
    movie[:, 0, :10] = np.nan
    movie[:, 0, 10] = np.inf
    low, high = contrast_limits(Recording.from_array(movie))
    assert -3 < low < -1.5
    assert 1.5 < high < 5


def test_a_single_frame_is_enough():
    low, high = contrast_limits(Recording.from_array(np.arange(100).reshape(1, 1, 10, 10)))
    assert 0 <= low < high <= 99


def test_one_bad_frame_does_not_hide_the_others():
    source = SlowSource(n_frames=100)
    source.broken.add(50)
    assert contrast_limits(source.recording) == (10.0, 90.0)


def test_only_bad_frames_are_an_error():
    source = SlowSource(n_frames=2)
    source.broken.update({0, 1})
    with pytest.raises(RecordingError, match="frame 1 is damaged"):
        contrast_limits(source.recording)


def test_what_lies_outside_the_mask_does_not_count():
    movie = np.zeros((5, 4, 64, 64), np.uint16)
    movie[:, 1:3, 8:40] = np.random.default_rng(1).integers(300, 900, (5, 2, 32, 64))
    low, high = contrast_limits(Recording.from_array(movie, mask=movie[0] > 0))
    assert 300 <= low < 320
    assert 880 < high < 900
