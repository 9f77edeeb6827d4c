"""How far frames moved: one shift, one per plane, or one per block; and back from JSON to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_thunder.errors import RegistrationError
from napari_thunder.registration import Shifts, shifts_from_plain, shifts_to_plain

SPACE = (4, 20, 30)


def test_one_shift_a_frame_is_rigid_and_its_mean_is_itself() -> None:
    values = np.random.default_rng(0).normal(size=(7, 3))
    shifts = Shifts.rigid(values, SPACE)
    assert shifts.kind == "rigid"
    np.testing.assert_allclose(shifts.mean, values, rtol=1e-6)
    np.testing.assert_allclose(shifts.largest, np.abs(values).max(0), rtol=1e-6)


def test_a_shift_for_each_plane_moves_nothing_along_z() -> None:
    shifts = Shifts.of_planes(np.ones((3, 4, 2)), SPACE)
    assert shifts.kind == "planes"
    assert shifts.grid == (4, 1, 1)
    assert not shifts.values[..., 0].any()


def test_blocks_are_piecewise() -> None:
    centers = (np.array([1.5]), np.array([5.0, 14.0]), np.array([7.0, 15.0, 22.0]))
    assert Shifts(np.zeros((2, 1, 2, 3, 3), np.float32), centers, SPACE).kind == "piecewise"


def test_a_frame_with_nan_was_not_estimated_and_does_not_count_for_the_largest() -> None:
    shifts = Shifts.rigid([[0, 1, 0], [np.nan, 50, 0], [0, -3, 2]], SPACE)
    np.testing.assert_array_equal(shifts.estimated, [True, False, True])
    assert shifts.largest == (0, 3, 2)


@pytest.mark.parametrize("n_blocks", [1, 2])
def test_shifts_come_back_from_json_to_the_last_bit(n_blocks: int) -> None:
    rng = np.random.default_rng(1)
    centers = (np.array([1.5]), np.linspace(3, 15, n_blocks), np.array([9.0]))
    shifts = Shifts(rng.normal(size=(50, 1, n_blocks, 1, 3)).astype(np.float32), centers, SPACE, "/data/shifts.csv")
    back = shifts_from_plain(json.loads(json.dumps(shifts_to_plain(shifts))))
    assert back == shifts
    assert back.path == shifts.path
    np.testing.assert_array_equal(back.values, shifts.values)


def test_a_damaged_record_is_refused() -> None:
    stored = shifts_to_plain(Shifts.rigid(np.zeros((3, 3)), SPACE))
    for damage in ({"values": "AAAA"}, {"frames": 2}, {"digest": "0"}, {"centers": [[0]]}, {"space": None}):
        with pytest.raises(RegistrationError, match="damaged"):
            shifts_from_plain(stored | damage)


@pytest.mark.parametrize("values", [np.zeros((3, 2)), np.zeros(3), np.full((3, 3), np.inf)])
def test_wrong_numbers_are_refused(values: np.ndarray) -> None:
    with pytest.raises(RegistrationError, match="shifts"):
        Shifts.rigid(values, SPACE)


def test_centres_must_rise() -> None:
    with pytest.raises(RegistrationError, match="rise"):
        Shifts(np.zeros((1, 1, 2, 1, 3), np.float32), (np.zeros(1), np.array([4.0, 4.0]), np.zeros(1)), SPACE)
