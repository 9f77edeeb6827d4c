"""Independent components are those of scikit-learn, whatever few voxels they are first estimated from."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis import ICA
from napari_thunder.analysis.factors.fixed_point import unmix
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.factors import blobs, matched


def test_a_sample_refined_over_all_voxels_gives_what_all_voxels_give():
    series, _, truth = blobs(n_voxels=3000)
    context = make_context(len(series))
    whole = compute(ICA(3, tol=1e-10), context, series)
    refined = compute(ICA(3, tol=1e-10, n_voxels=500, max_passes=12), context, series, slabs=4)
    rough = compute(ICA(3, tol=1e-7, n_voxels=500, max_passes=0), context, series)
    np.testing.assert_allclose(refined["components"], whole["components"], atol=1e-4)
    assert np.abs(rough["components"] - whole["components"]).max() > 1e-2
    assert matched(whole["components"], truth).min() > 0.95


def test_time_courses_times_components_give_what_principal_components_keep():
    series = blobs(noise=0.0)[0]
    context, centred = make_context(len(series)), series - series.mean(axis=0)
    for kind in ("maps", "time courses"):
        found = compute(ICA(3, independent=kind), context, series)
        mean = found["mean"][:, None] if kind == "maps" else 0.0
        np.testing.assert_allclose(found["time_courses"] @ found["components"] + mean, centred, atol=1e-8)
        np.testing.assert_allclose(found["explained_variance_ratio"].sum(), 1, rtol=1e-9)
        np.testing.assert_allclose(found["time_courses"].std(axis=0), 1, rtol=1e-9)
        assert (np.diff(found["explained_variance_ratio"]) <= 0).all()


def test_each_explains_what_its_product_is_of_the_variance():
    series = blobs()[0]
    found = compute(ICA(3), make_context(len(series)), series)
    centred = series - series.mean(axis=0) - found["mean"][:, None]
    courses, maps = found["time_courses"], found["components"]
    alone = [np.sum(np.outer(courses[:, k], maps[k]) ** 2) / np.sum(centred**2) for k in range(3)]
    np.testing.assert_allclose(found["explained_variance_ratio"], alone, rtol=1e-9)


@pytest.mark.parametrize("kind", ["maps", "time courses"])
def test_what_is_independent_is_skewed_upwards(kind):
    series = -blobs()[0]
    found = compute(ICA(3, independent=kind), make_context(len(series)), series)
    sources = found["components"] if kind == "maps" else found["time_courses"].T
    assert (np.mean((sources - sources.mean(axis=1, keepdims=True)) ** 3, axis=1) > 0).all()


def test_a_search_that_was_cut_short_says_so():
    series = blobs()[0]
    result = dataset(ICA(3, max_iter=1), make_context(len(series)), series)
    assert result.attrs["converged"] == 0
    assert "Not converged: the last of 1 steps" in result.attrs["warnings"][0]
    assert dataset(ICA(3), make_context(len(series)), series).attrs["warnings"] == []


def test_a_sample_of_the_dark_is_refused_in_words():
    series = blobs()[0]
    with pytest.raises(AnalysisError, match=r"of 2 voxels chosen at random only 2 vary\. Raise n_voxels"):
        compute(ICA(3, n_voxels=2), make_context(len(series)), series)
    with pytest.raises(AnalysisError, match="n_components=9, but 5 frames of 900 varying voxels have only 4"):
        compute(ICA(9), make_context(5), series[:5])


def test_either_contrast_turns_mixed_signals_back():
    rng = np.random.default_rng(0)
    sources = np.stack([rng.uniform(-1, 1, 20_000), rng.laplace(size=20_000)])
    sources = (sources - sources.mean(1, keepdims=True)) / sources.std(1, keepdims=True)
    angle = 0.7
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ sources
    for contrast in ("cube", "logcosh"):
        found = unmix(turned, contrast, 200, 1e-10, 1)
        assert found.change < 1e-10
        assert matched(found.rotation @ turned, sources).min() > 0.995


def test_other_starts_agree_on_what_is_independent_and_not_on_what_is_gaussian():
    rng = np.random.default_rng(1)
    sources = np.concatenate([rng.laplace(size=(2, 2000)), rng.normal(size=(3, 2000))])
    series = rng.normal(size=(40, 5)) @ sources
    context = make_context(40)
    result = dataset(ICA(5, max_iter=60), context, series)
    maps = result["components"].values.reshape(5, -1).astype(np.float64)
    heavy = np.argsort(np.mean(maps**4, axis=1) / np.mean(maps**2, axis=1) ** 2)[-2:]
    stable = result["stability"].values
    assert stable[heavy].min() > 0.95
    assert np.delete(stable, heavy).max() < 0.8
    named = [name in result.attrs["warnings"][-1] for name in result["component"].values]
    assert named == (stable < 0.8).tolist()
    assert "stability" not in dataset(ICA(5, n_starts=1, max_iter=60), context, series)
