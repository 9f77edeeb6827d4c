"""Shifts over time as a heat map, and as arrows."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.registration.arrows import arrows_of, confidence_limits, fitting_length, spacing_of
from napari_thunder.models.registration.pair import Pair, pair_of
from napari_thunder.models.registration.shift_map import MOST_COLUMNS, Along, shift_map
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts
from tests.models.registration.moving import VOXEL, moves, moving_pair

GRID = (np.array([1.0]), np.array([4.0, 12.0]), np.array([3.0, 9.0, 15.0]))
SPACE = (3, 16, 18)


def pair_with(values: np.ndarray, centers: tuple[np.ndarray, ...] = GRID) -> Pair:
    recording = Recording.from_array(np.zeros((len(values), *SPACE), np.uint8), voxel_size=VOXEL)
    return pair_of(Dataset(1, recording), Shifts(values, centers, SPACE))  # type: ignore[arg-type]


def test_distances_are_in_micrometres() -> None:
    found = shift_map(moving_pair())
    assert (found.unit, found.kind, found.values.shape) == ("µm", "rigid", (1, 12))
    np.testing.assert_allclose(found.values[0], np.linalg.norm(moves() * VOXEL, axis=1), rtol=1e-5)
    assert not found.signed


def test_a_row_for_each_block_in_the_order_z_y_x() -> None:
    values = np.zeros((5, 1, 2, 3, 3), np.float32)
    values[:, 0, 1, 2, 2] = 7
    found = shift_map(pair_with(values), Along.X)
    assert found.signed
    assert found.values[:, 0].tolist() == [0, 0, 0, 0, 0, 14]
    assert found.centers[5] == (1, 12, 15)
    assert found.title_of(5) == "block at z 1, y 12, x 15"
    assert found.text_at(5, 3) == "frame 3, block at z 1, y 12, x 15: 14 µm"


def test_relative_to_the_frame_only_what_moves_differently_is_left() -> None:
    values = np.full((4, 1, 2, 3, 3), 3.0, np.float32)
    assert shift_map(pair_with(values), relative=True).values.max() == pytest.approx(0, abs=1e-6)


def test_planes_are_named() -> None:
    recording = Recording.from_array(np.zeros((4, *SPACE), np.uint8))
    found = shift_map(pair_of(Dataset(1, recording), Shifts.of_planes(np.zeros((4, 3, 2)), SPACE)))
    assert (found.kind, found.unit) == ("planes", "voxels")
    assert found.title_of(2) == "plane 2"


def test_a_frame_that_was_not_estimated_is_blank() -> None:
    values = np.zeros((4, 1, 2, 3, 3), np.float32)
    values[2] = np.nan
    found = shift_map(pair_with(values))
    assert np.isnan(found.values[:, 2]).all()
    assert found.text_at(0, 2).endswith("not estimated")
    assert found.limit > 0


def test_of_very_many_frames_the_largest_of_a_few_is_drawn() -> None:
    values = np.zeros((2 * MOST_COLUMNS + 1, 1, 1, 1, 3), np.float32)
    values[1234, ..., 2] = -5
    shifts = Shifts.rigid(values[:, 0, 0, 0], SPACE)
    recording = Recording.from_array(np.broadcast_to(np.uint8(0), (len(values), *SPACE)))
    found = shift_map(pair_of(Dataset(1, recording), shifts), Along.X)
    assert found.values.shape[1] <= MOST_COLUMNS
    assert found.values[0, 1234 // found.frames_per_column] == -5
    assert found.frame_at(1e9) == len(values) - 1


def test_arrows_begin_at_the_blocks_next_to_the_plane_and_lie_in_it() -> None:
    centers = (np.array([0.0, 10.0]), *GRID[1:])
    values = np.random.default_rng(0).normal(0, 2, (4, 2, 2, 3, 3)).astype(np.float32)
    recording = Recording.from_array(np.zeros((4, 12, 16, 18), np.uint8))
    pair = pair_of(Dataset(1, recording), Shifts(values, centers, (12, 16, 18)))
    found = arrows_of(pair, 2, across=0, plane=8)
    assert (found.vectors[:, 0, 0] == 8).all()
    assert (found.vectors[:, 1, 0] == 0).all()
    np.testing.assert_array_equal(found.vectors[:, 1, 1:], values[2, 1].reshape(-1, 3)[:, 1:])
    assert len(arrows_of(pair, 2).vectors) == 12


def test_arrows_are_as_long_as_leaves_them_apart() -> None:
    values = np.zeros((4, 1, 2, 3, 3), np.float32)
    assert fitting_length(pair_with(values)) == 1
    values[..., 1] = 0.25
    assert fitting_length(pair_with(values)) == 20
    values[..., 1] = 40
    assert fitting_length(pair_with(values)) == 1
    assert fitting_length(pair_with(np.full((4, 1, 2, 3, 3), np.nan))) == 1


def test_a_frame_that_was_not_estimated_has_no_arrows() -> None:
    values = np.zeros((4, 1, 2, 3, 3), np.float32)
    values[1] = np.nan
    assert len(arrows_of(pair_with(values), 1, 0, 1).vectors) == 0


def test_the_colours_of_arrows_mean_the_same_in_all_frames() -> None:
    low, high = confidence_limits(moving_pair())
    assert 1 <= low < high <= 9
    assert confidence_limits(pair_with(np.zeros((4, 1, 2, 3, 3)))) == (0.0, 1.0)
    assert spacing_of(pair_with(np.zeros((4, 1, 2, 3, 3)))) == 6
