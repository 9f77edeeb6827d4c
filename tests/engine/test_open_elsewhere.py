"""A recording that only the cluster sees is opened, read and analysed through it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_thunder as nt
import napari_thunder.recording as recording_module
from napari_thunder.engine import Engine
from napari_thunder.errors import RecordingError
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.volumes import EngineReader, VolumeArray, contrast_limits


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, np.random.default_rng(0).integers(0, 99, (24, 9, 11), np.uint16))
    return path


@pytest.fixture
def unseen(movie: Path, remote: Engine, monkeypatch: pytest.MonkeyPatch) -> nt.Recording:
    """A recording whose path this process, but not the workers, is told is not there."""
    monkeypatch.setattr(recording_module, "split_uri", lambda uri: (Path(f"/unseen{movie}"), {}))
    monkeypatch.setattr(remote, "open", lambda uri, **o: type(remote).open(remote, uri.removeprefix("/unseen"), **o))
    return nt.open(movie, engine=remote, planes=3, frame_rate=2.0)


def test_it_is_described_by_the_workers(unseen: nt.Recording, movie: Path) -> None:
    assert isinstance(unseen.source, ElsewhereSource)
    assert unseen.shape == (8, 3, 9, 11)
    assert unseen.uri.startswith(str(movie))
    assert unseen.frame_rate == 2.0


def test_its_volumes_come_through_the_engine(unseen: nt.Recording, movie: Path, remote: Engine) -> None:
    movie_here = tifffile.imread(movie).reshape(8, 3, 9, 11)
    array = VolumeArray(unseen, EngineReader(unseen, remote))
    low, high = contrast_limits(unseen, reader=EngineReader(unseen, remote))
    assert movie_here.min() <= low < high <= movie_here.max()
    array.close()
    for t, volume in remote.read(unseen, [5, 2]):
        np.testing.assert_array_equal(volume, movie_here[t])


def test_its_maps_are_the_same_as_of_a_file_here(unseen: nt.Recording, movie: Path, remote: Engine) -> None:
    there = nt.run(nt.SummaryImages(), unseen, engine=remote)
    np.testing.assert_allclose(there["mean"], tifffile.imread(movie).reshape(8, 3, 9, 11).mean(0), rtol=1e-6)


def test_what_the_workers_do_not_see_either_is_said(remote: Engine) -> None:
    with pytest.raises(RecordingError, match="no such file or folder"):
        nt.open("/nowhere/at/all.zarr", engine=remote)
