"""Folders in storage are listed like those on a disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.engine import Job
from napari_thunder.errors import FolderError
from napari_thunder.io.folders import Use, list_folder, listing_from_json, listing_to_json, parent_folder
from napari_thunder.models.data.browser import Browser
from tests.io.conftest import tiff_folder, zarr3
from tests.models.waiting import wait_until
from tests.storage.s3 import S3
from tests.storage.web_server import WebServer

Array = np.ndarray[Any, Any]


@pytest.fixture
def shelf(s3: S3, tmp_path: Path, movie: Array) -> str:
    s3.put_folder(zarr3(tmp_path, movie), "shelf/fish 1.zarr")
    s3.put_folder(tiff_folder(tmp_path, movie), "shelf/images")
    s3.put("shelf/notes.txt", b"hello")
    return "s3://lab/shelf"


def test_recordings_are_recognised(shelf: str) -> None:
    listing = list_folder(shelf)
    assert [(e.name, e.is_folder, e.kind) for e in listing.entries] == [
        ("fish 1.zarr", True, "Zarr"),
        ("images", True, ""),
        ("notes.txt", False, ""),
    ]
    assert listing.parent == "s3://lab"
    assert listing.path_of(listing.entries[0]) == "s3://lab/shelf/fish 1.zarr"
    assert listing_from_json(listing_to_json(listing)) == listing


def test_a_folder_of_tiffs_says_so_from_inside(shelf: str) -> None:
    listing = list_folder(f"{shelf}/images/")
    assert (listing.kind, listing.uses) == ("TIFF", (Use.RECORDING,))
    assert [e.name for e in listing.entries if e.kind == "TIFF"] == [f"t{t}.tif" for t in range(8, 15)]
    assert listing.entries[1].size
    assert list_folder(f"{shelf}/fish 1.zarr").kind == "Zarr"


def test_a_bucket_is_the_top(shelf: str) -> None:
    assert list_folder("s3://lab").parent is None
    assert parent_folder("s3://lab/a/b") == "s3://lab/a"
    assert parent_folder("s3://lab") == "s3://lab"


def test_of_a_file_its_folder_is_listed(shelf: str) -> None:
    assert list_folder(f"{shelf}/notes.txt").folder == shelf


def test_what_is_not_there_is_said(s3: S3) -> None:
    with pytest.raises(FolderError, match="s3://lab/none: there is nothing at this address"):
        list_folder("s3://lab/none")
    with pytest.raises(FolderError, match="there is no such bucket"):
        list_folder("s3://none-such/a")


def test_a_web_server_that_lists_its_folders_is_walked_through(web: WebServer, tmp_path: Path, movie: Array) -> None:
    (tmp_path / "lab" / "inner").mkdir(parents=True)
    tiff_folder(tmp_path / "lab", movie)
    listing = list_folder(f"{web.url}/lab")
    assert listing.entries[0].name == "inner"
    assert listing.entries[0].is_folder
    assert listing.kind == "TIFF"


def test_a_browser_walks_up_to_the_bucket(shelf: str) -> None:
    def listed(folder: str, job: Job) -> Any:
        return list_folder(folder)

    browser = Browser(listed)
    browser.go(f"{shelf}/images")
    wait_until(lambda: not browser.busy)
    browser.up()
    wait_until(lambda: not browser.busy)
    assert browser.listing is not None
    assert browser.listing.folder == shelf
    browser.go("s3://lab/none")
    wait_until(lambda: not browser.busy)
    assert browser.trouble is not None
    browser.up()
    wait_until(lambda: not browser.busy)
    assert browser.listing.folder == "s3://lab"
    browser.close()
