"""Profiles along a line: those of skimage, and straight where the motion is undone."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from skimage.measure import profile_line

from napari_thunder.blocks import Block
from napari_thunder.errors import RegistrationError
from napari_thunder.io.array import ArraySource
from napari_thunder.registration import RegisteredSource, Shifts
from napari_thunder.registration.kymograph import Kymograph, line_along

SPACE = (3, 24, 30)
RNG = np.random.default_rng(7)


def profiles(movie: np.ndarray, kymograph: Kymograph, at_most: int = 4) -> tuple[np.ndarray, np.ndarray]:
    source = ArraySource(movie, "movie")
    answers = [kymograph(source.read_block(b), b) for b in kymograph.blocks(len(movie), at_most=at_most)]
    return tuple(np.concatenate([a[name] for a in answers]) for name in ("raw", "registered"))  # type: ignore[return-value]


def test_a_profile_is_that_of_skimage() -> None:
    volume = RNG.normal(100, 20, SPACE).astype(np.float32)
    line = line_along([[1, 4, 5], [1, 4, 25]], SPACE, width=3)
    raw, _ = profiles(volume[None], Kymograph(line, Shifts.rigid(np.zeros((1, 3)), SPACE)))
    expected = profile_line(volume[1], (4, 5), (4, 25), linewidth=3, order=1, reduce_func=np.mean)
    np.testing.assert_allclose(raw[0], expected, rtol=1e-4)


def test_an_oblique_profile_is_that_of_skimage() -> None:
    volume = np.add.outer(np.arange(24.0) ** 1.5, 3 * np.arange(30.0))[None].repeat(3, 0).astype(np.float32)
    line = line_along([[1, 4, 5], [1, 16, 21]], SPACE, width=5)
    raw, _ = profiles(volume[None], Kymograph(line, Shifts.rigid(np.zeros((1, 3)), SPACE)))
    expected = profile_line(volume[1], (4, 5), (16, 21), linewidth=5, order=1, reduce_func=np.mean)
    np.testing.assert_allclose(raw[0][[0, -1]], expected[[0, -1]], rtol=1e-3)
    assert raw.shape[1] == len(expected)


def test_a_moving_brain_is_wavy_raw_and_straight_registered() -> None:
    brain = np.zeros(SPACE, np.float32)
    brain[:, 8:16, 10:20] = RNG.uniform(10, 90, (3, 8, 10))
    moves = np.stack([np.zeros(20, int), RNG.integers(-4, 5, 20), RNG.integers(-4, 5, 20)], axis=1)
    movie = np.stack([np.roll(brain, m, axis=(0, 1, 2)) for m in moves])
    line = line_along([[1, 12, 4], [1, 12, 26]], SPACE, width=1)
    raw, registered = profiles(movie, Kymograph(line, Shifts.rigid(moves, SPACE)))
    assert raw.std(axis=0).max() > 10
    np.testing.assert_allclose(np.nanstd(registered, axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(registered[0], brain[1, 12, 4:27], atol=1e-4)


def test_the_registered_profile_is_that_of_the_registered_recording() -> None:
    movie = RNG.normal(100, 20, (5, *SPACE)).astype(np.float32)
    centers = (np.array([1.0]), np.array([5.0, 18.0]), np.array([6.0, 15.0, 24.0]))
    shifts = Shifts(RNG.integers(-2, 3, (5, 1, 2, 3, 3)) * np.array([0, 1, 1]), centers, SPACE)
    line = line_along([[1, 5, 6], [1, 5, 6.0 + 9]], SPACE, width=1)
    _, found = profiles(movie, Kymograph(line, shifts))
    source = RegisteredSource(ArraySource(movie, "movie"), shifts)
    expected = np.stack([source.read_volume(t)[1, 5, 6:16] for t in range(5)])
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_what_lies_outside_the_frame_is_not_known() -> None:
    movie = RNG.normal(100, 20, (2, *SPACE)).astype(np.float32)
    line = line_along([[1, 2, 0], [1, 2, 10]], SPACE, width=1)
    raw, registered = profiles(movie, Kymograph(line, Shifts.rigid([[0, 0, -3], [np.nan] * 3], SPACE)))
    assert np.isfinite(raw).all()
    assert np.isnan(registered[0, :3]).all()
    assert np.isfinite(registered[0, 3:]).all()
    assert np.isnan(registered[1]).all()


def test_only_the_box_of_the_line_is_read_in_stretches_at_borders_of_chunks() -> None:
    line = line_along([[1, 4, 5], [1, 9, 5]], SPACE, width=3)
    blocks = Kymograph(line, Shifts.rigid(np.full((100, 3), [0, 2.0, 0]), SPACE)).blocks(100, chunk=8, at_most=4)
    assert [b.times for b in blocks] == [(0, 32), (32, 64), (64, 96), (96, 100)]
    assert blocks[0].start[1] <= 2
    assert blocks[0].stop[1] <= 14
    assert blocks[0].stop[2] < 12


def test_it_crosses_a_wire() -> None:
    line = line_along([[1, 4, 5], [1, 9, 5]], SPACE)
    kymograph = pickle.loads(pickle.dumps(Kymograph(line, Shifts.rigid(np.zeros((4, 3)), SPACE))))
    block = Block(0, (0, 4), (0, 0, 0), SPACE)
    assert kymograph(np.ones((4, *SPACE)), block)["raw"].shape == (4, 6)


def test_the_distance_is_in_micrometres_along_the_path() -> None:
    path = [[0, 2, 2], [0, 2, 12], [2, 2, 12]]
    line = line_along(path, SPACE, voxel_size=(5.0, 1.0, 2.0))
    assert line.distance[-1] == pytest.approx(20 + 10, rel=0.05)


@pytest.mark.parametrize("corners", [[[1, 4, 5]], [[1, 4, 5], [1, 4, 5.3]], [[1, -9, 4], [1, -3, 4]]])
def test_a_line_of_no_length_inside_the_brain_is_refused(corners: list[list[float]]) -> None:
    with pytest.raises(RegistrationError, match="Draw a longer one"):
        line_along(corners, SPACE)
