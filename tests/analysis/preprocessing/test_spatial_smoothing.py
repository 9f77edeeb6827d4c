"""Smoothing in space is that of scipy over the whole movie, however it is cut, and NaN spoils no neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import napari_thunder as nt
from napari_thunder.analysis import SpatialSmoothing
from napari_thunder.blocks import plan_blocks
from napari_thunder.engine import connect
from napari_thunder.errors import MissingMetadataError
from tests.analysis.runner import make_context
from tests.examples.preprocessing import stepped


@pytest.fixture(scope="module")
def movie():
    return np.random.default_rng(3).normal(100, 5, size=(20, 5, 22, 26))


def smoothed(movie, sigma):
    """By scipy: what has values over the weight of what has values."""
    valid = np.isfinite(movie).all(axis=0)
    weight = ndimage.gaussian_filter(valid.astype(float), sigma, mode="constant")
    filled = np.where(valid, movie, 0)
    found = np.stack([ndimage.gaussian_filter(volume, sigma, mode="constant") for volume in filled]) / weight
    return np.where(valid, found, np.nan)


def test_what_is_within_the_gaussian_of_no_border_is_scipys_whatever_it_does_there(movie):
    found = stepped("spatial_smoothing", movie, sigma=1, sigma_z=0, units="voxels")
    for mode in ("reflect", "nearest", "constant"):
        expected = ndimage.gaussian_filter(movie, (0, 0, 1, 1), mode=mode)
        np.testing.assert_allclose(found[:, :, 4:-4, 4:-4], expected[:, :, 4:-4, 4:-4], rtol=1e-12)


@pytest.mark.parametrize("voxels_at_a_time", [300, 10**6])
@pytest.mark.parametrize("n_blocks", [1, 13])
def test_blocks_and_parts_of_any_size_give_the_same(movie, monkeypatch, voxels_at_a_time, n_blocks):
    monkeypatch.setattr("napari_thunder.analysis.slabs._BOX_BYTES", 8 * 20 * voxels_at_a_time)
    engine = connect("threads")
    monkeypatch.setattr(engine, "plan", lambda r, halo=(0, 0, 0): plan_blocks(r.shape, 8, at_least=n_blocks, halo=halo))
    recording = nt.Recording.from_array(movie, voxel_size=(4, 1, 2)).without_frames([3])
    chain = [SpatialSmoothing(sigma=1.6), "downsample factor=4", "spatial_smoothing units=voxels sigma=0.5"]
    found = nt.run(nt.SummaryImages(), recording, engine=engine, preprocess=chain)
    once = smoothed(np.delete(movie, 3, axis=0), (0.4, 1.6, 0.8))
    few = np.stack([once[:3].mean(0), *once[3:].reshape(4, 4, *once.shape[1:]).mean(axis=1)])
    np.testing.assert_allclose(found["mean"].values, smoothed(few, 0.5).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found["std"].values, smoothed(few, 0.5).std(axis=0), rtol=1e-4)
    engine.close()


def test_voxels_with_nan_stay_so_and_spoil_no_neighbours(movie):
    spoilt = movie.copy()
    spoilt[4, 2, 10, 10:13] = np.nan
    spoilt[:, 0, 0] = np.nan
    spoilt[7, 4, 20, 3] = np.inf
    found = stepped("spatial_smoothing", spoilt, sigma=1.2, units="voxels")
    spoilt[7, 4, 20, 3] = np.nan
    np.testing.assert_allclose(found, smoothed(spoilt, 1.2), rtol=1e-11)
    assert np.isfinite(found).sum() == movie.size - 20 * (3 + 26 + 1)


def test_a_constant_movie_stays_constant_up_to_the_border():
    found = stepped("spatial_smoothing", np.full((3, 4, 9, 7), 8.0), sigma=2, units="voxels")
    np.testing.assert_allclose(found, 8.0, rtol=1e-14)


def test_a_sigma_of_0_changes_nothing(movie):
    np.testing.assert_array_equal(stepped("spatial_smoothing", movie, sigma=0, units="voxels"), movie)


def test_a_gaussian_reaches_as_far_as_that_of_scipy():
    context = make_context(9, voxel_size=(5.0, 0.8, 0.8))
    assert SpatialSmoothing(sigma=2).halo(context) == (2, 10, 10)
    assert SpatialSmoothing(sigma=2, sigma_z=0, truncate=3).halo(context) == (0, 8, 8)


def test_micrometres_need_the_size_of_a_voxel():
    for ask in (SpatialSmoothing().bind, SpatialSmoothing().halo):
        with pytest.raises(MissingMetadataError, match="smoothing by a sigma in µm needs the size of a voxel"):
            ask(make_context(9))
