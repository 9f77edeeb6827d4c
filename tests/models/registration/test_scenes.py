"""What stands where when frames before and after registration are compared."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.models.registration.components import component_extremes, component_titles, n_components
from napari_thunder.models.registration.scenes import Content, Layout, Picture, Scene, Tint, before_and_after, extremes
from tests.models.registration.moving import SPACE, VOXEL, quality

RAW = Content("Raw", still=np.full(SPACE, 5.0, np.float32))
DONE = Content("Registered", still=np.full(SPACE, 3.0, np.float32))
TEMPLATE = Content("Template", still=np.full(SPACE, 2.0, np.float32))


def test_a_flicker_has_both_in_one_place_and_turns() -> None:
    scene = before_and_after(Layout.FLICKER, RAW, DONE, TEMPLATE)
    assert (scene.n_cells, scene.flickers) == (1, True)
    assert [(p.content, p.phase) for p in scene.pictures] == [(RAW, 0), (DONE, 1)]


def test_side_by_side_needs_no_template() -> None:
    scene = before_and_after(Layout.SIDE_BY_SIDE, RAW, DONE, None)
    assert [(p.content, p.cell) for p in scene.pictures] == [(RAW, 0), (DONE, 1)]


def test_differences_are_to_the_template_and_signed() -> None:
    scene = before_and_after(Layout.DIFFERENCE, RAW, DONE, TEMPLATE)
    assert [p.title for p in scene.pictures] == ["Raw − Template", "Registered − Template"]
    assert {p.tint for p in scene.pictures} == {Tint.SIGNED}
    assert [float(p.content.still.mean()) for p in scene.pictures if p.content.still is not None] == [3.0, 1.0]


def test_an_overlay_has_the_template_in_green_under_magenta() -> None:
    scene = before_and_after(Layout.OVERLAY, RAW, DONE, TEMPLATE)
    assert [(p.tint, p.cell) for p in scene.pictures] == [
        (Tint.GREEN, 0), (Tint.MAGENTA, 0), (Tint.GREEN, 1), (Tint.MAGENTA, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(("layout", "n_cells"), [(Layout.FLICKER, 2), (Layout.SIDE_BY_SIDE, 4), (Layout.DIFFERENCE, 2)])
def test_extremes_of_a_component_stand_raw_beside_registered(layout: Layout, n_cells: int) -> None:
    scene = extremes(layout, component_extremes(quality(), 1))
    assert scene.n_cells == n_cells
    assert scene.pictures[0].title.startswith("Raw: component 2")
    assert scene.pictures[-1].title.startswith("Registered: component 2")


def test_the_difference_of_extremes_is_highest_minus_lowest() -> None:
    judged = quality()
    scene = extremes(Layout.DIFFERENCE, component_extremes(judged, 0))
    high, low = (judged[name].sel(stage="registered").isel(component=0).values for name in ("pc_high", "pc_low"))
    np.testing.assert_allclose(scene.pictures[1].content.still, high - low)


def test_binned_pictures_lie_where_the_brain_lies() -> None:
    low, _ = component_extremes(quality(), 0)["Raw"]
    assert low.scale == (VOXEL[0], 2 * VOXEL[1], 2 * VOXEL[2])
    assert low.translate == (0, 0.5 * VOXEL[1], 0.5 * VOXEL[2])


def test_titles_say_how_far_a_component_still_moves() -> None:
    assert component_titles(quality())[0] == "Component 1 (2 → 0.48 voxels)"
    assert component_titles(quality().drop_vars("pc_shift")) == ("Component 1", "Component 2")


def test_without_judging_there_are_no_components() -> None:
    assert n_components(None) == 0
    assert component_extremes(None, 0) == {}
    assert component_extremes(quality(), 7) == {}
    assert n_components(quality().drop_vars("pc_low")) == 0


def test_cells_of_napari_s_grid_hold_equally_many() -> None:
    with pytest.raises(ValueError, match="as many layers"):
        Scene((Picture("a", RAW), Picture("b", RAW), Picture("c", RAW, cell=1)), 2)
