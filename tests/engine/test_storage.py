"""Recordings in object storage are read and analysed by the workers, each by its own environment's credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_thunder as nt
import napari_thunder.recording as recording_module
from napari_thunder.engine import Engine
from napari_thunder.errors import NotThereError
from napari_thunder.io.elsewhere import ElsewhereSource
from tests.io.conftest import tiff_folder, zarr3_sharded
from tests.storage.s3 import S3

Array = np.ndarray[Any, Any]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def movie() -> Array:
    return np.random.default_rng(3).normal(100, 30, (24, 3, 11, 13)).astype(np.uint16)


@pytest.fixture(params=[zarr3_sharded, tiff_folder], ids=["zarr", "tiffs"])
def address(request: pytest.FixtureRequest, s3: S3, movie: Array, tmp_path: Path) -> str:
    (tmp_path / "lab").mkdir()
    return s3.put_folder(request.param(tmp_path / "lab", movie), f"engines/{request.node.name}")


def test_maps_are_those_of_the_movie(engine: Engine, address: str, movie: Array) -> None:
    maps = nt.run(nt.SummaryImages(), nt.open(address, engine=engine), engine=engine)
    np.testing.assert_allclose(maps["mean"], movie.mean(0), rtol=1e-6)
    assert "secret" not in maps.attrs["provenance"]


def test_volumes_come_through_the_engine(engine: Engine, address: str, movie: Array) -> None:
    for t, volume in engine.read(nt.open(address), [20, 3]):
        np.testing.assert_array_equal(volume, movie[t])


def test_what_only_the_workers_reach_is_opened_by_them(
    remote: Engine, address: str, movie: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_module, "seen_here", lambda path: False)
    recording = nt.open(address, engine=remote, frame_rate=2.0)
    assert isinstance(recording.source, ElsewhereSource)
    assert recording.uri == address
    ((_, volume),) = remote.read(recording, [5])
    np.testing.assert_array_equal(volume, movie[5])


def test_what_nobody_sees_is_said_in_the_workers_words(remote: Engine, s3: S3) -> None:
    with pytest.raises(NotThereError, match=r"s3://lab/none.zarr: there is nothing at this address"):
        nt.open("s3://lab/none.zarr", engine=remote)
