"""Frames are compared as by numpy, whatever is not a voxel of the brain, and refused where they are too many."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis import FrameSimilarity
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, make_context


def test_voxels_without_information_take_no_part_however_they_are_cut(tiny, series):
    spoilt = np.concatenate([np.zeros((260, 3)), series, np.full((260, 2), 7.0)], axis=1)
    spoilt[5, -1] = np.nan
    for slabs in (1, 6):
        found = compute(FrameSimilarity(), tiny, spoilt, slabs=slabs)
        np.testing.assert_allclose(found["similarity"], np.corrcoef(series), rtol=1e-9, atol=1e-12)
        assert found["n_voxels"] == 12


def test_states_of_the_brain_are_blocks_and_excluded_frames_are_not_there():
    rng = np.random.default_rng(0)
    patterns = rng.normal(size=(2, 1, 6, 7))
    movie = 100 + patterns[np.repeat([0, 1, 0], 10)] + 0.1 * rng.normal(size=(30, 1, 6, 7))
    result = nt.run(FrameSimilarity(), nt.Recording.from_array(movie).without_frames([0, 12]), preprocess=["z_score"])
    same = np.equal.outer(*[np.delete(np.repeat([0, 1, 0], 10), [0, 12])] * 2)
    similarity = result["similarity"].values
    assert similarity[same].min() > 0.3
    assert similarity[~same].max() < -0.3
    assert (
        result["frame"].values.tolist()
        == result["other_frame"].values.tolist()
        == np.delete(np.arange(30), [0, 12]).tolist()
    )
    assert result["similarity"].attrs["n_frames_used"] == 28


def test_too_many_frames_or_too_few_voxels_are_refused_in_words(series):
    with pytest.raises(AnalysisError, match="Put the step 'downsample' before it"):
        FrameSimilarity().plan(make_context(5001))
    with pytest.raises(AnalysisError, match="1 voxels vary and have no NaN"):
        compute(FrameSimilarity(), make_context(260), series[:, :1])
