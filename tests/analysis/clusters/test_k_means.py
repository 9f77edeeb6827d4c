"""K-means over the whole brain."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_thunder.analysis.clusters.k_means import KMeans
from napari_thunder.errors import AnalysisError, ParameterError
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.clusters import planted

DISTANCES = ("correlation", "standardized", "euclidean")


@pytest.mark.parametrize("distance", DISTANCES)
def test_planted_clusters_are_found(distance):
    series, of = planted(noise=1.0)
    if distance == "euclidean":
        series = series - series.mean(axis=0)
    label = compute(KMeans(6, distance=distance, n_sample=200), make_context(80), series)["label"]
    assert adjusted_rand_score(of, label) > 0.99


@pytest.mark.parametrize("distance", DISTANCES)
def test_every_voxel_is_in_the_cluster_whose_centre_is_nearest(distance):
    series, _ = planted(300)
    found = compute(KMeans(4, distance=distance), make_context(80), series)
    points = series if distance == "euclidean" else (series - series.mean(axis=0)) / series.std(axis=0)
    squared = ((points[:, :, None] - found["centers"][:, None]) ** 2).sum(axis=0)
    np.testing.assert_array_equal(found["label"], squared.argmin(axis=1) + 1)


def test_similarity_is_the_correlation_with_the_own_centre():
    series, _ = planted(50)
    found = compute(KMeans(3, distance="euclidean"), make_context(80), series)
    own = found["centers"][:, found["label"].astype(int) - 1]
    wanted = [np.corrcoef(a, b)[0, 1] for a, b in zip(series.T, own.T, strict=True)]
    np.testing.assert_allclose(found["similarity"], wanted, rtol=1e-10)


def test_a_high_level_costs_no_digits():
    series, _ = planted(300)
    low, high = (compute(KMeans(4), make_context(80), series + level) for level in (0, 1e7))
    np.testing.assert_array_equal(high["label"], low["label"])
    np.testing.assert_allclose(high["similarity"], low["similarity"], rtol=1e-6)


def test_the_largest_cluster_is_the_first_and_sizes_are_those_of_the_map():
    series, _ = planted(500)
    found = dataset(KMeans(6), make_context(80), series)
    sizes = found["sizes"].values
    assert sizes.tolist() == np.bincount(found["label"].values.ravel().astype(int))[1:].tolist()
    assert (np.diff(sizes) <= 0).all()
    assert found["centers"].attrs["plot"] == "lines"
    assert found["sizes"].attrs["voxels_by"] == "label"


def test_in_order_of_likeness_neighbours_are_alike():
    series, _ = planted(500, n_clusters=9)
    apart = {}
    for order in ("size", "likeness"):
        centers = compute(KMeans(9, order=order), make_context(80), series)["centers"]
        r = np.corrcoef(centers.T)
        apart[order] = np.diag(r, 1).mean()
    assert apart["likeness"] > apart["size"]


def test_the_best_number_of_clusters_is_that_of_the_largest_silhouette():
    series, _ = planted(noise=1.0)
    found = dataset(KMeans(None, compare=(3, 6, 9)), make_context(80), series)
    assert found.sizes["cluster"] == 6
    assert found["k"].values.tolist() == [3, 6, 9]
    assert found["silhouette_of_k"].values.argmax() == 1
    assert found.attrs["mean_silhouette"] == pytest.approx(found["silhouette_of_k"].values[1], abs=1e-6)


def test_a_cluster_that_starts_empty_gets_the_farthest_voxel():
    from napari_thunder.analysis.clusters.points import Share, next_centers

    series, _ = planted(60, n_clusters=2, noise=0.1)
    far = series[:, :1].copy()
    far[::7] += 500
    centers = np.column_stack([series[:, 0], series[:, 1], np.full(80, 1e6)])
    share = Share(centers, "euclidean")(np.concatenate([series, far], axis=1))
    assert share["counts"][2] == 0
    np.testing.assert_allclose(next_centers(share, centers, "euclidean")[:, 2], far[:, 0])


def test_the_seed_is_all_that_is_random():
    series, _ = planted(300, noise=6.0)
    one, same, other = (
        compute(KMeans(8, seed=seed, n_sample=60, n_init=1), make_context(80), series) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one["label"], same["label"])
    assert (one["label"] != other["label"]).any()


def test_more_clusters_than_voxels_are_refused_in_words():
    with pytest.raises(AnalysisError, match=r"tiny: K-means: 20 clusters need as many voxels that vary .* only 5 do"):
        compute(KMeans(20), make_context(80), planted(5)[0])


def test_one_cluster_has_no_silhouette():
    found = dataset(KMeans(1), make_context(80), planted(40)[0])
    assert np.isnan(found.attrs["mean_silhouette"])
    assert (found["label"] == 1).all()
    assert len(found.attrs["palette"]) == 1


@pytest.mark.parametrize("compare", [(1,), (2.5,)])
def test_numbers_of_clusters_that_make_no_sense_are_refused(compare):
    with pytest.raises(ParameterError, match="whole, 2 or more"):
        KMeans(compare=compare)


def test_passes_that_end_too_soon_are_said():
    found = dataset(KMeans(8, max_iter=1, n_init=1, n_sample=30), make_context(80), planted(noise=6.0)[0])
    assert found.attrs["n_passes"] == 1
    assert "still moved" in found.attrs["warnings"][0]


def test_a_cluster_that_goes_with_motion_is_pointed_out():
    series, of = planted(400, n_clusters=3)
    shift = np.zeros((80, 3))
    shift[:, 1] = np.sin(np.arange(80) / 3)
    series[:, of == 0] = 100 + 20 * shift[:, 1:2] + np.random.default_rng(0).normal(size=(80, (of == 0).sum()))
    found = dataset(KMeans(3), make_context(80, motion=shift), series)
    (warning,) = found.attrs["warnings"]
    cluster = int(found["label"].values.ravel()[np.flatnonzero(of == 0)[0]])
    assert warning.startswith(f"Cluster {cluster} goes with motion (r = 1.00 with shift along y)")
    assert np.isnan(found["motion_correlation"].sel(motion="shift along x")).all()


def test_voxels_with_two_features_can_be_clustered():
    """As maps of an earlier analysis give them."""
    rng = np.random.default_rng(0)
    of = rng.integers(0, 3, 200)
    features = np.array([[0, 5, 0], [0, 0, 5]])[:, of] + 0.3 * rng.normal(size=(2, 200))
    label = compute(KMeans(3, distance="euclidean"), make_context(2), features)["label"]
    assert adjusted_rand_score(of, label) == 1
