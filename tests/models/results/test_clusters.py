"""Looking at clusters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.models.results.looks import Look, colormaps_of, looks_of, strengths_of
from napari_thunder.models.results.painting import look_of_layer, paint, repaint, threshold_span


@pytest.fixture(scope="module")
def entry():
    rng = np.random.default_rng(0)
    courses = rng.normal(size=(60, 3)).cumsum(axis=0)
    movie = 100 + courses[:, np.arange(48) % 3].reshape(60, 2, 4, 6) + rng.normal(size=(60, 2, 4, 6))
    movie[:, 0, 0, 0] = 5
    recording = nt.Recording.from_array(movie.astype(np.float32), name="fish")
    return SimpleNamespace(dataset=nt.run(nt.KMeans(3), recording))


def test_clusters_are_what_is_seen_first(entry):
    title, look = looks_of(entry.dataset)[0]
    assert title == "label"
    assert strengths_of(entry.dataset, look) == ["similarity"]
    assert colormaps_of(entry.dataset, look) == ("fixed",)


def test_the_threshold_hides_what_is_little_like_its_cluster(entry):
    look = looks_of(entry.dataset)[0][1]
    whole = paint(entry, look)
    assert threshold_span(whole) == (0.0, pytest.approx(float(entry.dataset["similarity"].max())))
    middle = float(entry.dataset["similarity"].median())
    above = repaint(whole, middle)
    assert above is not None
    np.testing.assert_array_equal(above.data[..., 3] > 0, entry.dataset["similarity"].values >= np.float32(middle))
    painted = paint(entry, Look(look.choice, threshold=middle))
    np.testing.assert_array_equal(painted.data, above.data)


def test_a_layer_says_how_its_clusters_are_looked_at(entry):
    look = Look(looks_of(entry.dataset)[0][1].choice, strength="similarity", threshold=0.5)
    assert look_of_layer(paint(entry, look).thunder) == look


def test_a_voxel_that_takes_no_part_is_transparent(entry):
    assert paint(entry, looks_of(entry.dataset)[0][1]).data[0, 0, 0, 3] == 0


def test_a_saved_result_keeps_its_colours(entry, tmp_path):
    nt.save_result(entry.dataset, tmp_path / "clusters.zarr")
    again = SimpleNamespace(dataset=nt.load_result(tmp_path / "clusters.zarr"))
    look = looks_of(entry.dataset)[0][1]
    np.testing.assert_array_equal(paint(again, look).data, paint(entry, look).data)
    assert again.dataset.attrs["palette"] == entry.dataset.attrs["palette"]
