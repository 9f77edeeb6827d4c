"""Projections look along each axis past what is NaN."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt


@pytest.mark.parametrize("how", ["max", "mean", "max_plus_min"])
@pytest.mark.parametrize(("axis", "n"), [("z", 0), ("y", 1), ("x", 2)])
def test_voxels_that_cannot_be_estimated_do_not_hide_others(axis, n, how):
    movie = np.random.default_rng(0).normal(100, 5, (20, 3, 6, 8))
    movie[:, 1, 2, 3], movie[4, 2, 5, 5] = 1e6, np.nan
    movie[:, :, 4, 6] = movie[:, 0, :, 7] = movie[:, 2, 0, :] = 0
    found = nt.run(nt.Projection(of="std", axis=axis, how=how), nt.Recording.from_array(movie, voxel_size=(4, 2, 1)))
    std = movie.std(axis=0)
    std[std < 1e-6] = np.nan
    ways = {
        "max": np.nanmax,
        "mean": np.nanmean,
        "max_plus_min": lambda v, axis: np.nanmax(v, axis) + np.nanmin(v, axis),
    }
    with pytest.warns(RuntimeWarning, match="All-NaN|empty slice"):
        expected = ways[how](std, axis=n)
    np.testing.assert_allclose(found["projection"].values, expected, rtol=1e-5)
    assert np.isnan(expected).any()


def test_a_picture_knows_where_it_lies():
    movie = np.random.default_rng(0).normal(100, 5, (20, 3, 6, 8))
    found = nt.run(nt.Projection(axis="y", step=3), nt.Recording.from_array(movie, voxel_size=(4, 2, 0.5)))
    assert found["projection"].dims == ("picture_z", "picture_x")
    np.testing.assert_allclose(found["picture_x"], [0, 1.5, 3])
    np.testing.assert_allclose(found["picture_z"], [0])
