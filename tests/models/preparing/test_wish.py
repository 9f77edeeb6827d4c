"""What is wanted of a recording: where, which settings, and what a session keeps of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.errors import ParameterError
from napari_thunder.io.array import ArraySource
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.preparing import Keep, Motion, Wish, suggested_path
from napari_thunder.models.preparing.standing import Place, Standing, changed_since
from napari_thunder.models.preparing.wish import with_suffix
from napari_thunder.models.preparing.wishes import Wishes
from napari_thunder.models.session.parts import Keys
from napari_thunder.recording import Recording, from_source


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(3, Recording.from_array(np.zeros((4, 1, 5, 6)), name="fish"))


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/data/fish.tif", "/data/fish.ome.zarr"),
        ("/data/fish.ome.tif", "/data/fish.ome.zarr"),
        ("/data/fish", "/data/fish.ome.zarr"),
        ("/data/fish.h5?dataset=/a/b", "/data/fish.ome.zarr"),
        ("/data/fish.ome.zarr", "/data/fish-prepared.ome.zarr"),
        ("memory:fish", str(Path.home() / "fish.ome.zarr")),
        ("s3://bucket/fish.zarr", str(Path.home() / "fish.ome.zarr")),
    ],
)
def test_a_place_beside_the_recording_is_suggested(uri: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = from_source(ArraySource(np.zeros((4, 1, 5, 6))))
    monkeypatch.setattr(ArraySource, "uri", uri)
    assert suggested_path(recording) == path


def test_the_ending_is_added_where_it_was_left_out() -> None:
    found = [with_suffix(p) for p in (" /a/b ", "/a/b/", "/a/b.zarr", "/a/b.ome.zarr", "")]
    assert found == ["/a/b.ome.zarr", "/a/b.ome.zarr", "/a/b.zarr", "/a/b.ome.zarr", ""]


def test_settings_are_those_given_and_what_is_kept() -> None:
    assert Wish(given={"bin": (1, 2, 2)}).settings == nt.Preparation(bin=(1, 2, 2))
    assert Wish(keep=Keep.AUTOMATIC).settings.brain == "automatic"
    assert Wish(keep=Keep.EVERYTHING).settings.brain == "everything"
    assert Wish(keep=Keep.REGION, region=3).settings.brain == "given"
    with pytest.raises(ParameterError, match="bin"):
        _ = Wish(given={"bin": (1, 2)}).settings


def test_wishes_survive_a_session_with_other_keys(dataset: Dataset) -> None:
    wishes = Wishes()
    assert wishes.change(dataset, path="/a/b", given={"crop_t": (1.0, 3.0), "dtype": "uint8"})
    assert not wishes.change(dataset, path="/a/b")
    wishes.change(dataset, keep=Keep.REGION, region=7, motion=Motion.CHOSEN, entry=2)
    said = json.loads(json.dumps(wishes.state()))
    there = Dataset(30, dataset.recording)
    restored = Wishes()
    restored.restore(said, Keys(recordings={3: 30}, regions={7: 70}))
    wanted = Wish("/a/b.ome.zarr", {"crop_t": (1.0, 3.0), "dtype": "uint8"}, Keep.REGION, 70, Motion.AS_SEEN)
    assert restored.of(there) == wanted
    without = Wishes()
    without.restore(said, Keys(recordings={3: 30}))
    assert without.of(there).keep is Keep.KNOWN


def test_what_was_begun_otherwise_is_said_in_words() -> None:
    begun = {"recording": "a", "shape": [1], "mask": None, "metadata": "m", "parameters": {"bin": [1, 1, 1]}}
    asked = begun | {"mask": "other", "parameters": {"bin": [1, 2, 2]}}
    assert changed_since(begun, begun) == ()
    changed = changed_since(begun, asked)
    assert changed == ("the mask", "bin was [1, 1, 1]")
    assert "the mask, bin was" in Standing(Place.BEGUN_OTHERWISE, 0.5, changed).line
    assert "50% is done" in Standing(Place.BEGUN, 0.5).line
