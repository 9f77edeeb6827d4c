"""Trees of clusters."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_thunder.analysis.clusters.hierarchical import HierarchicalClustering
from napari_thunder.analysis.clusters.ward import cut_into, in_leaf_order, ward_tree
from napari_thunder.errors import AnalysisError, MissingMetadataError
from napari_thunder.regions import region_of_mask
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.clusters import planted


def _regions(n):
    return tuple(
        region_of_mask(np.arange(2 * n).reshape(1, 1, -1) // 2 == i, f"region {i}", "#ff0000") for i in range(n)
    )


def test_planted_clusters_of_voxels_are_found():
    series, of = planted(noise=1.0)
    label = compute(HierarchicalClustering(6, n_leaves=20), make_context(80), series)["label"]
    assert adjusted_rand_score(of, label) > 0.99


def test_planted_clusters_of_regions_are_found_and_painted_on_their_voxels():
    series, _ = planted(20, n_clusters=3)
    series[:, 1::2] = series[:, ::2]
    series[:, ::4], series[:, 1::4] = series[:, :1], series[:, :1]
    analysis = HierarchicalClustering(4, leaves="regions")
    found = dataset(analysis, make_context(80, regions=_regions(9)), series)
    label = found["label"].values.ravel()
    np.testing.assert_array_equal(label[::2], label[1::2])
    assert np.isnan(label[18:]).all()
    assert len(set(label[:18:4])) == 1
    assert found["leaf_sizes"].values.tolist() == [2] * 9
    first = int(found["leaf"].values.ravel()[0])
    assert found.coords["leaves"].values[first - 1] == "region 0"


def test_clusters_are_numbered_from_left_to_right_in_the_tree():
    found = compute(HierarchicalClustering(5, n_leaves=15), make_context(80), planted(400)[0])
    order = np.argsort(found["leaf"], kind="stable")
    assert (np.diff(found["label"][order]) >= 0).all()
    assert found["tree"].shape == (14, 4)
    assert found["tree"][-1, 3] == 15


def test_cutting_the_tree_at_one_leaf_for_each_cluster_is_k_means():
    found = compute(HierarchicalClustering(6, n_leaves=6, max_iter=100), make_context(80), planted(400)[0])
    np.testing.assert_array_equal(found["label"], found["leaf"])


def test_a_tree_is_drawn_without_crossings():
    centers = np.random.default_rng(0).normal(size=(12, 3))
    tree, order = in_leaf_order(ward_tree(centers, np.ones(12)), centers)
    spans = {i: (i, i) for i in range(12)}
    for merge, (a, b) in enumerate(tree[:, :2].astype(int), 12):
        (a_low, a_high), (b_low, b_high) = sorted((spans[a], spans[b]))
        assert a_high + 1 == b_low
        spans[merge] = a_low, b_high
    assert sorted(order) == list(range(12))
    assert cut_into(tree, 4).tolist() == sorted(cut_into(tree, 4))


def test_heights_rise():
    rng = np.random.default_rng(2)
    assert (np.diff(ward_tree(rng.normal(size=(30, 3)), rng.uniform(1, 50, 30))[:, 2]) >= -1e-12).all()


def test_more_clusters_than_regions_are_refused_in_words():
    with pytest.raises(MissingMetadataError, match="needs 8 or more regions, but there are 3"):
        HierarchicalClustering(leaves="regions").plan(make_context(80, regions=_regions(3)))


def test_regions_that_do_not_vary_are_no_leaves():
    series = planted(6)[0]
    series[:, :4] = 3.0
    with pytest.raises(AnalysisError, match="as many regions that vary, 2 at least, but there are 1"):
        compute(HierarchicalClustering(2, leaves="regions"), make_context(80, regions=_regions(3)), series)


def test_more_clusters_than_leaves_are_refused_in_words():
    with pytest.raises(AnalysisError, match="but there are 4"):
        compute(HierarchicalClustering(5, n_leaves=4), make_context(80), planted(60)[0])
