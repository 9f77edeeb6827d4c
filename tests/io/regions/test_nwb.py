"""Cells and traces in NWB files, written by pynwb."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pynwb = pytest.importorskip("pynwb")
from pynwb.ophys import Fluorescence, ImageSegmentation  # noqa: E402

from napari_thunder.errors import RegionError  # noqa: E402
from napari_thunder.io.regions import read_regions, read_traces  # noqa: E402
from tests.io.nwb_files import imaging_plane, session, write_nwb  # noqa: E402
from tests.io.regions.conftest import VOLUME  # noqa: E402
from tests.io.regions.other_programs import cell  # noqa: E402

CENTERS = [(5, 6), (20, 30), (33, 44)]


def nwb(path: Path, mask: str, accepted: list[int] | None = None, y_first: bool = False) -> Path:
    """A file with cells at (y, x), those of `voxel_mask` on planes 1 and 2."""
    file = session()
    module = file.create_processing_module("ophys", "cells")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    table: Any = segmentation.create_plane_segmentation("cells", imaging_plane(file), name="Cells")
    if accepted is not None:
        table.add_column("iscell", "whether it is one")
    for number, center in enumerate(CENTERS):
        y, x = cell(*center)
        first, second = (y, x) if y_first else (x, y)
        image = np.zeros(VOLUME[:0:-1])
        image[x, y] = 1
        masks = {
            "image_mask": image,
            "pixel_mask": [(int(a), int(b), 1.0) for a, b in zip(first, second, strict=True)],
            "voxel_mask": [(int(a), int(b), z, 1.0) for z in (1, 2) for a, b in zip(x, y, strict=True)],
        }
        table.add_roi(**{mask: masks[mask]}, **({} if accepted is None else {"iscell": int(number in accepted)}))
    rows = table.create_roi_table_region(region=[0, 1, 2], description="all")
    data = np.random.default_rng(0).random((20, 3))
    fluorescence = Fluorescence()
    module.add(fluorescence)
    fluorescence.create_roi_response_series("Raw", data, rois=rows, unit="n.a.", rate=4.0, starting_time=1.0)
    return write_nwb(file, path)


@pytest.mark.parametrize(("mask", "planes"), [("image_mask", (4, 4)), ("pixel_mask", (4, 4)), ("voxel_mask", (1, 2))])
def test_cells_lie_where_they_are(tmp_path: Path, mask: str, planes: tuple[int, int]) -> None:
    found = read_regions(nwb(tmp_path / "a.nwb", mask), VOLUME, plane=4)
    assert [region.name for region in found] == ["cell 0", "cell 1", "cell 2"]
    for region, center in zip(found, CENTERS, strict=True):
        wanted = np.zeros(VOLUME, bool)
        for z in range(planes[0], planes[1] + 1):
            wanted[z][cell(*center)] = True
        np.testing.assert_array_equal(region.full_mask(), wanted)


def test_a_plane_has_to_be_chosen_where_the_file_says_none(tmp_path: Path) -> None:
    with pytest.raises(RegionError, match=r"its cells are of one plane\. Choose the plane"):
        read_regions(nwb(tmp_path / "a.nwb", "pixel_mask"), VOLUME)
    assert len(read_regions(nwb(tmp_path / "b.nwb", "voxel_mask"), VOLUME)) == 3


def test_y_first_is_understood_where_only_that_fits_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    found = read_regions(nwb(tmp_path / "a.nwb", "pixel_mask", y_first=True), VOLUME, 0, say=said.append)
    assert said == ["Cells: x and y are taken the other way round, as only so its cells fit this recording."]
    for mine, right in zip(found, read_regions(nwb(tmp_path / "b.nwb", "pixel_mask"), VOLUME, 0), strict=True):
        np.testing.assert_array_equal(mine.full_mask(), right.full_mask())


def test_rows_that_are_no_cells_are_left_out(tmp_path: Path) -> None:
    said: list[str] = []
    path = nwb(tmp_path / "a.nwb", "image_mask", accepted=[1])
    assert [r.name for r in read_regions(path, VOLUME, 0, say=said.append)] == ["cell 1"]
    assert said == ["Cells: 2 of 3 rows are not cells; left out."]
    assert list(read_traces(path)) == ["cell 1"]


def test_traces_have_the_files_times(tmp_path: Path) -> None:
    path = nwb(tmp_path / "a.nwb", "image_mask")
    table = read_traces(path, "Raw")
    np.testing.assert_array_equal(table.to_numpy(), np.random.default_rng(0).random((20, 3)))
    np.testing.assert_allclose(table.index, 1 + np.arange(20) / 4)
    assert table.index.name == "time"
    with pytest.raises(RegionError, match=r"no traces 'Denoised'. RoiResponseSeries in it: Raw"):
        read_traces(path, "Denoised")
