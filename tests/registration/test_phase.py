"""Shifts found by phase correlation, against displacements known for certain and against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.registration import phase_cross_correlation

from napari_thunder.errors import RegistrationError
from napari_thunder.registration.phase import Matcher
from tests.registration.scenes import Scene, jitter, rms

VOLUME = (8, 64, 72)
IMAGE = (1, 96, 96)
REACH = (3.0, 8.0, 8.0)


@pytest.fixture(scope="module")
def volume() -> Scene:
    return Scene(VOLUME)


@pytest.fixture(scope="module")
def image() -> Scene:
    return Scene(IMAGE)


def test_a_frame_that_moved_to_higher_coordinates_has_a_positive_shift(volume: Scene) -> None:
    still = volume.frame()
    moved = np.full_like(still, still.min())
    moved[1:, 3:, 2:] = still[:-1, :-3, :-2]
    found = Matcher(still, max_shift=REACH).match(moved)
    np.testing.assert_allclose(found.shift, [1, 3, 2], atol=0.15)
    skimage = phase_cross_correlation(still, moved, normalization=None)[0]
    np.testing.assert_allclose(found.shift, -skimage, atol=0.15)


def test_fractions_of_a_voxel_are_found_in_volumes(volume: Scene) -> None:
    shifts = jitter(8, VOLUME, seed=1)
    found = Matcher(volume.frame(), max_shift=REACH).match_many(volume.frames(shifts))
    assert rms(found.shifts - shifts) < 0.03


def test_fractions_of_a_plane_are_not_biased() -> None:
    scene = Scene((12, 48, 48))
    z = np.linspace(-1.5, 1.5, 11)
    found = Matcher(scene.frame(), max_shift=REACH).match_many(scene.frames(np.outer(z, [1, 0, 0])))
    np.testing.assert_allclose(found.shifts[:, 0], z, atol=0.06)


@pytest.mark.parametrize("planes", [2, 3, 5])
def test_a_few_planes_that_did_not_move_along_z_are_found_where_they_are(planes: int) -> None:
    scene = Scene((planes, 64, 64))
    found = Matcher(scene.frame(), max_shift=REACH).match(scene.frame((0, 1.5, -2)))
    np.testing.assert_allclose(found.shift, [0, 1.5, -2], atol=0.05)


def test_an_image_is_a_volume_of_one_plane(image: Scene) -> None:
    shift = (0, 1.3, -2.7)
    reference, frame = image.frame(), image.frame(shift)
    found = Matcher(reference[0], max_shift=REACH).match_many(frame)
    np.testing.assert_allclose(found.shifts[0], shift, atol=0.03)
    np.testing.assert_array_equal(Matcher(reference, max_shift=REACH).match(frame).shift, found.shifts[0])


@pytest.mark.parametrize("noise", [0, 100, 300, 1000])
@pytest.mark.parametrize("scene", ["volume", "image"])
def test_it_is_never_worse_than_scikit_image_however_much_noise(
    scene: str, noise: float, request: pytest.FixtureRequest
) -> None:
    brain: Scene = request.getfixturevalue(scene)
    shifts = jitter(12, brain.space, seed=2)
    reference, frames = brain.frame(noise=noise / 10), brain.frames(shifts, noise)
    ours = Matcher(reference, max_shift=REACH).match_many(frames).shifts
    for normalization in (None, "phase"):
        theirs = [
            -phase_cross_correlation(reference, f, upsample_factor=10, normalization=normalization)[0] for f in frames
        ]
        assert rms(ours - shifts) < rms(theirs - shifts)


def test_strong_activity_is_not_taken_for_motion(volume: Scene) -> None:
    shifts = jitter(8, VOLUME, seed=3)
    frames = np.stack([volume.frame(s, 30, volume.active(0.5)) for s in shifts])
    assert rms(Matcher(volume.frame(), max_shift=REACH).match_many(frames).shifts - shifts) < 0.06


def test_dim_planes_and_a_bright_spot_do_not_lead_it_astray(volume: Scene) -> None:
    shifts = jitter(8, VOLUME, seed=4)
    frames = volume.frames(shifts, 20)
    frames[:, :3] *= 0.05
    frames[:, 5, 30:34, 40:44] = 60000
    assert rms(Matcher(volume.frame(), max_shift=REACH).match_many(frames).shifts - shifts) < 0.15


def test_brightness_and_whole_numbers_do_not_matter(volume: Scene) -> None:
    matcher, frame = Matcher(volume.frame(), max_shift=REACH), volume.frame((0.4, 1.2, -0.8))
    found = matcher.match(frame)
    np.testing.assert_allclose(matcher.match(np.rint(frame).clip(0).astype(np.uint16)).shift, found.shift, atol=0.01)
    np.testing.assert_allclose(matcher.match(0.8 * frame + 10).shift, found.shift, atol=0.05)


def test_missing_values_do_not_matter(volume: Scene) -> None:
    reference, frame = volume.frame(), volume.frame((0.4, 1.2, -0.8))
    reference[0], frame[:, :4], frame[3, 20, 20] = np.nan, np.nan, np.nan
    found = Matcher(reference, max_shift=REACH).match(frame)
    np.testing.assert_allclose(found.shift, [0.4, 1.2, -0.8], atol=0.15)


def test_a_frame_without_anything_is_unknown_and_the_others_are_not(volume: Scene) -> None:
    frames = volume.frames([(0, 1, 0)] * 3)
    frames[0], frames[2] = np.nan, 7
    found = Matcher(volume.frame(), max_shift=REACH).match_many(frames)
    np.testing.assert_array_equal(np.isnan(found.shifts).all(axis=1), [True, False, True])
    np.testing.assert_array_equal(np.isnan(found.snrs), [True, False, True])


def test_frames_are_matched_alike_alone_and_together(volume: Scene) -> None:
    matcher, frames = Matcher(volume.frame(), max_shift=REACH), volume.frames(jitter(5, VOLUME), 50)
    together = matcher.match_many(frames)
    for frame, shift, peak, snr in zip(frames, together.shifts, together.peaks, together.snrs, strict=True):
        alone = matcher.match(frame)
        np.testing.assert_allclose(alone.shift, shift, atol=1e-3)
        assert (alone.peak, alone.snr) == pytest.approx((peak, snr), rel=1e-3)


def test_no_shift_is_larger_than_it_may_be(volume: Scene) -> None:
    found = Matcher(volume.frame(), max_shift=(0.5, 2.5, 2)).match(volume.frame((2, 6, -6)))
    assert (np.abs(found.shift) <= [0.5, 2.5, 2]).all()


def test_the_peak_is_1_for_the_reference_itself_and_confidence_near_1_for_noise(volume: Scene) -> None:
    reference = volume.frame()
    matcher = Matcher(reference, max_shift=REACH)
    assert matcher.match(reference).peak == pytest.approx(1, abs=0.02)
    noise = matcher.match(np.random.default_rng(0).random(VOLUME))
    assert noise.snr < 1.5 < 5 < matcher.match(volume.frame((0, 2, 2), 50)).snr


def test_correlations_add_up_over_noisy_frames_that_moved_together(image: Scene) -> None:
    shift = (0, 2.3, -1.6)
    frames = np.stack([image.frame(shift, 2500) for _ in range(40)])
    matcher = Matcher(image.frame(), max_shift=REACH)
    correlation = matcher.correlate(frames)
    alone = matcher.find(correlation).shifts
    together = matcher.find(correlation.mixed(np.ones((1, 40)) / 40)).shifts
    assert rms(together - [shift]) < 0.3 < 1 < rms(alone - [shift])


def test_maps_are_the_correlation_at_whole_voxels(image: Scene) -> None:
    matcher = Matcher(image.frame(), max_shift=REACH)
    maps = matcher.maps(matcher.correlate(image.frame((0, 3, -4))[None]))
    assert maps.shape == (1, 1, 17, 17)
    assert np.unravel_index(np.argmax(maps[0]), maps.shape[1:]) == (0, 8 + 3, 8 - 4)


def test_a_reference_that_shows_nothing_is_refused() -> None:
    with pytest.raises(RegistrationError, match="the same everywhere"):
        Matcher(np.full((4, 20, 20), 3.0), max_shift=REACH)
    with pytest.raises(RegistrationError, match="no finite value"):
        Matcher(np.full((4, 20, 20), np.nan), max_shift=REACH)
    with pytest.raises(RegistrationError, match=r"\(z, y, x\) or \(y, x\)"):
        Matcher(np.zeros(5), max_shift=REACH)


def test_frames_of_another_shape_are_refused(image: Scene) -> None:
    with pytest.raises(RegistrationError, match="cannot be matched"):
        Matcher(image.frame(), max_shift=REACH).match_many(np.zeros((2, 1, 5, 5)))
