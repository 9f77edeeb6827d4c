"""The global signal is the mean over the brain, or over the mask, and goes as by least squares."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis import RemoveGlobalSignal, ZScore
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import make_context, stepped
from tests.examples.preprocessing import stepped as through_engine


@pytest.fixture
def movie():
    rng = np.random.default_rng(0)
    return 100 + rng.normal(size=(40, 3, 8, 9)) + 3 * rng.normal(size=40)[:, None, None, None]


def without(movie, *columns):
    design = np.stack([np.ones(len(movie)), *columns], axis=1)
    flat = movie.reshape(len(movie), -1)
    weights = np.linalg.lstsq(design, flat, rcond=None)[0][1:]
    return (flat - (design[:, 1:] - design[:, 1:].mean(axis=0)) @ weights).reshape(movie.shape)


def test_a_voxel_with_nan_is_not_in_the_mean_and_excluded_frames_neither(movie):
    movie[:, 1, 2, 3] = np.nan
    movie[7] = 1e5
    found = through_engine("remove_global_signal", movie, known={"exclude_frames": [7]})
    kept = np.delete(movie, 7, axis=0)
    expected = without(np.nan_to_num(kept), np.nanmean(kept, axis=(1, 2, 3)))
    expected[:, 1, 2, 3] = np.nan
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_its_change_goes_too_where_asked_for(movie):
    mean = movie.mean(axis=(1, 2, 3))
    found = through_engine("remove_global_signal", movie, derivatives=True)
    np.testing.assert_allclose(found, without(movie, mean, np.gradient(mean)), rtol=1e-9)


def test_the_mean_is_that_of_the_mask_and_of_what_comes_before(movie):
    mask = np.zeros(movie.shape[1:], bool)
    mask[1, 2:6, 2:7] = True
    found = nt.run(
        nt.SummaryImages(), nt.Recording.from_array(movie), preprocess=["z_score", "remove_global_signal"], mask=mask
    )
    inside = ((movie - movie.mean(0)) / movie.std(0))[:, mask]
    expected = without(inside, inside.mean(axis=1)).std(axis=0)
    np.testing.assert_allclose(found["std"].values[mask], expected, rtol=1e-5)


def test_a_mean_that_is_not_there_is_refused_in_words(series):
    context = make_context(260)
    with pytest.raises(AnalysisError, match="no voxel is finite in every frame"):
        stepped(RemoveGlobalSignal(), context, series * np.nan)
    with pytest.raises(AnalysisError, match="the mean over the brain is constant"):
        stepped(RemoveGlobalSignal(), context, np.ones((260, 4)))
    again = stepped(RemoveGlobalSignal(), context, stepped(ZScore(), context, series))
    assert np.abs(again.mean(axis=1)).max() < 1e-9
