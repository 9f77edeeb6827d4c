"""The traces of regions without a window: from Python and from the command line, with the window's numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.cli import FAILED, OK, main
from napari_thunder.errors import RegionError
from napari_thunder.io.regions import write_regions
from napari_thunder.models import Desk
from napari_thunder.regions import Region, region_of_mask, surround
from napari_thunder.traces.of_regions import region_traces
from napari_thunder.traces.settings import TraceSettings
from tests.models.waiting import wait_until

SPACE = (2, 24, 28)


@pytest.fixture
def movie() -> np.ndarray:
    return np.random.default_rng(0).integers(50, 200, (60, *SPACE)).astype(np.uint16)


@pytest.fixture
def path(movie, tmp_path) -> str:
    np.save(tmp_path / "movie.npy", movie)
    return str(tmp_path / "movie.npy")


def regions() -> list[Region]:
    masks = np.zeros((2, *SPACE), bool)
    masks[0, 0, 4:9, 4:9] = True
    masks[1, 0, 12:15, 6:9] = True
    return [region_of_mask(mask, name, "#56b4e9") for mask, name in zip(masks, ("tectum", "cerebellum"), strict=True)]


def delta_f_over_f(series: np.ndarray) -> np.ndarray:
    f0 = np.percentile(series, 20)
    return (series - f0) / f0


def test_regions_have_a_column_each(movie):
    table = region_traces(nt.Recording.from_array(movie, frame_rate=2.0), regions())
    assert table.columns.tolist() == ["time", "tectum", "cerebellum"]
    np.testing.assert_allclose(table["time"], np.arange(60) / 2)
    for region in regions():
        by_hand = delta_f_over_f(movie[:, region.full_mask()].mean(axis=1))
        np.testing.assert_allclose(table[region.name], by_hand)


def test_rings_leave_out_all_regions(movie):
    settings = TraceSettings(measure="raw", neuropil=True, neuropil_factor=0.5)
    table = region_traces(nt.Recording.from_array(movie), regions(), settings=settings)
    assert table["frame"].tolist() == list(range(60))
    one = regions()[0]
    ring = surround(one, exclude=regions())
    by_hand = movie[:, one.full_mask()].mean(axis=1) - 0.5 * movie[:, ring.full_mask()].mean(axis=1)
    np.testing.assert_allclose(table["tectum"], by_hand)


def test_no_region_is_told(movie):
    with pytest.raises(RegionError, match="no regions"):
        region_traces(nt.Recording.from_array(movie), [])


def test_the_command_writes_what_the_window_shows(path, tmp_path: Path, capsys):
    write_regions(regions(), tmp_path / "rois.geojson")
    out = tmp_path / "traces.csv"
    arguments = ["traces", path, "--regions", str(tmp_path / "rois.geojson"), "-o", str(out), "--frame-rate", "2"]
    assert main([*arguments, "--set", "neuropil=true", "measure=z", "--json"]) == OK
    facts = json.loads(capsys.readouterr().out)
    assert facts["regions"] == ["tectum", "cerebellum"]
    about = json.loads(out.read_text("utf-8").splitlines()[0].removeprefix("# "))
    assert about["recording"] == path
    assert (about["measure"], about["neuropil"]) == ("z", True)
    desk = Desk()
    desk.connection.connect("threads")
    desk.datasets.add(nt.open(path, frame_rate=2.0))
    desk.traces.configure(neuropil=True, measure="z")
    desk.regions.add_all(nt.io.regions.read_regions(tmp_path / "rois.geojson", SPACE))
    wait_until(lambda: desk.traces.table().shape == (60, 3))
    shown = desk.traces.table()
    desk.close()
    pd.testing.assert_frame_equal(pd.read_csv(out, skiprows=1), shown)


def test_the_command_overwrites_only_when_told(path, tmp_path: Path, capsys):
    write_regions(regions(), tmp_path / "rois.geojson")
    out = tmp_path / "traces.csv"
    out.write_text("mine")
    arguments = ["traces", path, "--regions", str(tmp_path / "rois.geojson"), "-o", str(out)]
    assert main(arguments) == FAILED
    assert "--overwrite" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main([*arguments, "--overwrite"]) == OK
    assert out.read_text("utf-8").startswith("# {")


@pytest.mark.parametrize(
    ("change", "told"),
    [(["--set", "measure=loud"], "raw, dff, z"), (["-o", "/no/such/folder/t.csv"], "no folder"), ([], "no such file")],
)
def test_the_command_says_what_is_wrong(path, tmp_path: Path, capsys, change, told):
    arguments = ["traces", path, "--regions", str(tmp_path / "none.geojson"), "-o", str(tmp_path / "t.csv"), *change]
    assert main(arguments) == FAILED
    assert told in capsys.readouterr().err
    assert not (tmp_path / "t.csv").exists()
