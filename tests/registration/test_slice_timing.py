"""Shifts of planes when each of them was taken."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.errors import RegistrationError
from napari_thunder.io.slice_timed import SliceTiming
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts
from napari_thunder.registration.slice_timing import shifts_of_planes
from tests.registration.deforming import Waves, bent, texture

SPACE = (4, 40, 48)
TIMING = SliceTiming.in_order(4)


def moving(t: np.ndarray) -> np.ndarray:
    return np.stack([0 * t, 1.2 * t - 4, 3 - 0.8 * t], axis=-1)


def test_planes_of_an_evenly_moving_brain_shift_as_far_as_it_went_when_they_were_taken() -> None:
    frames = np.arange(6)
    middle = np.mean(TIMING.delays)
    found = shifts_of_planes(Shifts.rigid(moving(frames + middle), SPACE), TIMING)
    assert found.grid == (4, 1, 1)
    expected = moving(frames[:, None] + np.array(TIMING.delays))
    np.testing.assert_allclose(found.values[1:-1, :, 0, 0], expected[1:-1], atol=1e-5)


def test_a_movie_of_planes_taken_one_after_the_other_is_undone_better_than_by_shifts_of_volumes() -> None:
    still, frames = texture(SPACE), np.arange(5)
    times = frames[:, None] + np.array(TIMING.delays)
    movie = np.stack([[bent(still[z : z + 1], still_shift(times[t, z]))[0] for z in range(4)] for t in frames])
    whole = Shifts.rigid(moving(frames + np.mean(TIMING.delays)), SPACE)
    left = {}
    for name, shifts in {"volumes": whole, "planes": shifts_of_planes(whole, TIMING)}.items():
        seen = Recording.from_array(movie).registered(shifts, "cubic")
        left[name] = np.nanstd((np.stack([seen.read_volume(t) for t in (1, 2, 3)]) - still)[:, :, 8:-8, 8:-8])
    assert left["planes"] < 0.25 * left["volumes"]


def still_shift(time: float) -> Waves:
    z, y, x = moving(np.array(time))
    return Waves((1, 40, 48), (0, 0, 0), shift=(float(z), float(y), float(x)))


def test_a_plane_found_elsewhere_was_moved_when_that_one_was_taken() -> None:
    values = np.zeros((5, 3))
    values[:, 0], values[:, 2] = 1.0, np.arange(5)
    found = shifts_of_planes(Shifts.rigid(values, SPACE), TIMING)
    delays = np.interp(np.arange(4) + 1, np.arange(4), TIMING.delays)
    np.testing.assert_allclose(found.values[2, :, 0, 0, 2], 2 + delays - np.mean(TIMING.delays), atol=1e-6)


def test_frames_that_were_not_estimated_stay_so_and_do_not_count() -> None:
    values = np.zeros((5, 3))
    values[:, 1] = np.arange(5)
    values[2] = np.nan
    found = shifts_of_planes(Shifts.rigid(values, SPACE), TIMING)
    assert np.isnan(found.values[2]).all()
    expected = 3 + np.array(TIMING.delays) - np.mean(TIMING.delays)
    np.testing.assert_allclose(found.values[3, :, 0, 0, 1], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("shifts", "timing", "message"),
    [
        (Shifts.of_planes(np.zeros((3, 4, 2)), SPACE), TIMING, "give those of volumes"),
        (Shifts.rigid(np.zeros((3, 3)), SPACE), SliceTiming.in_order(3), "3 planes; the shifts are of volumes of 4"),
        (Shifts.rigid(np.full((3, 3), np.nan), SPACE), TIMING, "no frame has a shift"),
    ],
)
def test_what_cannot_be_is_refused(shifts: Shifts, timing: SliceTiming, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        shifts_of_planes(shifts, timing)
