"""Cells and traces of CaImAn."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_thunder.errors import RegionError
from napari_thunder.io.regions import read_regions, read_traces
from tests.io.regions.conftest import VOLUME
from tests.io.regions.other_programs import Array, caiman_weights, cell, write_caiman

CENTERS = [(5, 6), (20, 30), (33, 44)]


def flat() -> list[Array]:
    images = [np.zeros(VOLUME[1:]) for _ in CENTERS]
    for image, center in zip(images, CENTERS, strict=True):
        image[cell(*center, 3)] = 0.01
        image[cell(*center)] = 1.0
    return images


def solid() -> list[Array]:
    """(z, y, x)"""
    volumes = [np.zeros(VOLUME) for _ in CENTERS]
    for z, (volume, center) in enumerate(zip(volumes, CENTERS, strict=True)):
        volume[z : z + 3][:, *cell(*center)] = 1.0
    return volumes


def most_energy(image: Array) -> Array:
    """By the rule said plainly: pixels from the brightest on, until they hold 0.9 of the energy."""
    energy = np.sort(image.ravel())[::-1] ** 2
    n = int(np.argmax(np.cumsum(energy) >= 0.9 * energy.sum())) + 1
    return image >= np.sort(image.ravel())[::-1][n - 1]


def test_cells_of_a_plane_go_to_the_plane_asked_for(tmp_path: Path) -> None:
    path = write_caiman(tmp_path / "cnm.hdf5", caiman_weights(flat()), VOLUME[1:])
    found = read_regions(path, VOLUME, plane=3)
    assert [(region.name, region.planes) for region in found] == [(f"cell {n}", (3, 3)) for n in range(3)]
    for region, image in zip(found, flat(), strict=True):
        assert not (region.full_mask()[3] & ~most_energy(image)).any()
        assert (image[region.full_mask()[3]] ** 2).sum() >= 0.9 * (image**2).sum()
    with pytest.raises(RegionError, match=r"cells of one plane\. Choose the plane"):
        read_regions(path, VOLUME)


@pytest.mark.parametrize("order", [(1, 2, 0), (0, 1, 2)], ids=["y, x, z", "z, y, x"])
def test_cells_of_a_volume_lie_where_they_are(tmp_path: Path, order: tuple[int, int, int]) -> None:
    volumes = [np.transpose(volume, order) for volume in solid()]
    found = read_regions(write_caiman(tmp_path / "c.hdf5", caiman_weights(volumes), volumes[0].shape), VOLUME)
    for region, volume in zip(found, solid(), strict=True):
        mine = region.full_mask()
        assert not (mine & (volume == 0)).any()
        assert mine.sum() >= 0.9 * (volume > 0).sum()


def test_components_that_were_not_accepted_are_left_out_and_said(tmp_path: Path) -> None:
    path = write_caiman(tmp_path / "c.hdf5", caiman_weights(flat()), VOLUME[1:], accepted=[0, 2])
    said: list[str] = []
    assert [r.name for r in read_regions(path, VOLUME, 0, say=said.append)] == ["cell 0", "cell 2"]
    assert said == ["1 of 3 components were not accepted in CaImAn; left out."]
    assert list(read_traces(path)) == ["cell 0", "cell 2"]


def test_a_file_of_another_recording_is_refused(tmp_path: Path) -> None:
    path = write_caiman(tmp_path / "c.hdf5", caiman_weights([i.T for i in flat()]), VOLUME[:0:-1])
    with pytest.raises(RegionError, match="images of 50 × 40, which do not fit a recording of 6 × 40 × 50"):
        read_regions(path, VOLUME, 0)


@pytest.mark.parametrize("kind", ["C", "S", "YrA"])
def test_traces_are_caimans(tmp_path: Path, kind: str) -> None:
    path = write_caiman(tmp_path / "c.hdf5", caiman_weights(flat()), VOLUME[1:])
    with h5py.File(path) as file:
        stored = file[f"estimates/{kind}"][:]
    np.testing.assert_array_equal(read_traces(path, kind).to_numpy().T, stored)


def test_traces_that_are_not_there_are_said(tmp_path: Path) -> None:
    path = write_caiman(tmp_path / "c.hdf5", caiman_weights(flat()), VOLUME[1:])
    with pytest.raises(RegionError, match=r"no traces 'F_dff'. It holds: C, S, YrA"):
        read_traces(path, "F_dff")


@pytest.mark.parametrize(
    ("part", "value"),
    [("indices", 10**6), ("indptr", -3), ("indptr", 10**6), ("indices", -1)],
)
def test_a_damaged_matrix_is_said(tmp_path: Path, part: str, value: int) -> None:
    path = write_caiman(tmp_path / "c.hdf5", caiman_weights(flat()), VOLUME[1:])
    with h5py.File(path, "a") as file:
        file[f"estimates/A/{part}"][1] = value
    with pytest.raises(RegionError, match=r"estimates/A, is damaged"):
        read_regions(path, VOLUME, 0)


def test_other_hdf5_files_are_said_to_be_other(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["movie"] = np.zeros((3, 4, 5))
    with pytest.raises(RegionError, match=r"neither cells of CaImAn \(estimates/A\) nor a PlaneSegmentation"):
        read_regions(tmp_path / "a.h5", VOLUME)
    (tmp_path / "b.h5").write_bytes(b"no")
    with pytest.raises(RegionError, match="not a whole HDF5 file"):
        read_regions(tmp_path / "b.h5", VOLUME)
