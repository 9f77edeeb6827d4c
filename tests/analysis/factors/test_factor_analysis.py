"""Factor analysis tells what regions share from noise of their own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_thunder.analysis import FactorAnalysis
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.factors import shared


def test_shared_variance_is_that_of_the_model():
    series, loadings, noise = shared()
    context = make_context(len(series), voxel_size=(1.0, 1.0, 1.0))
    found = compute(FactorAnalysis(2, of="cells", cell_size=1, standardize=False), context, series)
    expected = np.sum(loadings**2, axis=0) / (np.sum(loadings**2, axis=0) + noise)
    np.testing.assert_allclose(found["shared_variance"], expected, atol=0.04)
    np.testing.assert_allclose(found["loadings"].T @ found["loadings"], loadings.T @ loadings, atol=0.5)


def test_the_number_of_factors_is_found_by_leaving_frames_out():
    series = shared()[0]
    analysis = FactorAnalysis(None, most=4, of="cells", cell_size=1)
    result = dataset(analysis, make_context(len(series), voxel_size=(1.0, 1.0, 1.0)), series)
    assert result.sizes["component"] == 2
    assert result["log_likelihood_by_factors"].values.argmax() == 1
    assert result.attrs["n_groups_used"] == 12


def test_varimax_turns_the_factors_and_what_is_shared_stays():
    series = shared()[0]
    context = make_context(len(series), voxel_size=(1.0, 1.0, 1.0))
    plain, turned = (
        compute(FactorAnalysis(2, of="cells", cell_size=1, rotation=r), context, series) for r in ("none", "varimax")
    )
    np.testing.assert_allclose(plain["shared_variance"], turned["shared_variance"], atol=1e-5)
    spread = [np.var(one["loadings"] ** 2, axis=1).sum() for one in (plain, turned)]
    assert spread[1] > spread[0]


def test_regions_without_information_are_nan(series, tiny):
    spoilt = series.copy()
    spoilt[:, 0] = 7.0
    found = compute(FactorAnalysis(2), tiny, spoilt)
    assert np.isnan(found["shared_variance"][0])
    assert np.isfinite(found["shared_variance"][1:11]).all()


def test_what_cannot_be_done_is_said_in_words(series, tiny):
    with pytest.raises(AnalysisError, match=r"5 regions vary, which is too few for 5 factors\. Ask for fewer"):
        compute(FactorAnalysis(5), tiny, series)
    with pytest.raises(MissingMetadataError, match="needs 2 or more regions"):
        FactorAnalysis().plan(dataclasses.replace(tiny, regions=()))
    few = dataset(FactorAnalysis(2), dataclasses.replace(tiny, keep=np.arange(260) < 12), series)
    assert "12 frames are few for 5 regions" in few.attrs["warnings"][0]
