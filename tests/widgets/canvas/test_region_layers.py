"""Regions on the canvas, drawn and painted with a real mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_thunder.io.array import ArraySource
from napari_thunder.recording import from_source
from napari_thunder.regions import Outline, Region, region_of_mask, region_of_outline
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.canvas.region_hand import Hand
from tests.widgets.conftest import slow_recording, wait_until

CORNERS = np.array([[7.5, 9.5], [7.5, 25.5], [15.5, 25.5], [15.5, 9.5]])

MakeDock = Callable[..., tuple[Any, ThunderDock]]


@pytest.fixture
def hand(make_dock: MakeDock, qtbot: Any) -> Hand:
    """A mouse over a recording (60, 3, 24, 32) of voxels 8 × 2 × 2 µm, its middle plane shown."""
    viewer, dock = make_dock()
    viewer.window._qt_window.resize(1100, 800)
    dock._traces_shown = True
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    qtbot.wait(300)
    viewer.reset_view()
    qtbot.wait(50)
    return Hand(viewer, dock, qtbot)


def seen_by_napari(hand: Hand) -> Any:
    """The voxels inside the last shape, as napari counts them."""
    return hand.layers.outlines.layer.to_masks((3, 24, 32))[-1]


def assert_nearly_napari(region: Region, hand: Hand) -> None:
    """Up to voxels on the line itself, which napari takes on two sides of four."""
    theirs, mine = seen_by_napari(hand), region.full_mask()
    inner = theirs & np.roll(theirs, 1, 1) & np.roll(theirs, -1, 1) & np.roll(theirs, 1, 2) & np.roll(theirs, -1, 2)
    assert not (inner & ~mine).any()
    outer = theirs | np.roll(theirs, 1, 1) | np.roll(theirs, -1, 1) | np.roll(theirs, 1, 2) | np.roll(theirs, -1, 2)
    assert not (mine & ~outer).any()


def test_a_rectangle_dragged_on_the_brain_becomes_a_region_of_the_voxels_inside(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4.6, 5.4), (9, 9), (12.4, 17.6))
    hand.settle()
    (region,) = hand.regions
    assert region.box == (slice(1, 2), slice(5, 13), slice(6, 18))
    assert region.mask.all()
    assert_nearly_napari(region, hand)
    assert region.outline is not None
    assert region.outline.kind == "rectangle"


def test_an_ellipse_and_a_polygon_become_regions(hand: Hand) -> None:
    hand.layers.use("ellipse")
    hand.drag((3, 4), (8, 9), (17, 24))
    hand.settle()
    assert_nearly_napari(hand.regions[-1], hand)
    hand.layers.use("polygon")
    for corner in ((2, 2), (2, 12), (14, 12)):
        hand.click(corner)
    hand.double_click((14, 2))
    hand.settle()
    assert [region.outline.kind for region in hand.regions if region.outline] == ["ellipse", "polygon"]
    assert_nearly_napari(hand.regions[-1], hand)
    assert hand.regions[0].color != hand.regions[1].color


def test_freehand_is_drawn_in_one_drag(hand: Hand) -> None:
    hand.layers.use("freehand")
    turn = np.linspace(0, 2 * np.pi, 40)
    hand.drag(*[(11 + 7 * np.sin(a), 15 + 9 * np.cos(a)) for a in turn])
    hand.settle()
    (region,) = hand.regions
    assert_nearly_napari(region, hand)


def test_undo_takes_a_drawn_shape_off_the_canvas_and_redo_brings_it_back(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    drawn = np.array(hand.layers.outlines.layer.data[0])
    hand.layers.undo()
    hand.settle()
    assert hand.regions == []
    assert hand.layers.outlines.layer.nshapes == 0
    hand.layers.redo()
    hand.settle()
    assert len(hand.regions) == 1
    np.testing.assert_allclose(hand.layers.outlines.layer.data[0], drawn)


def test_a_shape_that_is_dragged_takes_its_region_along_in_one_step_of_undo(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4.4, 5.4), (9, 9), (10.6, 15.6))
    hand.settle()
    before = hand.regions[0]
    hand.layers.use("move")
    hand.drag((8, 10), (9, 12), (11, 13), (12, 15))
    hand.settle()
    (moved,) = hand.regions
    assert (moved.key, moved.n_voxels) == (before.key, before.n_voxels)
    assert moved.corner == (1, before.corner[1] + 4, before.corner[2] + 5)
    hand.layers.undo()
    hand.settle()
    assert hand.regions[0].corner == before.corner
    assert hand.layers.outlines.layer.data[0][:, 1].min() == pytest.approx(4.4, abs=0.2)


def test_a_shape_deleted_on_the_canvas_takes_its_region_along(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    hand.layers.use("move")
    hand.click((8, 10))
    assert hand.layers.chosen == (hand.regions[0].key,)
    hand.layers.outlines.layer.remove_selected()
    hand.settle()
    assert hand.regions == []


def test_what_is_drawn_reaches_as_many_planes_as_was_said(hand: Hand) -> None:
    hand.layers.reach = 1
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    assert hand.regions[0].planes == (0, 2)
    hand.viewer.dims.set_current_step(1, 2)
    hand.settle()
    assert set(hand.layers.outlines.layer.data[0][:, 0]) == {2.0}
    assert hand.regions[0].planes == (0, 2)


def test_a_tool_is_laid_down_after_a_region_unless_it_is_kept(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    assert hand.layers.tool is None
    hand.layers.keeps_tool = True
    hand.layers.use("rectangle")
    hand.drag((2, 2), (3, 3), (6, 6))
    hand.settle()
    assert hand.layers.tool == "rectangle"


def test_stepping_to_another_plane_ends_a_drawing_where_it_was_begun(hand: Hand) -> None:
    hand.layers.keeps_tool = True
    hand.layers.use("polygon")
    for corner in ((2, 2), (2, 12), (14, 12), (14, 2)):
        hand.click(corner)
    hand.move((10, 10), held=False)
    hand.viewer.dims.set_current_step(1, 2)
    hand.settle()
    (region,) = hand.regions
    assert region.planes == (1, 1)
    assert hand.layers.tool == "polygon"
    hand.click((5, 5))
    hand.viewer.dims.set_current_step(1, 0)
    hand.settle()
    assert len(hand.regions) == 1
    assert hand.layers.outlines.layer.nshapes == 1


def test_a_line_around_no_voxel_is_refused_in_words(hand: Hand) -> None:
    said: list[Any] = []
    hand.layers.troubled.connect(said.append)
    hand.layers.use("rectangle")
    hand.drag((4.2, 5.2), (4.4, 5.4))
    hand.settle()
    assert hand.regions == []
    assert hand.layers.outlines.layer.nshapes == 0
    assert "no voxel" in said[-1].message


def test_names_colours_and_hiding_reach_the_shape(hand: Hand) -> None:
    outline = Outline("polygon", np.array([(2, 2), (2, 12), (14.0, 12)]), (1, 1))
    region = hand.dock.desk.regions.add(region_of_outline(outline, (3, 24, 32), "tectum", "#e69f00"))
    hand.settle()
    layer = hand.layers.outlines.layer
    assert list(layer.features["name"]) == ["tectum"]
    np.testing.assert_allclose(layer.edge_color[0], (0xE6 / 255, 0x9F / 255, 0, 1), atol=1e-6)
    hand.dock.desk.regions.edit(region.key, visible=False)
    hand.settle()
    assert layer.edge_color[0][3] == layer.face_color[0][3] == 0
    assert list(layer.features["name"]) == [""]


def test_a_duplicate_gets_a_shape_of_its_own(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    hand.dock.desk.regions.duplicate(hand.regions[0].key)
    hand.settle()
    assert sorted(hand.layers.outlines.layer.features["key"]) == sorted(region.key for region in hand.regions)


def test_a_layer_taken_away_by_hand_loses_no_region_and_comes_back(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    hand.viewer.layers.remove(hand.layers.outlines.layer)
    hand.settle()
    assert len(hand.regions) == 1
    assert len(hand.viewer.layers) == 1
    hand.dock.desk.regions.edit(hand.regions[0].key, name="back")
    hand.settle()
    assert list(hand.layers.outlines.layer.features["name"]) == ["back"]


def test_painting_makes_a_region_of_the_voxels_painted(hand: Hand) -> None:
    hand.layers.use("paint")
    hand.layers.painted.layer.brush_size = 3
    hand.drag((6, 6), (6, 10), (6, 20))
    hand.settle()
    (region,) = hand.regions
    canvas = hand.layers.painted.layer.data
    assert canvas.shape == (3, 24, 32)
    np.testing.assert_array_equal(region.full_mask(), canvas > 0)
    assert region.planes == (1, 1)
    assert region.outline is None
    hand.drag((12, 6), (12, 20))
    hand.settle()
    assert len(hand.regions) == 1
    np.testing.assert_array_equal(hand.regions[0].full_mask(), canvas > 0)
    hand.layers.undo()
    hand.settle()
    np.testing.assert_array_equal(canvas > 0, region.full_mask())


def test_erasing_brings_what_lies_below_back_into_sight(hand: Hand) -> None:
    below, above = np.zeros((2, 3, 24, 32), bool)
    below[1, 4:12, 4:20] = True
    above[1, 8:16, 10:26] = True
    first, second = hand.dock.desk.regions.add_all(
        [region_of_mask(below, "below", "#56b4e9"), region_of_mask(above, "above", "#e69f00")]
    )
    hand.settle()
    hand.layers.use("erase")
    hand.layers.painted.layer.brush_size = 3
    hand.drag((10, 12), (10, 18))
    hand.settle()
    regions, canvas = hand.dock.desk.regions, hand.layers.painted.layer.data
    np.testing.assert_array_equal(regions.get(first.key).full_mask(), below)
    left = regions.get(second.key).full_mask()
    assert not left[1, 10, 12:19].any()
    assert left.sum() < above.sum()
    assert canvas[1, 10, 14] == canvas[1, 5, 5]


def test_regions_of_another_volume_are_not_drawn(hand: Hand) -> None:
    other = np.zeros((2, 5, 5), bool)
    other[0, 1:3, 1:3] = True
    hand.dock.desk.regions.add(region_of_mask(other, "other fish", "#56b4e9"))
    hand.settle()
    assert len(hand.viewer.layers) == 1


def test_the_layers_follow_the_current_recording_and_its_voxel_size(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    desk, layer = hand.dock.desk, hand.layers.outlines.layer
    assert tuple(layer.scale) == (8, 2, 2)
    desk.datasets.amend(desk.datasets.current, voxel_size=(5, 1, 1))
    wait_until(hand.qtbot, lambda: tuple(layer.scale) == (5, 1, 1))
    small = desk.datasets.add(from_source(ArraySource(np.zeros((4, 2, 10, 10), np.uint16)), frame_rate=1.0))
    wait_until(hand.qtbot, lambda: layer.nshapes == 0)
    desk.datasets.remove(small.key)
    wait_until(hand.qtbot, lambda: layer.nshapes == 1)


def test_choosing_a_tool_in_3d_goes_to_the_plane(hand: Hand) -> None:
    hand.viewer.dims.ndisplay = 3
    hand.layers.use("polygon")
    assert hand.viewer.dims.ndisplay == 2
    assert hand.layers.tool == "polygon"
    hand.layers.use(None)
    assert hand.layers.tool is None


def test_going_to_a_region_shows_its_plane_and_centres_it(hand: Hand) -> None:
    mask = np.zeros((3, 24, 32), bool)
    mask[2, 4:7, 10:13] = True
    region = hand.dock.desk.regions.add(region_of_mask(mask, "a", "#56b4e9"))
    hand.settle()
    hand.layers.go_to(region.key)
    assert hand.viewer.dims.current_step[1] == 2
    np.testing.assert_allclose(hand.viewer.scene.camera.center[-2:], (10, 22))


@pytest.mark.parametrize("part", ["current_edge_color", "current_face_color"])
def test_a_colour_chosen_in_naparis_own_controls_becomes_that_of_the_region(hand: Hand, part: str) -> None:
    hand.layers.use("rectangle")
    hand.drag((4, 5), (9, 9), (12, 17))
    hand.settle()
    region, layer = hand.regions[0], hand.layers.outlines.layer
    layer.selected_data = {0}
    setattr(layer, part, "#ff0000")
    hand.settle()
    assert hand.regions[0].color == "#ff0000"
    np.testing.assert_allclose([layer.edge_color[0], layer.face_color[0]], [[1, 0, 0, 1], [1, 0, 0, 0.15]])
    hand.layers.undo()
    hand.settle()
    assert hand.regions[0].color == region.color
    assert layer.edge_color[0][1] > 0
    setattr(layer, part, [*layer.edge_color[0][:3], 0.5])
    hand.settle()
    assert hand.regions[0].color == region.color
    assert (layer.edge_color[0][3], round(float(layer.face_color[0][3]), 2)) == (1, 0.15)


def test_colours_that_napari_shuffles_are_undone(hand: Hand) -> None:
    mask = np.zeros((3, 24, 32), bool)
    mask[1, 4:12, 4:20] = True
    hand.dock.desk.regions.add(region_of_mask(mask, "a", "#56b4e9"))
    hand.settle()
    layer = hand.layers.painted.layer
    layer.new_colormap()
    wait_until(hand.qtbot, lambda: layer.get_color(1) is not None and round(float(layer.get_color(1)[0]) * 255) == 0x56)


def test_a_label_that_napari_took_is_not_given_to_another_region(hand: Hand) -> None:
    hand.layers.use("paint")
    hand.drag((4, 4), (4, 8))
    hand.settle()
    layer = hand.layers.painted.layer
    layer.selected_label = 2
    hand.drag((12, 4), (12, 8))
    hand.settle()
    hand.layers.use("paint")
    assert layer.selected_label == 3
    hand.drag((20, 4), (20, 8))
    hand.settle()
    assert len(hand.regions) == 3


def said_at(hand: Hand, place: tuple[float, float]) -> str:
    """What the status bar says after the coordinates, of a place (y, x) on the middle plane."""
    viewer = hand.viewer
    viewer.mouse_over_canvas = True
    viewer.cursor.position = (viewer.dims.point[0], 8, 2 * place[0], 2 * place[1])
    viewer.update_status_from_cursor()
    return str(viewer.status["coordinates"]).partition("]: ")[2]


def test_the_status_bar_names_the_regions_under_the_mouse(hand: Hand) -> None:
    below = np.zeros((3, 24, 32), bool)
    below[1, 4:12, 4:20] = True
    regions = hand.dock.desk.regions
    painted = regions.add(region_of_mask(below, "below", "#56b4e9"))
    regions.add(region_of_outline(Outline("rectangle", CORNERS, (1, 1)), (3, 24, 32), "drawn", "#e69f00"))
    hand.settle()
    assert said_at(hand, (10, 15)) == "30 · drawn, below"
    regions.edit(painted.key, visible=False)
    assert said_at(hand, (9, 15)) == "30 · drawn"
    assert said_at(hand, (22, 30)) == "30"
