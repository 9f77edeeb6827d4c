"""Means over stretches of time, as a movie of their own."""

from __future__ import annotations

import pickle

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.io.array import ArraySource
from napari_thunder.registration.windows import WindowMeans

MOVIE = np.random.default_rng(0).integers(0, 1000, (10, 3, 5, 6)).astype(np.uint16)


def means(*windows: tuple[int, int], exclude_frames: tuple[int, ...] = ()) -> WindowMeans:
    return WindowMeans(ArraySource(MOVIE, "movie"), windows, exclude_frames)


def test_a_frame_is_the_mean_of_its_window() -> None:
    movie = means((0, 4), (6, 10))
    assert movie.shape == (2, 3, 5, 6)
    np.testing.assert_allclose(movie.read_volume(1), MOVIE[6:].mean(axis=0), rtol=1e-6)
    block = Block(0, (0, 2), (1, 0, 2), (3, 5, 6))
    expected = np.stack([MOVIE[:4].mean(axis=0), MOVIE[6:].mean(axis=0)])[:, 1:3, :, 2:6]
    np.testing.assert_allclose(movie.read_block(block), expected, rtol=1e-6)


def test_excluded_frames_do_not_count() -> None:
    movie = means((0, 4), (6, 8), exclude_frames=(1, 6, 7))
    np.testing.assert_allclose(movie.read_volume(0), MOVIE[[0, 2, 3]].mean(axis=0), rtol=1e-6)
    assert np.isnan(movie.read_volume(1)).all()


def test_it_goes_to_a_worker_and_is_known_by_its_windows() -> None:
    movie = means((0, 4))
    assert pickle.loads(pickle.dumps(movie)).fingerprint() == movie.fingerprint()
    assert len({m.fingerprint() for m in (movie, means((0, 5)), means((0, 4), exclude_frames=(1,)))}) == 3
