"""Answers of Thunder 0.5 to 1.4 that are known (`reference/thunder.md` section 5, by their numbers)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import shift as moved

from napari_thunder.registration.apply import warped
from napari_thunder.registration.modes import estimator_of
from napari_thunder.registration.phase import Matcher
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shifts import Shifts
from napari_thunder.registration.template import middle

REACH = (2.0, 2.0, 2.0)


def normal(*shape: int) -> NDArray[np.float64]:
    return np.random.RandomState(42).randn(*shape)


@pytest.mark.parametrize("delta", [(2, 0), (0, 2), (2, -2), (-2, 2)])
def test_33_images_of_noise_are_registered_to_the_delta_they_were_shifted_by(delta: tuple[int, int]) -> None:
    reference = normal(25, 25)
    frame = moved(reference, delta, mode="constant", order=0)
    found = Matcher(reference, max_shift=REACH).match(frame[None]).shift
    np.testing.assert_array_equal(np.rint(found), [0, *delta])
    corrected = undone(frame[None], Shifts.rigid([[0, *delta]], (1, 25, 25)))[0]
    inside = np.isfinite(corrected)
    assert inside.sum() == (25 - abs(delta[0])) * (25 - abs(delta[1]))
    np.testing.assert_allclose(corrected[inside], reference[inside], rtol=1e-6)


def test_34_volumes_of_noise_are_registered_whole_and_plane_by_plane() -> None:
    """Thunder's volumes are (x, y, z)."""
    volume = normal(25, 25, 3)
    reference, frame = (v.T.astype(np.float32) for v in (volume, moved(volume, (2, -2, 0), mode="constant", order=0)))
    found = Matcher(reference, max_shift=REACH).match(frame).shift
    np.testing.assert_array_equal(np.rint(found), [0, -2, 2])
    by_plane = estimator_of(Registration(mode="rigid 2-D planes", max_shift=2.0), reference).estimate(frame[None])
    np.testing.assert_array_equal(np.rint(by_plane.shifts[0, :, 0, 0]), [[0, -2, 2]] * 3)


@pytest.mark.parametrize("delta", [(1, 2), (-2, 1)])
def test_35_a_wrapped_ramp_is_a_repeated_one_displaced(delta: tuple[int, int]) -> None:
    ramp = np.arange(25).reshape(5, 5)
    found = Matcher(np.tile(ramp, (6, 6)), max_shift=REACH).match(np.tile(np.roll(ramp, delta, (0, 1)), (6, 6))[None])
    np.testing.assert_array_equal(np.rint(found.shift), [0, *delta])


def test_35_a_wrapped_volume_is_a_repeated_one_displaced() -> None:
    """The numbers of Thunder's ramp, shuffled: its steps along x are but a 25th of those along z."""
    volume = np.random.default_rng(0).permutation(125).reshape(5, 5, 5)
    reference, frame = (np.tile(v, (4, 5, 5)) for v in (volume, np.roll(volume, (1, 0, 2), (0, 1, 2))))
    np.testing.assert_array_equal(np.rint(Matcher(reference, max_shift=REACH).match(frame).shift), [1, 0, 2])


def test_35_each_plane_of_an_image_has_a_delta_of_its_own() -> None:
    planes, deltas = np.arange(60).reshape(2, 5, 6), [(1, 2), (-2, 1)]
    reference = np.tile(planes, (1, 6, 6)).astype(np.float32)
    frame = np.stack([np.tile(np.roll(p, d, (0, 1)), (6, 6)) for p, d in zip(planes, deltas, strict=True)])
    found = estimator_of(Registration(mode="rigid 2-D planes", max_shift=2.0), reference).estimate(frame[None])
    np.testing.assert_array_equal(np.rint(found.shifts[0, :, 0, 0]), [[0, *d] for d in deltas])


def test_36_the_reference_is_made_of_the_frames_in_the_middle() -> None:
    np.testing.assert_array_equal(middle(np.arange(27), 20), np.arange(3, 23))
    np.testing.assert_array_equal(middle(np.arange(3), 20), [0, 1, 2])
    np.testing.assert_array_equal(middle(np.arange(3), 1), [1])


def undone(frame: NDArray[np.float64], shifts: Shifts) -> NDArray[np.float32]:
    box = ((0, 0, 0), shifts.space)
    return warped(frame, shifts.values[0], shifts.centers, origin=(0, 0, 0), box=box, space=shifts.space)
