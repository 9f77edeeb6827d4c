"""Other programs read a prepared store: plain Zarr, the OME-Zarr models, napari's reader, sha256sum."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from ome_zarr_models.v05 import Image, ImageLabel, Labels

import napari_thunder as nt
from napari_thunder.preparing import Preparation

Array = np.ndarray[Any, Any]


@pytest.fixture
def store(recording: nt.Recording, movie: Array, tmp_path: Path) -> Path:
    mask = np.zeros(movie.shape[1:], bool)
    mask[1:4, 10:120, 20:100] = True
    nt.prepare(recording, tmp_path / "fish.ome.zarr", mask=mask)
    return tmp_path / "fish.ome.zarr"


def test_plain_zarr_reads_every_array(store: Path, movie: Array) -> None:
    expected = np.zeros_like(movie)
    expected[:, 1:4, 10:120, 20:100] = movie[:, 1:4, 10:120, 20:100]
    for key in ("0", "series"):
        array = zarr.open_array(store, path=key, mode="r")
        np.testing.assert_array_equal(array[:], expected)
        np.testing.assert_array_equal(array[17:19, :, 30, 5:99], expected[17:19, :, 30, 5:99])
        assert array.metadata.dimension_names == ("t", "z", "y", "x")
    times = zarr.open_array(store, path="frame_times", mode="r")
    assert times.shape == (70,)


def test_it_is_valid_ome_zarr(store: Path) -> None:
    image = Image.from_zarr(zarr.open_group(store, mode="r"))
    assert [d.path for d in image.ome_attributes.multiscales[0].datasets] == ["0", "1"]
    assert [axis.name for axis in image.ome_attributes.multiscales[0].axes] == ["t", "z", "y", "x"]
    labels = Labels.from_zarr(zarr.open_group(store / "labels", mode="r"))
    assert labels.ome_attributes.labels == ["brain"]
    ImageLabel.from_zarr(zarr.open_group(store / "labels" / "brain", mode="r"))


@pytest.mark.filterwarnings("ignore")
def test_naparis_own_reader_shows_the_pyramid_and_the_labels(store: Path, movie: Array) -> None:
    from napari_ome_zarr import napari_get_reader

    reader = napari_get_reader(str(store))
    assert reader is not None
    image, *labels = reader(str(store))
    levels, about = image[0], image[1]
    assert [level.shape for level in levels] == [(70, 5, 150, 140), (70, 5, 75, 70)]
    np.testing.assert_array_equal(np.asarray(levels[0][9, 2, 10:120, 20:100]), movie[9, 2, 10:120, 20:100])
    assert list(about["scale"]) == [0.5, 4.0, 1.0, 1.5]
    assert [kind for *_, kind in labels] == ["labels"]


def test_physical_places_of_voxels_are_the_same_on_every_level(store: Path) -> None:
    """The middle of a coarse voxel lies in the middle of those it stands for."""
    multiscale = zarr.open_group(store, mode="r").attrs["ome"]["multiscales"][0]
    fine, coarse = (level["coordinateTransformations"] for level in multiscale["datasets"])
    at = np.array([4, 2, 10, 20])  # t, z, y, x of a coarse voxel
    of_coarse = at * coarse[0]["scale"] + coarse[1]["translation"]
    middle = at * [1, 1, 2, 2] + [0, 0, 0.5, 0.5]
    np.testing.assert_allclose(of_coarse, middle * fine[0]["scale"])


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
def test_sha256sum_checks_it(store: Path) -> None:
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "checksums.sha256"], cwd=store, capture_output=True)
    assert checked.returncode == 0
    assert not checked.stdout


def test_the_registration_and_settings_are_there_for_others(recording: nt.Recording, tmp_path: Path) -> None:
    nt.prepare(recording, tmp_path / "b.zarr", Preparation(bin=(1, 2, 2)))
    made = zarr.open_group(tmp_path / "b.zarr", mode="r").attrs["preparation"]
    assert made["request"]["parameters"]["bin"] == [1, 2, 2]
    assert made["source"]["uri"] == recording.uri
    assert made["source"]["fingerprint"] == recording.source.fingerprint()
    assert "zarr" in made["versions"]
