"""What is written comes back; what goes wrong is said, and leaves nothing half written."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from napari_thunder.errors import RegionError
from napari_thunder.io.regions import read_regions, region_formats, write_regions
from napari_thunder.regions import region_of_mask
from tests.io.regions.conftest import VOLUME, same_voxels

FILES = ("a.geojson", "a.json", "a.zip", "a.ome.zarr", "a.zarr")


@pytest.mark.parametrize("name", FILES)
def test_all_regions_come_back_with_their_voxels_names_and_colours(name, drawn, painted, said, tmp_path):
    regions = [*drawn, *painted]
    path = write_regions(regions, tmp_path / name, (5.0, 0.5, 0.5))
    back = read_regions(path, VOLUME, say=said.append)
    for one, other in zip(regions, back, strict=True):
        assert (one.name, one.color) == (other.name, other.color)
        assert same_voxels(one, other), one.name


def test_a_label_tiff_gives_back_regions_that_do_not_overlap(painted, drawn, said, tmp_path):
    regions = [drawn[0], drawn[3], painted[1], painted[2]]
    back = read_regions(write_regions(regions, tmp_path / "a.tif", (5.0, 0.5, 0.4)), VOLUME, say=said.append)
    assert [(r.name, r.color) for r in back] == [(r.name, r.color) for r in regions]
    assert all(same_voxels(one, other) for one, other in zip(regions, back, strict=True))
    assert said == []


@pytest.mark.parametrize("name", ["a.geojson", "a.zip"])
def test_random_masks_come_back_voxel_by_voxel(name, said, tmp_path):
    rng = np.random.default_rng(5)
    masks = [rng.random((3, *rng.integers(1, 9, 2))) > rng.random() for _ in range(60)]
    regions = [region_of_mask(m, f"r{i}", "#ffffff", volume=VOLUME) for i, m in enumerate(masks) if m.any()]
    back = read_regions(write_regions(regions, tmp_path / name), VOLUME, say=said.append)
    assert [region.name for region in back] == [region.name for region in regions]
    assert all(same_voxels(one, other) for one, other in zip(regions, back, strict=True))
    assert all(region.outline is None for region in back)


@pytest.mark.parametrize("name", ["a.geojson", "a.zip", "a.tif", "a.zarr"])
def test_a_volume_of_one_plane_does_as_well(name, tmp_path):
    flat = region_of_mask(np.pad(np.ones((1, 3, 4)), ((0, 0), (2, 2), (5, 0))), "flat", "#ffffff")
    (back,) = read_regions(write_regions([flat], tmp_path / name), flat.volume)
    assert same_voxels(flat, back)


@pytest.mark.parametrize("name", [*FILES, "a.tif", "a.roi"])
def test_a_damaged_or_empty_file_is_said(name, tmp_path):
    path = tmp_path / name
    for content in (b"", b"\x00" * 50, b"{", b"Iout" + b"\xff" * 200, b'{"type": "FeatureCollection"}', b"[[[[]]]]"):
        path.write_bytes(content)
        with pytest.raises(RegionError, match="a\\."):
            read_regions(path, VOLUME)


def test_what_is_no_file_of_regions_is_said(tmp_path, drawn):
    with pytest.raises(RegionError, match="no such file"):
        read_regions(tmp_path / "a.geojson", VOLUME)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(RegionError, match=r"end in \.geojson"):
        read_regions(tmp_path / "a.txt", VOLUME)
    with pytest.raises(RegionError, match=r"end in \.geojson"):
        write_regions(drawn, tmp_path / "a.txt")
    with pytest.raises(RegionError, match="no region to write"):
        write_regions([], tmp_path / "a.zip")
    with pytest.raises(RegionError, match="no plane z 6"):
        read_regions(write_regions(drawn, tmp_path / "a.zip"), VOLUME, plane=6)
    with pytest.raises(RegionError, match="one recording"):
        write_regions([drawn[0], region_of_mask(np.ones((1, 1, 1)), "x", "#ffffff")], tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["a.geojson", "a.zip", "a.zarr", "a.tif"])
def test_writing_again_replaces_and_failing_leaves_what_was_there(name, drawn, tmp_path, monkeypatch):
    path = write_regions(drawn[:2], tmp_path / name)
    write_regions(drawn[:1], path)
    assert len(read_regions(path, VOLUME)) == 1

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    format = next(f for f in region_formats() if name.endswith(f.suffixes))
    monkeypatch.setattr(f"{format.module}.write", full)
    with pytest.raises(RegionError, match="disk is full"):
        write_regions(drawn, path)
    assert len(read_regions(path, VOLUME)) == 1
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_recording_is_never_replaced(drawn, tmp_path):
    import zarr

    zarr.open_group(tmp_path / "movie.zarr", mode="w", attributes={"ome": {"multiscales": []}})
    with pytest.raises(RegionError, match="is kept"):
        write_regions(drawn, tmp_path / "movie.zarr")
    with pytest.raises(RegionError, match="no labels"):
        read_regions(tmp_path / "movie.zarr", VOLUME)


@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
def test_a_label_image_of_another_volume_is_refused(name, painted, tmp_path):
    path = write_regions(painted[1:], tmp_path / name)
    with pytest.raises(RegionError, match="6 × 40 × 50 voxels does not fit"):
        read_regions(path, (6, 40, 51))


@pytest.mark.parametrize("name", ["a.geojson", "a.zip"])
def test_what_lies_outside_is_cut_off_and_said(name, drawn, said, tmp_path):
    path = write_regions(drawn[:4], tmp_path / name)
    back = read_regions(path, (3, 25, 20), say=said.append)
    assert [region.name for region in back] == ["tectum", "Ganglion β/1"]
    assert np.array_equal(back[1].full_mask(), drawn[1].full_mask()[:3, :25, :20])
    assert any("Ganglion" in word and "cut off" in word for word in said)
    assert any("turned" in word and "left out" in word for word in said)
    with pytest.raises(RegionError, match="no region in it"):
        read_regions(path, (1, 2, 2), say=said.append)


def test_overlapping_regions_do_not_go_into_a_label_tiff(drawn, tmp_path):
    with pytest.raises(RegionError, match=r"tectum and tectum share 30 voxels.*OME-Zarr"):
        write_regions([drawn[0], drawn[1], drawn[0]], tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_a_label_tiff_of_one_plane_goes_where_it_is_told(tmp_path):
    import tifffile

    labels = np.zeros(VOLUME[1:], np.uint32)
    labels[3:5, 4:6] = 70_000
    labels[10, 10] = 9
    tifffile.imwrite(tmp_path / "cellpose.tif", labels)
    with pytest.raises(RegionError, match="Choose the plane"):
        read_regions(tmp_path / "cellpose.tif", VOLUME)
    back = read_regions(tmp_path / "cellpose.tif", VOLUME, plane=4)
    assert [(r.name, r.n_voxels, r.planes) for r in back] == [("label 9", 1, (4, 4)), ("label 70000", 4, (4, 4))]
    tifffile.imwrite(tmp_path / "float.tif", labels.astype(float))
    with pytest.raises(RegionError, match="whole numbers"):
        read_regions(tmp_path / "float.tif", VOLUME, plane=4)


def test_imagej_finds_the_size_of_voxels_in_a_label_tiff(painted, tmp_path):
    import tifffile

    with tifffile.TiffFile(write_regions(painted[1:], tmp_path / "a.tif", (5.0, 0.5, 0.4))) as file:
        assert file.imagej_metadata["spacing"] == 5.0
        assert file.imagej_metadata["unit"] == "um"
        assert file.series[0].axes == "ZYX"
        per_um = [a / b for a, b in (file.pages[0].tags[tag].value for tag in ("XResolution", "YResolution"))]
    assert np.allclose(per_um, [2.5, 2.0])


def test_too_many_labels_are_refused(tmp_path, monkeypatch):
    import tifffile

    monkeypatch.setattr("napari_thunder.io.regions.labels.MOST_REGIONS", 3)
    tifffile.imwrite(tmp_path / "a.tif", np.arange(24, dtype=np.uint16).reshape(2, 3, 4))
    with pytest.raises(RegionError, match="23 labels"):
        read_regions(tmp_path / "a.tif", (2, 3, 4))
