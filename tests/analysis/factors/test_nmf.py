"""Non-negative factors add up to the movie, and exact ones are exact."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from napari_thunder.analysis import NMF
from napari_thunder.analysis.factors.nonnegative import clipped, exact, factored, starting_courses, swept
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.factors import matched


def _sums(n_voxels=4000, noise=0.05):
    """Series (t, voxels) of three components that are never below 0."""
    rng = np.random.default_rng(3)
    courses = np.abs(np.stack([np.sin(np.arange(120) / p) for p in (3, 7, 11)], axis=1)) * (rng.random((120, 3)) > 0.3)
    maps = rng.gamma(0.3, 2, size=(3, n_voxels))
    return np.maximum(courses @ maps + noise * rng.normal(size=(120, n_voxels)), 0), courses, maps


def test_each_exact_solution_is_that_of_scipy():
    rng = np.random.default_rng(0)
    design, series = rng.random((60, 6)), rng.normal(size=(60, 300)) + 0.5
    expected = np.stack([nnls(design, y)[0] for y in series.T], axis=1)
    found = exact(design.T @ design, design.T @ series)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    assert (found == 0).any()
    swept_long = found * 0 + 1
    for _ in range(200):
        swept_long = swept(design.T @ design, design.T @ series, swept_long)
    np.testing.assert_allclose(swept_long, expected, atol=1e-9)
    assert np.abs(clipped(design.T @ design, design.T @ series) - expected).max() > 0.01


def test_the_same_column_twice_does_not_stop_the_exact_solution():
    design = np.random.default_rng(0).random((20, 2))[:, [0, 1, 1]]
    found = exact(design.T @ design, design.T @ (2 * design[:, :1] + 3 * design[:, 1:2]))
    np.testing.assert_allclose(design @ found, 2 * design[:, :1] + 3 * design[:, 1:2], rtol=1e-6)


def test_components_are_those_that_were_added_up():
    series, courses, maps = _sums()
    found = compute(NMF(3, shift="none"), make_context(120), series)
    assert matched(found["components"], maps).min() > 0.99
    assert matched(found["time_courses"].T, courses.T).min() > 0.99
    assert (found["components"] >= 0).all()
    assert (found["time_courses"] >= 0).all()
    np.testing.assert_allclose(found["components"].max(axis=1), 1, rtol=1e-9)


def test_passes_over_all_voxels_bring_few_to_where_all_lead():
    series, _, _ = _sums()
    whole = dataset(NMF(3, shift="none"), make_context(120), series)
    few = dataset(NMF(3, shift="none", n_voxels=100, max_passes=8), make_context(120), series)
    history = few["error_of_all"].values
    assert len(history) > 1
    assert (np.diff(history) < 0).all()
    assert few.attrs["relative_error"] <= whole.attrs["relative_error"] * 1.001
    exactly = np.linalg.norm(series - few["time_courses"].values @ few["components"].values[:, 0, 0]) / np.linalg.norm(
        series
    )
    np.testing.assert_allclose(few.attrs["relative_error"], exactly, rtol=1e-5)


def test_the_largest_value_is_1_wherever_it_lies():
    series, _, _ = _sums(400)
    found = compute(NMF(3, shift="none", n_voxels=100), make_context(120), series, slabs=4)
    np.testing.assert_allclose(found["components"].max(axis=1), 1, rtol=1e-9)


def test_the_error_never_rises_on_the_way():
    series, _, _ = _sums()
    for solve in (swept, exact):
        errors = factored(series, starting_courses(series, 4), solve, 12, 0.0).errors
        assert (np.diff(errors) <= 1e-12).all()


def test_negative_values_are_shifted_clipped_or_refused_in_words():
    series, context = _sums(300)[0] - 0.5, make_context(120)
    with pytest.raises(
        AnalysisError, match=r"300 voxels have values below 0, as after ΔF/F or detrending\. Set shift=min"
    ):
        compute(NMF(3, shift="none"), context, series)
    shifted = compute(NMF(3), context, series)
    expected = compute(NMF(3), context, series - series.min(axis=0))
    np.testing.assert_allclose(shifted["components"], expected["components"], rtol=1e-6, atol=1e-9)
    clip = dataset(NMF(3, shift="clip"), context, series)
    assert "Setting negative values to 0 took away" in clip.attrs["warnings"][0]
    with pytest.raises(AnalysisError, match=r"no value is above 0\. Set shift=min"):
        compute(NMF(3, shift="clip"), context, -1 - np.abs(series))


def test_too_many_components_are_refused_in_words():
    with pytest.raises(AnalysisError, match="n_components=5, but there are 120 frames of 4 varying voxels"):
        compute(NMF(5), make_context(120), _sums(4)[0])
