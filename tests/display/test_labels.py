"""Maps of clusters."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis.protocol import Role
from napari_thunder.display import MapChoice, layer_for_labels, layer_for_map, layers_for_result, status_text
from tests.display.conftest import SPACE, dataset_of

PALETTE = ["#ff0000", "#00ff00", "#0000ff"]


@pytest.fixture
def clusters():
    labels = np.arange(96.0).reshape(SPACE) % 3 + 1
    similarity = np.linspace(-0.1, 0.9, 96).reshape(SPACE)
    labels[0, 0, 0] = similarity[0, 0, 0] = similarity[0, 0, 1] = np.nan
    similarity[0, 0, 2] = 0.81
    found = dataset_of("K-means", {"label": (Role.LABEL, labels, ()), "similarity": (Role.FRACTION, similarity, ())})
    found["label"].attrs |= {"long_name": "cluster", "alpha": "similarity"}
    return found.assign_attrs(palette=PALETTE)


def test_voxels_take_the_colour_of_their_cluster_and_the_opacity_of_their_similarity(clusters):
    spec = layers_for_result(clusters)[-1]
    assert spec.kwargs["visible"]
    assert spec.name == "fish · k-means · label"
    assert spec.data[0, 0, 3:6, :3].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert spec.data[0, 0, 0, 3] == spec.data[0, 0, 1, 3] == 0
    assert spec.data[1, 5, 7, 3] == 255
    assert 0 < spec.data[1, 0, 0, 3] < 255


def test_voxels_that_are_less_like_their_cluster_than_the_threshold_are_hidden(clusters):
    spec = layer_for_labels(clusters, MapChoice("label"), threshold=0.5)
    shown = spec.data[..., 3] > 0
    assert (shown == (np.nan_to_num(clusters["similarity"].values, nan=-1) >= 0.5)).all()


def test_the_legend_lists_clusters_with_colours_and_sizes(clusters):
    legend = layer_for_map(clusters, MapChoice("label")).thunder["legend"]
    assert legend.title == "cluster (opacity: similarity)"
    assert legend.entries == (
        ("1 · 31 voxels", (255, 0, 0)),
        ("2 · 32 voxels", (0, 255, 0)),
        ("3 · 32 voxels", (0, 0, 255)),
    )


def test_thousands_of_voxels_are_set_apart(clusters):
    clusters["label"].values[:] = 1
    (entry,) = layer_for_map(clusters.isel(z=[0] * 40), MapChoice("label")).thunder["legend"].entries
    assert entry[0] == "1 · 1\N{THIN SPACE}920 voxels"


def test_clusters_that_have_names_are_listed_by_them(clusters):
    clusters["label"].attrs["names"] = ["left", "right", "none"]
    legend = layer_for_map(clusters, MapChoice("label")).thunder["legend"]
    assert [name.split(" · ")[0] for name, _ in legend.entries] == ["left", "right", "none"]


def test_a_voxel_under_the_mouse_says_its_cluster_and_how_alike_it_is(clusters):
    assert status_text(clusters, (0, 0, 2)) == "cluster 3, similarity 0.81"


def test_labels_without_a_palette_or_an_opacity_are_told_apart_and_opaque(clusters):
    del clusters.attrs["palette"]
    spec = layer_for_map(clusters[["label"]], MapChoice("label"))
    assert len({tuple(colour) for colour in spec.data[1].reshape(-1, 4).tolist()}) == 3
    assert (spec.data[1, ..., 3] == 255).all()
    assert spec.thunder["legend"].title == "cluster"


def test_colours_of_a_palette_that_are_none_are_grey(clusters):
    spec = layer_for_map(clusters.assign_attrs(palette=["#ff0000", "nonsense", "#0000ff"]), MapChoice("label"))
    assert spec.data[0, 0, 4, :3].tolist() == [128, 128, 128]


def test_labels_that_are_still_being_computed_can_be_shown(clusters):
    clusters["label"].values[:] = np.nan
    spec = layer_for_map(clusters, MapChoice("label"))
    assert not spec.data[..., 3].any()
    assert spec.thunder["legend"].entries == ()
