"""ImageJ's ROIs of ours and of others."""

from __future__ import annotations

import zipfile
from contextlib import suppress

import numpy as np
import pytest
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi, roiread, roiwrite

from napari_thunder.errors import RegionError
from napari_thunder.io.regions import read_regions, write_regions
from tests.io.regions.conftest import VOLUME, same_voxels


@pytest.fixture
def read(tmp_path):
    def read(*rois, **given):
        for i, roi in enumerate(rois):
            roi.name = roi.name or f"r{i}"
        roiwrite(tmp_path / "a.zip", rois, mode="w")
        return read_regions(tmp_path / "a.zip", VOLUME, **given)

    return read


def boxed(kind, left, top, right, bottom, **more):
    return ImagejRoi(roitype=kind, left=left, top=top, right=right, bottom=bottom, **more)


def on_plane(z, rows, columns):
    full = np.zeros(VOLUME, bool)
    full[z, rows, columns] = True
    return full


def test_a_rectangle_of_imagej_holds_its_pixels(read):
    # in ImageJ, a rectangle of width 4 from x = 3 is columns 3, 4, 5 and 6
    (region,) = read(boxed(ROI_TYPE.RECT, 3, 2, 7, 5, z_position=2))
    assert np.array_equal(region.full_mask(), on_plane(1, slice(2, 5), slice(3, 7)))
    assert region.outline.kind == "rectangle"


def test_a_traced_outline_runs_along_the_edges_of_pixels(read):
    corners = [[3, 2], [7, 2], [7, 5], [5, 5], [5, 8], [3, 8]]
    roi = ImagejRoi.frompoints(corners, z=4)
    roi.roitype = ROI_TYPE.TRACED
    (region,) = read(roi)
    expected = on_plane(4, slice(2, 5), slice(3, 7)) | on_plane(4, slice(5, 8), slice(3, 5))
    assert np.array_equal(region.full_mask(), expected)


def test_a_polygon_between_pixels_is_half_a_pixel_from_ours(read):
    points = np.array([[3.25, 2.5], [9.75, 4.0], [5.5, 11.25]])
    (region,) = read(ImagejRoi.frompoints(points, z=0))
    assert np.allclose(region.outline.vertices, points[:, ::-1] - 0.5)


def test_an_oval_is_the_ellipse_in_its_box(read):
    (region, fine) = read(
        boxed(ROI_TYPE.OVAL, 10, 5, 30, 15, z_position=1),
        boxed(ROI_TYPE.OVAL, 3, 3, 9, 9, z_position=1, options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION,
              xd=3.3, yd=3.1, widthd=5.4, heightd=4.8),
    )  # fmt: skip
    y, x = np.mgrid[:40, :50] + 0.5
    assert np.array_equal(region.full_mask()[0], ((x - 20) / 10) ** 2 + ((y - 10) / 5) ** 2 <= 1)
    assert np.array_equal(fine.full_mask()[0], ((x - 6.0) / 2.7) ** 2 + ((y - 5.5) / 2.4) ** 2 <= 1)


def test_a_composite_has_its_holes_and_curves(read):
    turns = 0.5522847498307936 * 8
    circle = [0, 28, 20, 3, 28, 20 + turns, 20 + turns, 28, 20, 28, 3, 20 - turns, 28, 12, 20 + turns, 12, 20]
    circle += [3, 12, 20 - turns, 20 - turns, 12, 20, 12, 3, 20 + turns, 12, 28, 20 - turns, 28, 20, 4]
    hole = [0, 18, 18, 1, 18, 22, 1, 22, 22, 1, 22, 18, 4]
    path = np.array(circle + hole, np.float32)
    roi = boxed(ROI_TYPE.RECT, 12, 12, 28, 28, shape_roi_size=len(path), multi_coordinates=path, z_position=1)
    (region,) = read(roi)
    y, x = np.mgrid[:40, :50] + 0.5
    disk = (x - 20) ** 2 + (y - 20) ** 2 <= 64
    disk[18:22, 18:22] = False
    assert np.array_equal(region.full_mask()[0], disk)
    assert region.outline is None


def test_one_without_a_position_is_on_all_planes_as_in_imagej_or_where_it_is_told(read):
    assert read(boxed(ROI_TYPE.RECT, 3, 2, 7, 5))[0].planes == (0, 5)
    assert read(boxed(ROI_TYPE.RECT, 3, 2, 7, 5), plane=2)[0].planes == (2, 2)
    assert read(boxed(ROI_TYPE.RECT, 3, 2, 7, 5, position=4), plane=2)[0].planes == (3, 3)


def test_colours_are_kept(read):
    (region,) = read(boxed(ROI_TYPE.RECT, 3, 2, 7, 5, stroke_color=b"\xff\x10\x20\xff"))
    assert region.color == "#1020ff"


def test_lines_points_and_texts_are_left_out_and_said(read, said):
    line = ImagejRoi(roitype=ROI_TYPE.LINE, x1=1, y1=2, x2=5, y2=6, name="profile")
    text = boxed(ROI_TYPE.RECT, 0, 0, 5, 5, subtype=ROI_SUBTYPE.TEXT, name="label")
    point = ImagejRoi.frompoints([[3, 4]], name="soma")
    point.roitype = ROI_TYPE.POINT
    found = read(line, text, point, boxed(ROI_TYPE.RECT, 3, 2, 7, 5), say=said.append)
    assert len(found) == 1
    assert [word.split(" is no area")[0] for word in said] == ["profile", "label", "soma"]


def test_imagej_gets_shapes_as_shapes_names_colours_and_planes(drawn, painted, tmp_path):
    found = roiread(write_regions([*drawn, *painted], tmp_path / "a.zip"))
    by_name = {roi.name: roi for roi in found}
    square = found[0]
    assert (square.roitype, square.left, square.top, square.right, square.bottom) == (ROI_TYPE.RECT, 4, 3, 10, 8)
    assert (square.name, square.position, square.z_position) == ("tectum", 2, 2)
    assert square.hexcolor(square.stroke_color) == "#56b4e9"
    oval = by_name["Ganglion β/1 z0001"]
    assert (oval.roitype, oval.xd, oval.yd, oval.widthd, oval.heightd) == (ROI_TYPE.OVAL, 5.5, 20.5, 13.0, 9.0)
    assert by_name["turned z0003"].roitype == ROI_TYPE.TRACED
    assert by_name["line"].roitype == ROI_TYPE.POLYGON
    frame = by_name["frame z0004"]
    assert frame.composite
    assert len(frame.coordinates(multi=True)) == 3
    assert (frame.left, frame.top, frame.right, frame.bottom) == (25, 25, 35, 35)


def test_what_was_drawn_can_be_edited_again(drawn, tmp_path):
    back = read_regions(write_regions(drawn, tmp_path / "a.zip"), VOLUME)
    assert [r.outline and r.outline.kind for r in back] == [
        "rectangle",
        "ellipse",
        None,
        "polygon",
        "polygon",
        "polygon",
    ]
    assert [r.planes for r in back] == [r.planes for r in drawn]


def test_regions_of_one_name_stay_two(drawn, tmp_path):
    path = write_regions([drawn[0], drawn[0]], tmp_path / "a.zip")
    assert [region.name for region in read_regions(path, VOLUME)] == ["tectum", "tectum"]
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["tectum.roi", "tectum (2).roi"]


def test_one_region_on_one_plane_is_a_roi(drawn, tmp_path):
    (back,) = read_regions(write_regions(drawn[3:4], tmp_path / "a.roi"), VOLUME)
    assert same_voxels(back, drawn[3])
    with pytest.raises(RegionError, match=r"Write a \.zip"):
        write_regions(drawn[:2], tmp_path / "b.roi")


def test_names_that_are_no_paths_and_no_utf_16_are_kept_safe(drawn, tmp_path):
    from dataclasses import replace

    odd = replace(drawn[0], name="../../x 🐟")
    path = write_regions([odd], tmp_path / "a.zip")
    (back,) = read_regions(path, VOLUME)
    assert back.name == "../../x \ufffd"
    with zipfile.ZipFile(path) as file:
        assert "/" not in file.namelist()[0]


def test_an_archive_that_would_grow_too_large_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.roi", bytes(70 * 2**20))
    with pytest.raises(RegionError, match="too large"):
        read_regions(tmp_path / "a.zip", VOLUME)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        file.writestr("notes.txt", "")
    with pytest.raises(RegionError, match=r"no \.roi"):
        read_regions(tmp_path / "b.zip", VOLUME)


def test_any_damage_to_a_file_is_said_and_nothing_else_is_raised(drawn, painted, tmp_path):
    rng = np.random.default_rng(0)
    for region in (drawn[0], drawn[3], painted[2]):
        whole = write_regions([region], tmp_path / "a.roi").read_bytes()
        for _ in range(150):
            data = bytearray(whole[: rng.integers(0, len(whole) + 1)])
            for at in rng.integers(0, max(1, len(data)), 3) if data else []:
                data[at] = rng.integers(256)
            (tmp_path / "b.roi").write_bytes(data)
            with suppress(RegionError):
                read_regions(tmp_path / "b.roi", VOLUME, say=lambda said: None)
