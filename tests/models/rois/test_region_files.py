"""Files of regions, read and written beside the window."""

from __future__ import annotations

import time
from threading import Event

import numpy as np
import pytest

from napari_thunder.models.rois.region_files import RegionFiles
from napari_thunder.models.rois.regions import Regions
from napari_thunder.regions import Outline, region_of_mask, region_of_outline
from tests.models.waiting import wait_until

VOLUME = (4, 12, 14)


@pytest.fixture
def regions():
    regions = Regions()
    corners = np.array([[2, 3], [2, 8], [5, 8], [5, 3]], float)
    regions.add(region_of_outline(Outline("ellipse", corners, (0, 2)), VOLUME, "tectum", "#56b4e9"))
    regions.add(region_of_mask(np.ones((1, 2, 2)), "b", "#e69f00", corner=(3, 0, 0), volume=VOLUME))
    return regions


@pytest.fixture
def files(regions):
    files = RegionFiles(regions)
    yield files
    files.close()


def test_regions_go_to_a_file_and_come_back_in_one_step_of_undo(regions, files, tmp_path):
    exported, imported = [], []
    files.exported.connect(exported.append)
    files.imported.connect(imported.append)
    files.write(tmp_path / "a.geojson", voxel_size=(5, 1, 1))
    wait_until(lambda: not files.busy)
    assert exported == [str(tmp_path / "a.geojson")]
    files.read(tmp_path / "a.geojson", VOLUME)
    wait_until(lambda: not files.busy)
    assert [region.name for region in regions] == ["tectum", "b", "tectum", "b"]
    assert imported == [tuple(regions)[2:]]
    assert (files.trouble, files.notes) == (None, ())
    regions.undo()
    assert len(regions) == 2


def test_it_is_busy_while_a_file_is_written(regions, files, tmp_path, monkeypatch):
    written = Event()
    monkeypatch.setattr("napari_thunder.models.rois.region_files.write_regions", lambda *_: written.wait(10) and _[1])
    files.write(tmp_path / "a.geojson")
    assert files.busy
    written.set()
    wait_until(lambda: not files.busy)


def test_only_the_chosen_ones_are_written(regions, files, tmp_path):
    files.write(tmp_path / "a.zip", [tuple(regions)[1].key])
    wait_until(lambda: not files.busy)
    files.read(tmp_path / "a.zip", (4, 12, 1))
    wait_until(lambda: not files.busy)
    assert [region.name for region in regions] == ["tectum", "b", "b"]
    assert files.notes == ("b lies partly outside of the recording; that part is cut off.",)


def test_what_goes_wrong_is_kept_as_trouble_until_the_next_file(regions, files, tmp_path):
    told = []
    files.changed.connect(lambda: told.append(files.trouble))
    files.read(tmp_path / "missing.zip", VOLUME)
    wait_until(lambda: not files.busy)
    assert "no such file" in files.trouble.message
    assert told[-1] is files.trouble
    files.write(tmp_path / "nowhere" / "a.zip")
    wait_until(lambda: not files.busy)
    assert "there is no such folder" in files.trouble.message
    files.write(tmp_path / "a.zip")
    wait_until(lambda: not files.busy)
    assert files.trouble is None


def test_a_disk_that_hangs_holds_up_neither_the_caller_nor_the_end(regions, files, tmp_path, monkeypatch):
    imported = []
    files.imported.connect(imported.append)
    monkeypatch.setattr("napari_thunder.models.rois.region_files.read_regions", lambda *a, **k: time.sleep(2) or [])
    start = time.monotonic()
    files.read(tmp_path / "a.zip", VOLUME)
    files.close(0.1)
    files.read(tmp_path / "a.zip", VOLUME)
    assert time.monotonic() - start < 1
    time.sleep(2.1)
    assert imported == []


@pytest.fixture
def pickled(tmp_path):
    from tests.io.regions.other_programs import write_suite2p

    return write_suite2p(tmp_path, [[(5, 6)], [(6, 7)]])


def test_a_pickle_waits_for_a_persons_trust(regions, files, pickled):
    files.read(pickled, VOLUME)
    wait_until(lambda: not files.busy)
    assert (files.trouble, len(regions)) == (None, 2)
    assert files.doubt.pickle == str(pickled / "plane0" / "stat.npy")
    files.trust()
    wait_until(lambda: not files.busy)
    assert [region.name for region in regions][2:] == ["z0 cell 0", "z1 cell 0"]
    assert files.doubt is None


def test_a_pickle_that_is_not_trusted_is_let_be(regions, files, pickled):
    files.read(pickled, VOLUME)
    wait_until(lambda: not files.busy)
    files.let_be()
    assert (files.doubt, files.trouble, files.notes) == (None, None, ("suite2p was not read.",))
    files.trust()
    assert not files.busy
    assert len(regions) == 2
