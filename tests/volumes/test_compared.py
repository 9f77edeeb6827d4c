"""Frames minus a volume, as they are looked at."""

from __future__ import annotations

import numpy as np

from napari_thunder.engine.job import Job
from napari_thunder.recording import Recording
from napari_thunder.volumes import MovieView, sight_of
from napari_thunder.volumes.compared import difference_from

MOVIE = np.random.default_rng(0).integers(0, 900, (5, 2, 6, 8)).astype(np.uint16)


def test_differences_have_a_sign_though_the_movie_has_none() -> None:
    reference = np.full((2, 6, 8), 450.0, np.float32)
    reference[0, 0, 0] = np.nan
    sight = difference_from(sight_of(Recording.from_array(MOVIE), MovieView()), reference)
    ((t, found),) = sight.reader.read([3], Job("read"))
    assert t == 3
    assert sight.dtype == found.dtype == np.float32
    expected = MOVIE[3].astype(float) - 450
    expected[0, 0, 0] = 0
    np.testing.assert_array_equal(found, expected)
    assert found.min() < 0
