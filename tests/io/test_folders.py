"""Folders: what is in them and which of it can be opened."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.errors import FolderError
from napari_thunder.io.folders import Use, list_folder, listing_from_json, listing_to_json
from napari_thunder.io.places import places


def test_recordings_results_and_tables_are_recognised(fish_folder: Path, tmp_path: Path) -> None:
    kinds = {entry.name: entry.kind for entry in list_folder(fish_folder).entries}
    assert kinds["series"] == "Thunder series"
    assert kinds["images"] == "TIFF"
    recording = nt.Recording.from_array(np.zeros((4, 1, 2, 2)))
    nt.save_result(nt.run(nt.SummaryImages(), recording), tmp_path / "result.zarr")
    (tmp_path / "shapes.geojson").write_text("{}")
    (tmp_path / "notes.md").write_text("")
    uses = {entry.name: entry.uses for entry in list_folder(tmp_path).entries}
    assert uses == {"result.zarr": (Use.RESULT,), "shapes.geojson": (Use.REGIONS,), "notes.md": ()}


def test_a_folder_that_is_a_recording_says_so_from_inside(fish_folder: Path) -> None:
    assert list_folder(fish_folder / "series").kind == "Thunder series"


def test_of_a_file_its_folder_is_listed(tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("")
    assert list_folder(tmp_path / "here.txt").folder == str(tmp_path)


def test_folders_come_first_and_numbers_in_order(tmp_path: Path) -> None:
    for name in ("t10.tif", "t2.tif", "T1.tif"):
        (tmp_path / name).touch()
    (tmp_path / "z").mkdir()
    assert [entry.name for entry in list_folder(tmp_path).entries] == ["z", "T1.tif", "t2.tif", "t10.tif"]


def test_links_to_nowhere_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    assert list_folder(tmp_path).entries == ()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o000)
    with pytest.raises(FolderError, match="may not look into"):
        list_folder(tmp_path / "locked")


def test_a_listing_crosses_a_wire_unchanged(fish_folder: Path) -> None:
    listing = list_folder(fish_folder)
    assert listing_from_json(listing_to_json(listing)) == listing


def test_ten_thousand_files_are_listed_in_seconds(tmp_path: Path) -> None:
    for number in range(10_000):
        os.mknod(tmp_path / f"frame{number}.tif")
    start = time.monotonic()
    assert len(list_folder(tmp_path).entries) == 10_000
    assert time.monotonic() - start < 3


def test_one_starts_at_home_and_on_disks() -> None:
    found = {place.name: place.path for place in places()}
    assert Path(found["Home"]).is_dir()
    assert "/proc" not in found.values()


def test_no_name_means_home() -> None:
    assert list_folder().folder == str(Path.home())
