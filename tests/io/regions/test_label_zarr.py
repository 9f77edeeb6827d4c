"""OME-Zarr labels of ours and of others."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from napari_thunder.errors import RegionError
from napari_thunder.io.regions import read_regions, write_regions
from tests.io.regions.conftest import VOLUME


def test_plain_zarr_reads_labels_colours_and_names(drawn, painted, tmp_path):
    regions = [drawn[0], drawn[1], painted[1], drawn[2]]
    group = zarr.open_group(write_regions(regions, tmp_path / "a.zarr", (5.0, 0.5, 0.4)), mode="r")
    assert group.attrs["ome"] == {"version": "0.5", "labels": ["regions", "regions_2"]}
    image = group["regions"]
    labels = image["0"][...]
    assert labels.dtype == np.uint16
    for i in range(3):
        assert np.array_equal(labels == i + 1, regions[i].full_mask())
    assert np.array_equal(group["regions_2/0"][...] == 4, regions[3].full_mask())
    ome = image.attrs["ome"]
    scale = ome["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    assert scale == [{"type": "scale", "scale": [5.0, 0.5, 0.4]}]
    assert [axis["unit"] for axis in ome["multiscales"][0]["axes"]] == ["micrometer"] * 3
    assert ome["image-label"]["colors"][0] == {"label-value": 1, "rgba": [0x56, 0xB4, 0xE9, 255]}
    assert ome["image-label"]["properties"][1] == {"label-value": 2, "name": "Ganglion β/1"}


def image_of_version_4(path, labels, **attributes):
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.attrs["multiscales"] = [{"version": "0.4", "datasets": [{"path": "0"}]}]
    group.create_group("labels").attrs["labels"] = ["cells"]
    cells = group.create_group("labels/cells")
    cells.create_array("0", data=labels)
    axes = [{"name": name, "type": "space"} for name in "tzyx"[-labels.ndim :]]
    cells.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]
    cells.attrs["image-label"] = {"version": "0.4"} | attributes
    return path


def test_the_labels_of_an_ome_zarr_image_are_found(tmp_path):
    labels = np.zeros((1, *VOLUME), np.int32)
    labels[0, 2, 3, 4:8] = 12
    labels[0, 3, 3, 4:7] = 5
    labels[0, 0, 0, 0] = -1
    colors = [{"label-value": 12, "rgba": [255, 0, 0, 128]}, {"label-value": 5, "rgba": "red"}]
    path = image_of_version_4(tmp_path / "image.zarr", labels, colors=colors, properties=[{"label-value": 5}])
    five, twelve = read_regions(path, VOLUME)
    assert (five.name, five.n_voxels, twelve.name, twelve.color) == ("label 5", 3, "label 12", "#ff0000")
    assert [r.name for r in read_regions(path / "labels", VOLUME)] == ["label 5", "label 12"]
    assert [r.name for r in read_regions(path / "labels" / "cells", VOLUME)] == ["label 5", "label 12"]


def test_labels_that_are_not_numbers_or_of_other_shape_are_refused(tmp_path):
    with pytest.raises(RegionError, match="whole numbers"):
        read_regions(image_of_version_4(tmp_path / "a.zarr", np.zeros(VOLUME, np.float32)), VOLUME)
    with pytest.raises(RegionError, match="does not fit"):
        read_regions(image_of_version_4(tmp_path / "b.zarr", np.zeros((3, *VOLUME), np.uint8)), VOLUME)
    (tmp_path / "c.zarr").mkdir()
    (tmp_path / "c.zarr" / "zarr.json").write_text("{")
    with pytest.raises(RegionError, match="cannot be read as OME-Zarr"):
        read_regions(tmp_path / "c.zarr", VOLUME)


def test_pickled_labels_are_not_unpickled(tmp_path):
    path = image_of_version_4(tmp_path / "a.zarr", np.ones(VOLUME, np.uint8))
    meta = path / "labels" / "cells" / "0" / ".zarray"
    meta.write_text(meta.read_text().replace('"filters": null', '"filters": [{"id": "pickle", "protocol": 5}]'))
    assert "pickle" in meta.read_text()
    with pytest.raises(RegionError, match="pickle"):
        read_regions(path, VOLUME)
