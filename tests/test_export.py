from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
import xarray as xr
import zarr

import napari_thunder as nt
from napari_thunder.errors import ResultError
from napari_thunder.export import curve_tables, export_rgb_tiff
from napari_thunder.recording import Recording

VOXEL = (8.0, 2.0, 1.0)


@pytest.fixture(scope="module")
def result() -> xr.Dataset:
    movie = np.random.default_rng(0).normal(100, 5, (30, 3, 6, 7)).astype(np.float32)
    recording = Recording.from_array(movie, voxel_size=VOXEL, frame_rate=2.0)
    made = nt.run(nt.PCA(n_components=2), recording)
    made["components"].values[0, 0, 0, 0] = np.nan
    return made


def test_a_tiff_holds_every_map_with_its_name_and_voxel_size(result: xr.Dataset, tmp_path: Path) -> None:
    path = nt.export_tiff(result, tmp_path / "maps.tif")
    with tifffile.TiffFile(path) as tif:
        assert tif.is_imagej
        about, stored = tif.imagej_metadata, tif.asarray()
        assert tif.series[0].axes == "ZCYX"
        assert tif.pages[0].tags["XResolution"].value == (1, 1)
        assert np.divide(*tif.pages[0].tags["YResolution"].value) == 0.5
    assert about is not None
    assert (about["spacing"], about["unit"]) == (8.0, "um")
    assert about["Labels"][:2] == ["component 1", "component 2"]
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(np.moveaxis(stored, 1, 0)[:2], result["components"].values)


def test_a_tiff_of_one_plane_and_one_map_reads_back(tmp_path: Path) -> None:
    flat = nt.run(nt.SummaryImages(), Recording.from_array(np.random.default_rng(0).random((9, 1, 5, 6))))
    path = nt.export_tiff(flat, tmp_path / "one.tif", [nt.MapChoice("mean")])
    np.testing.assert_array_equal(np.squeeze(tifffile.imread(path)), flat["mean"].values[0])


def test_colours_are_written_as_rgb_on_black(tmp_path: Path) -> None:
    rgba = np.zeros((2, 3, 4, 4), np.uint8)
    rgba[1, 2, 3] = (200, 100, 50, 128)
    stored = tifffile.imread(export_rgb_tiff(rgba, tmp_path / "rgb.tif", VOXEL))
    assert stored.shape == (2, 3, 4, 3)
    assert stored[1, 2, 3] == pytest.approx([100, 50, 25], abs=1)
    assert stored.sum() == stored[1, 2, 3].sum()


def test_an_ome_zarr_is_what_0_5_asks_for(result: xr.Dataset, tmp_path: Path) -> None:
    path = nt.export_ome_zarr(result, tmp_path / "maps.ome.zarr")
    group = zarr.open_group(path, mode="r")
    assert group.metadata.zarr_format == 3
    ome: Any = group.attrs["ome"]
    (scales,) = ome["multiscales"]
    assert ome["version"] == "0.5"
    assert [axis["name"] for axis in scales["axes"]] == ["c", "z", "y", "x"]
    assert scales["axes"][1] == {"name": "z", "type": "space", "unit": "micrometer"}
    assert scales["datasets"][0]["coordinateTransformations"] == [{"type": "scale", "scale": [1.0, 8.0, 2.0, 1.0]}]
    assert [channel["label"] for channel in ome["omero"]["channels"]][:2] == ["component 1", "component 2"]
    stored: Any = group["0"]
    np.testing.assert_array_equal(stored[:2], result["components"].values)
    with pytest.raises(ResultError, match="already"):
        nt.export_ome_zarr(result, path)


def test_an_npz_needs_no_pickle_and_holds_everything(result: xr.Dataset, tmp_path: Path) -> None:
    with np.load(nt.export_npz(result, tmp_path / "all.npz"), allow_pickle=False) as stored:
        for name, values in result.variables.items():
            np.testing.assert_array_equal(stored[str(name)], values.values)
        about = json.loads(str(stored["attrs"]))
    assert about["variables"]["components"]["dims"] == ["component", "z", "y", "x"]
    assert json.loads(about["attrs"]["provenance"])["analysis"] == "pca"


def test_labels_that_are_text_need_no_pickle_either(tmp_path: Path) -> None:
    events = pd.DataFrame({"start_time": [1.0, 8.0], "stop_time": [2.0, 9.0], "kind": ["left", "right"]})
    recording = Recording.from_array(np.random.default_rng(0).random((30, 1, 3, 3)), frame_rate=2.0, events=events)
    made = nt.run(nt.Regression(events_by=("kind",)), recording)
    with np.load(nt.export_npz(made, tmp_path / "all.npz"), allow_pickle=False) as stored:
        assert list(stored["regressor"]) == list(made.coords["regressor"].values)


def test_curves_become_a_table_that_reads_back_exactly(result: xr.Dataset, tmp_path: Path) -> None:
    (dim, table), *_ = curve_tables(result).items()
    nt.export_csv(
        result[[n for n in result.data_vars if dim in result[n].dims or "z" in result[n].dims]], tmp_path / "c.csv"
    )
    again = pd.read_csv(tmp_path / "c.csv", index_col=dim, float_precision="round_trip")
    pd.testing.assert_frame_equal(again, table, check_exact=True, check_index_type=False, check_dtype=False)


def test_a_result_without_curves_says_what_to_do(tmp_path: Path) -> None:
    maps = nt.run(nt.SummaryImages(), Recording.from_array(np.ones((4, 1, 2, 2))))
    with pytest.raises(ResultError, match="maps only"):
        nt.export_csv(maps, tmp_path / "none.csv")


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), OSError("238032 requested and 7112 written")]
)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    result: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    (tmp_path / "maps.tif").write_bytes(b"old")

    def full(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(tifffile, "imwrite", full)
    with pytest.raises(ResultError, match="disk is full"):
        nt.export_tiff(result, tmp_path / "maps.tif")
    assert [p.name for p in tmp_path.iterdir()] == ["maps.tif"]
    assert (tmp_path / "maps.tif").read_bytes() == b"old"


def test_a_folder_that_is_not_there_is_said(result: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="no such folder"):
        nt.export_npz(result, tmp_path / "nowhere" / "all.npz")


def test_an_ome_zarr_takes_the_place_of_another_when_told_to_and_of_nothing_else(
    result: xr.Dataset, tmp_path: Path
) -> None:
    for _ in range(2):
        nt.export_ome_zarr(result, tmp_path / "maps.ome.zarr", overwrite=True)
    (tmp_path / "mine.ome.zarr").mkdir()
    (tmp_path / "mine.ome.zarr" / "thesis.txt").write_text("all of it")
    with pytest.raises(ResultError, match="already"):
        nt.export_ome_zarr(result, tmp_path / "mine.ome.zarr", overwrite=True)
    assert (tmp_path / "mine.ome.zarr" / "thesis.txt").read_text() == "all of it"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["maps.ome.zarr", "mine.ome.zarr"]
