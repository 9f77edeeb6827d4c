"""Undoing shifts gives the numbers of scipy's interpolation, NaN outside, and never what lies on the other side."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from napari_thunder.registration.apply import field_of, warped
from napari_thunder.registration.shifts import Shifts

SPACE = (6, 17, 23)
WHOLE = ((0, 0, 0), SPACE)
ORDERS = {"nearest": 0, "linear": 1, "cubic": 3}


def movie(dtype: str = "float32") -> NDArray[np.float32]:
    return (np.random.default_rng(0).random(SPACE) * 100).astype(dtype)


def by_scipy(frame: NDArray[np.float32], shifts: Shifts, interpolation: str) -> NDArray[np.float64]:
    """The frame at every voxel's place, by coordinates in float64; NaN where that is outside."""
    where = np.indices(SPACE) + field_of(shifts.values[0], shifts.centers, WHOLE)
    found = map_coordinates(frame.astype(np.float64), where, order=ORDERS[interpolation], mode="nearest")
    last = np.reshape(np.subtract(SPACE, 1), (3, 1, 1, 1))
    found[((where < 0) | (where > last)).any(axis=0)] = np.nan
    return found


def rigid(*shift: float) -> Shifts:
    return Shifts.rigid([shift], SPACE)


def planes() -> Shifts:
    return Shifts.of_planes(np.random.default_rng(1).normal(0, 2, (1, SPACE[0], 2)), SPACE)


def tilted() -> Shifts:
    values = np.random.default_rng(2).normal(0, 1, (1, 3, 1, 1, 3))
    return Shifts(values, ([1, 2.5, 4], [8], [11]), SPACE)


def piecewise(*, flat: bool = False) -> Shifts:
    values = np.random.default_rng(3).normal(0, 1, (1, 2, 3, 4, 3)) * [0 if flat else 1, 1, 1]
    return Shifts(values, ([1, 4], [3, 8, 13], [2, 8, 14, 20]), SPACE)


CASES = {
    "still": rigid(0, 0, 0),
    "whole voxels": rigid(1, -2, 3),
    "fractions": rigid(0.3, -1.7, 2.25),
    "up to the edge": rigid(5, 16, -22),
    "beyond the edge": rigid(5.5, 0, 0),
    "far away": rigid(0, 40, 0),
    "by plane": planes(),
    "along z by plane": tilted(),
    "piecewise": piecewise(),
    "piecewise in planes": piecewise(flat=True),
}


@pytest.mark.parametrize("interpolation", ORDERS)
@pytest.mark.parametrize("case", CASES)
def test_undoing_shifts_gives_scipys_numbers(case: str, interpolation: str) -> None:
    shifts, frame = CASES[case], movie()
    found = whole(frame, shifts, interpolation)
    expected = by_scipy(frame, shifts, interpolation)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, atol=2e-3, rtol=1e-4)


@pytest.mark.parametrize("interpolation", ORDERS)
@pytest.mark.parametrize("case", CASES)
def test_a_box_of_a_registered_frame_is_cut_from_the_whole(case: str, interpolation: str) -> None:
    shifts, frame = CASES[case], movie()
    box = ((1, 4, 5), (4, 15, 19))
    part = warped(
        frame,
        shifts.values[0],
        shifts.centers,
        origin=(0, 0, 0),
        box=box,
        space=SPACE,
        interpolation=interpolation,
    )
    cut = whole(frame, shifts, interpolation)[1:4, 4:15, 5:19]
    np.testing.assert_allclose(part, cut, rtol=1e-6)


def test_whole_numbers_of_a_camera_are_interpolated_as_real_ones() -> None:
    frame = movie("uint16")
    np.testing.assert_allclose(
        whole(frame, rigid(0, 0.5, 0))[:, :-1], (frame[:, 1:].astype(float) + frame[:, :-1]) / 2, rtol=1e-6
    )


def test_a_frame_that_was_not_estimated_is_invalid_everywhere() -> None:
    assert np.isnan(whole(movie(), rigid(np.nan, 0, 0))).all()
    bad = piecewise().values.copy()
    bad[0, 1, 1, 1] = np.nan
    assert np.isnan(whole(movie(), Shifts(bad, piecewise().centers, SPACE))).all()


def test_what_is_invalid_in_the_frame_stays_invalid_around_it_only() -> None:
    frame = movie()
    frame[2, 8, 8] = np.nan
    lost = np.argwhere(np.isnan(whole(frame, rigid(0, 0.5, 0))[:, :-1]))
    np.testing.assert_array_equal(lost, [[2, 7, 8], [2, 8, 8]])


def whole(frame: NDArray[np.float32], shifts: Shifts, interpolation: str = "linear") -> NDArray[np.float32]:
    return warped(
        frame,
        shifts.values[0],
        shifts.centers,
        origin=(0, 0, 0),
        box=WHOLE,
        space=SPACE,
        interpolation=interpolation,
    )
