"""Clusters have their size in µm³, and neighbours their distance in µm."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from napari_thunder.analysis import Regression
from napari_thunder.analysis.regression.cluster_chance import largest_by_shift
from napari_thunder.analysis.regression.cluster_sizes import Clustering, labelled
from napari_thunder.errors import MissingMetadataError
from tests.analysis.runner import dataset


def _same_partition(a, b):
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return pairs.shape[1] == len(np.unique(a)) == len(np.unique(b))


@pytest.mark.parametrize(("reach", "structure"), [(0.0, 1), (1.0, 1), (1.5, 2), (1.8, 3)])
def test_neighbours_are_those_of_the_usual_connectivities(reach, structure):
    inside = np.random.default_rng(0).uniform(size=(6, 20, 20)) < 0.25
    expected = ndimage.label(inside, ndimage.generate_binary_structure(3, structure))[0]
    assert _same_partition(labelled(inside, reach, (1.0, 1.0, 1.0)), expected)


def test_flat_voxels_are_joined_by_distance_and_not_by_number():
    inside = np.zeros((2, 1, 9), bool)
    inside[0, 0, [0, 3, 8]] = inside[1, 0, 0] = True
    labels = labelled(inside, 3.5, (5.0, 1.0, 1.0))
    assert labels[0, 0, 0] == labels[0, 0, 3] != labels[0, 0, 8]
    assert labels[1, 0, 0] != labels[0, 0, 0]


def test_sizes_are_volumes_of_clusters_of_one_sign():
    p = np.ones((1, 3, 8))
    p[0, 0, :4], p[0, 2, 6:] = 0.001, 0.001
    sign = np.ones_like(p)
    sign[0, 0, 3] = -1
    size = Clustering(0.01, 0.0, 0.0, (2.0, 1.0, 1.0)).sizes(p, sign)
    np.testing.assert_array_equal(size[0, 0], [6, 6, 6, 2, *[np.nan] * 4])
    np.testing.assert_array_equal(size[0, 2, 6:], [4, 4])
    assert np.isfinite(Clustering(0.01, 0.0, 5.0, (2.0, 1.0, 1.0)).sizes(p, sign)).sum() == 3


def test_a_regression_gives_the_sizes_of_its_clusters(tiny, series):
    context = dataclasses.replace(tiny, voxel_size=(1.0, 2.0, 3.0))
    result = dataset(Regression(signals=("swim", "tail"), contrasts=("swim - tail",), cluster_p=0.5), context, series)
    assert result["cluster_size"].dims == ("regressor", "z", "y", "x")
    assert result["cluster_size"].attrs["units"] == "µm³"
    inside = np.isfinite(result["cluster_size"].values)
    np.testing.assert_array_equal(inside, result["p"].values <= 0.5)
    assert set(np.unique(result["cluster_size"].values[inside]) % 6) == {0}
    assert "contrast_cluster_size" in result


@pytest.mark.parametrize("reach", [0.0, 2.0, 2.9, 4.5])
def test_the_largest_cluster_at_each_shift_is_that_of_its_volume(reach):
    clustering = Clustering(0.01, reach, 0.0, (2.0, 1.0, 1.0))
    rng = np.random.default_rng(0)
    above = np.stack([rng.permutation(7)[:3] + 1.0 for _ in range(5 * 9 * 8)], axis=1).reshape(3, 5, 9, 8)
    above *= rng.choice([-1, 1], above.shape)
    above[0, ::2] = np.nan
    found = largest_by_shift(above, 8, clustering)
    for shift in range(8):
        sides = [(above == number).any(axis=0) for number in (shift + 1, -shift - 1)]
        counts = [np.bincount(labelled(side, reach, clustering.voxel_size).ravel())[1:] for side in sides]
        assert found[shift] == 2 * max((count.max() for count in counts if len(count)), default=0)


def test_clusters_of_shifts_have_p_and_no_more_maps_than_others(tiny, series):
    context = dataclasses.replace(tiny, voxel_size=(1.0, 2.0, 3.0))
    given = {"signals": ("swim", "tail"), "contrasts": ("swim - tail",), "inference": "circular_shift"}
    result = dataset(Regression(**given, cluster_p=0.2, family_wise=False), context, series)
    assert not {"shifts_above", "contrast_shifts_above", "rank"} & set(result.variables)
    for prefix in ("", "contrast_"):
        p, size = result[f"{prefix}p_cluster"].values, result[f"{prefix}cluster_size"].values
        np.testing.assert_array_equal(np.isfinite(p), np.isfinite(size))
        assert np.nanmin(p) >= 1 / (1 + result.attrs["n_shifts"])
        assert np.nanmax(p) <= 1


def test_shifts_that_are_too_few_for_any_cluster_are_told(tiny, series):
    context = dataclasses.replace(tiny, voxel_size=(1.0, 2.0, 3.0))
    analysis = Regression(signals=("swim",), inference="circular_shift", n_shifts=50, cluster_p=0.01)
    assert any("No p of 50 shifts is below 0.02" in w for w in dataset(analysis, context, series).attrs["warnings"])


def test_clusters_need_the_size_of_voxels(tiny):
    with pytest.raises(MissingMetadataError, match="needs the size of a voxel"):
        Regression(signals=("swim",), cluster_p=0.01).plan(tiny)
