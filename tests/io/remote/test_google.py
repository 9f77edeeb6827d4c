"""Recordings in Google's storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.errors import NotThereError
from napari_thunder.io import open_source
from napari_thunder.io.folders import list_folder
from tests.io.conftest import ome_tiff, tiff_folder, zarr3_sharded
from tests.storage.google import GoogleServer, google_server

Array = np.ndarray[Any, Any]


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleServer]:
    with google_server() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield server


@pytest.mark.parametrize("write", [zarr3_sharded, tiff_folder, ome_tiff], ids=lambda w: w.__name__)
def test_recordings_are_the_same(
    google: GoogleServer, write: Callable[..., Path], tmp_path: Path, movie: Array
) -> None:
    (tmp_path / "fish").mkdir()
    path = write(tmp_path / "fish", movie)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            google.objects[f"lab/{file.relative_to(tmp_path).as_posix()}"] = file.read_bytes()
    source = open_source(f"gs://lab/{path.relative_to(tmp_path).as_posix()}")
    assert source.shape == movie.shape
    np.testing.assert_array_equal(source.read_volume(6), movie[6])
    assert list_folder("gs://lab").entries[0].name == "fish"


def test_what_is_not_there_is_said(google: GoogleServer) -> None:
    with pytest.raises(NotThereError, match=r"gs://lab/none.zarr: there is nothing at this address"):
        open_source("gs://lab/none.zarr")
