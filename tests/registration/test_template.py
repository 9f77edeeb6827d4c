"""A template is made of frames that resemble each other, wherever the others went."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.registration.likeness import Likeness
from napari_thunder.registration.search import Search
from napari_thunder.registration.template import alike, binned, evenly, mean_of, refined, undone, within
from tests.registration.scenes import Scene, jitter, rms

SPACE = (4, 48, 56)
SEARCH = Search((1.5, 6.0, 6.0), (0.8, 1.15, 1.15))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(SPACE)


def test_frames_are_spread_evenly_over_those_that_count() -> None:
    kept = np.array([0, 1, 2, 10, 11, 20])
    np.testing.assert_array_equal(evenly(kept, 3), [0, 2, 20])
    np.testing.assert_array_equal(evenly(kept, 100), kept)


def test_the_frames_most_alike_are_those_that_did_not_move(scene: Scene) -> None:
    shifts = np.zeros((40, 3))
    shifts[::3] = np.add(jitter(14, SPACE, spread=4), (0, 3, 0))
    still = np.flatnonzero(~shifts.any(axis=1))
    assert set(alike(scene.frames(shifts, 30))) <= set(still)


def test_a_refined_template_is_as_sharp_as_a_frame_that_did_not_move(scene: Scene) -> None:
    shifts = jitter(30, SPACE, seed=5)
    frames = scene.frames(shifts, 30).astype(np.float32)
    template, found, best = refined(frames, SEARCH, 6)
    lies = np.median(shifts - found, axis=0)
    assert rms(found + lies - shifts) < 0.12
    assert len(best) == 15
    still = Likeness(scene.frame(lies).astype(np.float32))
    assert still.of(template) > 0.98 > still.of(frames.mean(axis=0))


def test_a_blank_frame_and_one_that_is_lost_do_no_harm(scene: Scene) -> None:
    frames = scene.frames(jitter(12, SPACE, seed=6), 30).astype(np.float32)
    frames[3], frames[7] = np.nan, 100
    _, shifts, best = refined(frames, SEARCH, 3)
    assert not {3, 7} & set(best)
    np.testing.assert_array_equal(np.isnan(shifts).all(axis=1), [i in (3, 7) for i in range(12)])


def test_a_mean_is_over_the_frames_that_have_the_voxel() -> None:
    frames = np.array([[[[1, np.nan, np.nan]]], [[[3, 4, np.nan]]]])
    np.testing.assert_array_equal(mean_of(frames), [[[2, 4, np.nan]]])


def test_undoing_a_shift_puts_the_brain_back(scene: Scene) -> None:
    back = undone(scene.frame((0, 3, -2)), np.array([0, 3, -2], np.float32))
    inside = np.isfinite(back)
    np.testing.assert_allclose(back[inside], scene.frame()[inside], atol=0.05)


def test_what_is_outside_a_mask_no_longer_counts(scene: Scene) -> None:
    mask = np.zeros(SPACE, bool)
    mask[:, :, 20:] = True
    template = scene.frame().astype(np.float32)
    masked = within(template, mask)
    assert np.ptp(masked[:, :, :16]) < 1e-3
    np.testing.assert_allclose(masked[:, :, 26:], template[:, :, 26:], atol=1)


def test_binned_voxels_are_means() -> None:
    frame = np.arange(2 * 5 * 7).reshape(2, 5, 7)
    small = binned(frame, 2)
    assert small.shape == (2, 2, 3)
    assert small[1, 1, 2] == frame[1, 2:4, 4:6].mean()
    np.testing.assert_array_equal(binned(frame, 1), frame)


def test_likeness_is_pearsons_correlation_over_what_both_have() -> None:
    rng = np.random.default_rng(0)
    template, frame = rng.random((2, 3, 5, 6), np.float32) * 1000 + 30000
    template[0, 0], frame[2, :, 5] = np.nan, np.nan
    mask = rng.random(template.shape) < 0.8
    both = np.isfinite(template) & np.isfinite(frame) & mask
    expected = np.corrcoef(template[both], frame[both])[0, 1]
    assert Likeness(template, mask).of(frame) == pytest.approx(expected, abs=1e-5)
    assert np.isnan(Likeness(template).of(np.full_like(frame, np.nan)))
    assert np.isnan(Likeness(template).of(np.full_like(frame, 5)))
