"""ROIs made of the clusters of a result."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from napari_thunder.display.maps import MapChoice
from napari_thunder.models import Desk
from napari_thunder.models.results.looks import Look
from napari_thunder.models.rois.of_results import clusters_in
from napari_thunder.recording import Recording
from tests.models.plots.made import SPACE, clusters, components, raster
from tests.models.waiting import wait_until


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.datasets.add(Recording.from_array(np.zeros((20, *SPACE), np.uint16), name="noise", frame_rate=2.0))
    yield made
    made.close(2.0)


def make(desk: Desk, key: int, **given: object) -> None:
    desk.cluster_regions.make(key, **given)  # type: ignore[arg-type]
    wait_until(lambda: not desk.cluster_regions.working)


def test_each_cluster_becomes_an_roi_of_its_name_and_colour_in_one_step_of_undo(desk: Desk) -> None:
    result = clusters().assign_attrs(palette=["#112233", "#445566"])
    key = desk.results.add("k-means", result).key
    make(desk, key)
    labels = result["label"].values
    numbers = np.unique(labels[np.isfinite(labels)])
    assert len(desk.regions) == len(numbers)
    for number, region in zip(numbers, desk.regions, strict=True):
        np.testing.assert_array_equal(region.full_mask(), labels == number)
        assert region.name.endswith(f" {number:.0f}")
        assert region.color == ["#112233", "#445566"][int(number - 1) % 2]
    assert f"Made {len(numbers)} ROIs" in desk.cluster_regions.said
    make(desk, key)
    assert [region.name[-4:] for region in desk.regions][-1] == " (2)"
    desk.regions.undo()
    desk.regions.undo()
    assert not len(desk.regions)


def test_what_is_hidden_by_the_threshold_is_no_part_of_an_roi(desk: Desk) -> None:
    result = clusters()
    rank = np.arange(result["label"].size, dtype=np.float32).reshape(SPACE) / result["label"].size
    result["similarity"] = (("z", "y", "x"), rank, {"role": "fraction"})
    result["label"].attrs["alpha"] = "similarity"
    key = desk.results.add("k-means", result).key
    choice = desk.cluster_regions.choice(key)
    desk.pictures.show(key, Look(choice, strength="similarity", threshold=0.5))
    make(desk, key)
    shown = np.isfinite(result["label"].values) & (rank >= 0.5)
    np.testing.assert_array_equal(np.any([region.full_mask() for region in desk.regions], axis=0), shown)


def test_it_is_said_why_there_can_be_none(desk: Desk) -> None:
    model = desk.cluster_regions
    assert model.why_not(None) == "Choose a result first."
    assert "no clusters" in model.why_not(desk.results.add("pca", components()).key)
    preview = desk.results.add("preview", clusters().assign_attrs(preview="3 of 9 voxels")).key
    model.make(preview)
    assert model.trouble is not None
    assert "preview" in model.trouble.message
    key = desk.results.add("k-means", clusters()).key
    make(desk, key, pieces=True, minimum=10**6)
    assert model.trouble is not None
    assert "smaller" in model.trouble.message
    other = desk.datasets.add(Recording.from_array(np.zeros((4, 1, 2, 2)), name="other"))
    assert other is desk.datasets.current
    assert "Open the recording" in model.why_not(key)


def test_labels_that_are_no_clusters_are_offered_only_when_they_are_looked_at() -> None:
    rows = raster()
    assert clusters_in(rows) is None
    assert clusters_in(rows, Look(MapChoice("row_of"))) == MapChoice("row_of")
