"""Cells and traces of suite2p."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_thunder.errors import PickledError, RegionError
from napari_thunder.io.regions import read_regions, read_traces, write_regions
from tests.io.regions.conftest import VOLUME
from tests.io.regions.other_programs import cell, suite2p_stat, write_suite2p

PLANES = [[(5, 6), (20, 30)], [(10, 11)], [(30, 40), (8, 8), (33, 7)]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_suite2p(tmp_path, PLANES, not_cells=((0, 1),))


def test_cells_lie_on_the_planes_they_were_found_on(folder: Path) -> None:
    said: list[str] = []
    found = read_regions(folder, VOLUME, say=said.append, allow_pickle=True)
    names = ["z0 cell 0", "z1 cell 0", "z2 cell 0", "z2 cell 1", "z2 cell 2"]
    assert [region.name for region in found] == names
    assert len({region.color for region in found}) == 5
    for region, (z, center) in zip(found, [(0, (5, 6)), (1, (10, 11)), *((2, c) for c in PLANES[2])], strict=True):
        wanted = np.zeros(VOLUME, bool)
        wanted[z][cell(*center)] = True
        np.testing.assert_array_equal(region.full_mask(), wanted)
    assert said == ["plane0: 1 of 2 ROIs are not cells, by suite2p; left out."]


@pytest.mark.parametrize("where", ["", "..", "plane0", "plane0/stat.npy"])
def test_it_asks_for_trust_before_a_pickle_is_read(folder: Path, where: str) -> None:
    with pytest.raises(PickledError, match=r"stat\.npy: it is a pickle.*or --allow-pickle") as caught:
        read_regions(folder / where, VOLUME)
    assert Path(caught.value.path).parts[-2:] == ("plane0", "stat.npy")


def test_no_trust_is_needed_for_matlab_beside_it(tmp_path: Path) -> None:
    pickled = read_regions(write_suite2p(tmp_path / "a", PLANES), VOLUME, allow_pickle=True)
    matlab = read_regions(write_suite2p(tmp_path / "b", PLANES, matlab=True), VOLUME)
    for one, other in zip(pickled, matlab, strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.full_mask(), other.full_mask())


def test_one_plane_goes_where_its_name_says_or_where_it_is_asked_to(folder: Path, tmp_path: Path) -> None:
    assert {r.planes for r in read_regions(folder / "plane2", VOLUME, plane=4, allow_pickle=True)} == {(2, 2)}
    assert {r.name for r in read_regions(folder / "plane1/stat.npy", VOLUME, allow_pickle=True)} == {"cell 0"}
    (folder / "plane2").rename(tmp_path / "mine")
    assert {r.planes for r in read_regions(tmp_path / "mine", VOLUME, plane=4, allow_pickle=True)} == {(4, 4)}
    assert {r.planes for r in read_regions(tmp_path / "mine", (1, 40, 50), allow_pickle=True)} == {(0, 0)}
    with pytest.raises(RegionError, match="which of the recording's 6 planes is it"):
        read_regions(tmp_path / "mine", VOLUME, allow_pickle=True)


def test_cells_beyond_the_recording_are_cut_or_left_out_and_said(folder: Path) -> None:
    said: list[str] = []
    found = read_regions(folder / "plane2", (6, 40, 40), say=said.append, allow_pickle=True)
    assert len(found) == 3
    assert said == ["cell 0: they lie partly outside of the recording; that part is cut off."]
    read_regions(folder / "plane2", (6, 20, 20), say=said.append, allow_pickle=True)
    assert said[-1] == "cell 0, cell 2: no voxel of this recording lies in them; left out."


def test_a_malicious_stat_does_nothing_with_trust_either(folder: Path, tmp_path: Path) -> None:
    import os

    from tests.io.regions.test_pickled import Evil, write

    write(folder / "plane0" / "stat.npy", {"ypix": Evil(os.mkdir, str(tmp_path / "mark")), "xpix": 0})
    for allow in (False, True):
        with pytest.raises(RegionError):
            read_regions(folder, VOLUME, allow_pickle=allow)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("stat", [{"ypix": np.arange(3)}, {"ypix": "abc", "xpix": "def"}, {"ypix": [0.5], "xpix": [1]}])
def test_rois_without_pixels_are_said(folder: Path, stat: dict[str, object]) -> None:
    np.save(folder / "plane1" / "stat.npy", np.array([stat], dtype=object))
    with pytest.raises(RegionError, match=r"plane1.*an ROI has no pixels"):
        read_regions(folder, VOLUME, allow_pickle=True)


def test_iscell_of_other_cells_is_said(folder: Path) -> None:
    np.save(folder / "plane1" / "stat.npy", suite2p_stat([(1, 1), (9, 9)]))
    with pytest.raises(RegionError, match=r"iscell.npy: is for 1 ROIs, but there are 2"):
        read_regions(folder, VOLUME, allow_pickle=True)


def test_it_is_read_only(folder: Path, tmp_path: Path) -> None:
    found = read_regions(folder, VOLUME, allow_pickle=True)
    with pytest.raises(RegionError, match="suite2p is read only"):
        write_regions(found, tmp_path / "new_stat.npy")


@pytest.mark.parametrize("kind", ["F", "Fneu", "spks"])
def test_traces_are_suite2ps_and_need_no_trust(folder: Path, kind: str) -> None:
    table = read_traces(folder, kind)
    assert list(table) == [r.name for r in read_regions(folder, VOLUME, allow_pickle=True)]
    assert table.index.name == "frame"
    np.testing.assert_array_equal(table["z2 cell 1"], np.load(folder / "plane2" / f"{kind}.npy")[1])
    assert list(read_traces(folder / "plane1")) == ["cell 0"]


def test_a_plane_that_ended_early_ends_with_nan(folder: Path) -> None:
    path = folder / "plane1" / "F.npy"
    np.save(path, np.load(path)[:, :-1])
    table = read_traces(folder)
    assert np.isnan(table["z1 cell 0"].iloc[-1])
    assert table.notna().iloc[:-1].all().all()


def test_traces_that_are_not_there_are_said(folder: Path, tmp_path: Path) -> None:
    (folder / "plane0" / "spks.npy").unlink()
    with pytest.raises(RegionError, match=r"there are no traces 'spks'. It holds: F, Fneu"):
        read_traces(folder, "spks")
    np.save(folder / "plane0" / "F.npy", np.array([{}], dtype=object))
    with pytest.raises(RegionError, match=r"F.npy: cannot be read as numbers"):
        read_traces(folder)
    with pytest.raises(RegionError, match="there is no such file or folder"):
        read_traces(tmp_path / "none")
