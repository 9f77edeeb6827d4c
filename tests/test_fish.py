"""The real zebrafish, from its files to its maps: the same movie in every format, the same map on every engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt

MIDLINE = 35
HINDBRAIN = slice(55, 76)


@pytest.fixture(scope="module")
def events(fish_folder):
    """Twelve trials of 20 frames, one for each direction; motion on in frames 10 to 19 of each."""
    with np.load(fish_folder / "fish.npz") as stored:
        radians = stored["stim_direction_rad"]
    starts = np.arange(12) * 20.0 + 10
    return pd.DataFrame({"start_time": starts, "stop_time": starts + 10, "direction": np.rad2deg(radians) % 360})


@pytest.fixture(scope="module")
def fish(fish_folder, events):
    return nt.open(fish_folder / "series", frame_rate=1.0, voxel_size=(1, 1, 1), events=events)


@pytest.fixture(scope="module")
def tuning(fish):
    return nt.run(nt.DirectionTuning(), fish, preprocess=["delta_f_over_f percentile=20"])


def test_every_format_of_the_fish_is_the_same_movie(fish, fish_folder):
    npz = nt.open(fish_folder / "fish.npz")
    tiffs = nt.open(fish_folder / "images")
    assert fish.shape == npz.shape == (240, 2, 76, 87)
    assert tiffs.shape == (20, 2, 76, 87)
    for t in (0, 7, 19, 130, 239):
        np.testing.assert_array_equal(fish.read_volume(t), npz.read_volume(t))
        if t < 20:
            np.testing.assert_array_equal(tiffs.read_volume(t), npz.read_volume(t))


def test_the_two_sides_of_the_hindbrain_prefer_opposite_directions(tuning):
    """The map of each side's selective voxels, weighed by their responses, points more than a right angle apart."""
    selective = np.nan_to_num(tuning["selectivity"].values) > 0.4
    weight = np.where(selective, np.maximum(tuning["response"].values, 0).sum(0), 0)
    direction = np.deg2rad(np.where(selective, tuning["preferred_direction"].values, 0))
    vectors = (weight * np.exp(1j * direction))[..., HINDBRAIN]
    left, right = (np.angle(vectors[:, rows].sum()) for rows in (slice(0, MIDLINE), slice(MIDLINE, None)))
    apart = np.rad2deg(np.abs(np.angle(np.exp(1j * (left - right)))))
    assert apart > 90


def test_the_map_points_where_the_responses_do(tuning):
    """The preferred direction is the angle of the vector sum of the responses, computed here by hand."""
    curves = np.maximum(tuning["response"].values, 0)
    by_hand = np.angle(np.tensordot(np.exp(1j * np.deg2rad(tuning["direction"].values)), curves, 1))
    selective = np.nan_to_num(tuning["selectivity"].values) > 0.1
    apart = np.deg2rad(tuning["preferred_direction"].values[selective]) - by_hand[selective]
    np.testing.assert_allclose(np.exp(1j * apart), 1, atol=1e-3)


def test_neighbouring_tuned_voxels_agree_and_the_map_is_not_noise(tuning):
    tuned = (tuning["p_fdr"].values < 0.001) & (tuning["selectivity"].values > 0.3)
    assert tuned.sum() > 200
    preferred = np.exp(1j * np.deg2rad(tuning["preferred_direction"].values))
    both = tuned[..., 1:] & tuned[..., :-1]
    agreement = np.cos(np.angle(preferred[..., 1:][both] * preferred[..., :-1][both].conj()))
    assert np.median(agreement) > 0.8


def test_the_first_factors_follow_the_stimulus(fish):
    """Among the first three time courses one is about as fast as the trials and explained by the directions."""
    factors = nt.run(nt.PCA(n_components=3), fish, preprocess=["delta_f_over_f percentile=20", "detrend"])
    design = nt.run(nt.Regression(events_by=("direction",), kernel="GCaMP6s"), fish)["design"].values
    design = np.column_stack([design, np.ones(240)])
    courses = factors["time_courses"].values
    residual = courses - design @ np.linalg.lstsq(design, courses, rcond=None)[0]
    explained = 1 - residual.var(0) / courses.var(0)
    assert explained.max() > 0.5
    ratio = factors["explained_variance_ratio"].values
    assert (np.diff(ratio) <= 0).all()
