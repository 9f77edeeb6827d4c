from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from napari_thunder.display.maps import MapChoice
from napari_thunder.errors import ThunderError
from napari_thunder.models import Desk
from napari_thunder.models.plots.area import Lasso, Rectangle
from napari_thunder.models.plots.plane import Plane, density_of, first_plane
from napari_thunder.models.plots.plot import plots_of
from napari_thunder.models.plots.plots import PLANE
from napari_thunder.models.plots.selection import Areas, Rows, tie_of, voxels_in_areas
from napari_thunder.models.pointer import Place
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from tests.models.plots.made import SPACE, clusters, components, population, raster
from tests.models.waiting import wait_until

ONE, TWO = MapChoice("components", (0,)), MapChoice("components", (1,))


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    movie = np.random.default_rng(0).integers(0, 9, (20, *SPACE)).astype(np.uint16)
    made.datasets.add(Recording.from_array(movie, name="noise", frame_rate=2.0, voxel_size=(2, 2, 2)))
    yield made
    made.close(2.0)


def lit(desk: Desk) -> np.ndarray:
    wait_until(lambda: desk.brushing.mask is not None)
    return desk.brushing.mask


def test_rows_light_up_the_voxels_that_carry_their_number(desk: Desk) -> None:
    made = clusters()
    desk.results.add("k-means", made)
    desk.brushing.select(Rows("centres", frozenset({0, 2})))
    expected = np.isin(made["label"].values, [1, 3])
    np.testing.assert_array_equal(lit(desk), expected)
    assert desk.brushing.n_voxels == expected.sum()


def test_rows_are_chosen_beside_others(desk: Desk) -> None:
    desk.results.add("k-means", clusters())
    desk.brushing.select(Rows("centres", frozenset({0})))
    desk.brushing.select(Rows("centres", frozenset({3})), beside=True)
    assert desk.brushing.selection == Rows("centres", frozenset({0, 3}))
    desk.brushing.select(Rows("centres", frozenset({1})))
    assert desk.brushing.selection == Rows("centres", frozenset({1}))
    desk.brushing.select(Rows("centres", frozenset()))
    assert desk.brushing.selection is None


def test_what_is_chosen_in_a_tree_is_chosen_among_the_lines_of_the_same_voxels(desk: Desk) -> None:
    made = clusters()
    desk.results.add("k-means", made)
    desk.brushing.select(Rows("linkage", frozenset({1, 2})))
    by_name = {plot.name: plot for plot in plots_of(made)}
    assert desk.brushing.rows_chosen(by_name["centres"]) == {1, 2}
    desk.results.add("ordering", raster())
    assert desk.brushing.selection is None
    assert desk.brushing.rows_chosen(plots_of(raster())[0]) == frozenset()


def test_an_area_of_the_plane_lights_up_the_voxels_of_these_values(desk: Desk) -> None:
    made = components()
    desk.results.add("PCA", made)
    desk.plots.choose(PLANE)
    assert desk.plots.plane == Plane(ONE, TWO)
    desk.brushing.select(Areas(desk.plots.plane, (Rectangle.between((0, 2), (1, -1)),)))
    a, b = made["components"].values
    np.testing.assert_array_equal(lit(desk), (a >= 0) & (a <= 1) & (b >= -1) & (b <= 2))


def test_areas_add_up() -> None:
    made = components()
    plane = first_plane(made)
    assert plane is not None
    left, right = Rectangle(-9, -1, -9, 9), Rectangle(1, 9, -9, 9)
    both = Areas(plane, (right,)).beside(Areas(plane, (left,)))
    np.testing.assert_array_equal(voxels_in_areas(made, both), np.abs(made["components"].values[0]) >= 1)


def test_a_lasso_holds_what_lies_inside_of_it() -> None:
    turn = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    circle = Lasso(np.stack([np.cos(turn), np.sin(turn)], axis=1))
    x, y = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 20_000))
    away = np.hypot(x, y)
    sure = np.abs(away - 1) > 1e-3
    np.testing.assert_array_equal(circle.holds(x, y)[sure], (away < 1)[sure])


def test_a_lasso_is_that_of_a_slow_count_of_crossings() -> None:
    rng = np.random.default_rng(1)
    outline = rng.normal(size=(30, 2))
    x, y = rng.normal(size=(2, 500))
    expected = np.zeros(500, bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        crossed = (y0 <= y) != (y1 <= y)
        expected ^= crossed & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    np.testing.assert_array_equal(Lasso(outline).holds(x, y), expected)


def test_nan_lies_nowhere_and_a_line_of_two_points_holds_nothing() -> None:
    x = np.array([0.0, np.nan])
    assert Rectangle(-1, 1, -1, 1).holds(x, np.zeros(2)).tolist() == [True, False]
    assert Lasso(np.array([[-1, -1], [1, -1], [0, 2.0]])).holds(x, np.zeros(2)).tolist() == [True, False]
    assert not Lasso(np.array([[0, 0], [1, 1.0]])).holds(x, x).any()


def test_the_density_counts_each_voxel_once() -> None:
    made = components()
    plane = Plane(ONE, TWO)
    density = density_of(made, plane, (-6, 6), (-6, 6))
    known = np.isfinite(made["components"].values).all(axis=0)
    assert density.counts.sum() == density.n_voxels == known.sum()
    part = density_of(made, plane, (0, 1), (-1, 2))
    a, b = made["components"].values[:, known]
    assert part.counts.sum() == ((a >= 0) & (a < 1) & (b >= -1) & (b < 2)).sum()
    expected, _, _ = np.histogram2d(b, a, bins=density.counts.shape, range=((-6, 6), (-6, 6)))
    assert np.abs(density.counts - expected).sum() <= 4
    assert density.count_at(99, 0) == 0


def test_a_million_voxels_are_counted_and_lassoed_in_time() -> None:
    values = np.random.default_rng(0).normal(size=(2, 16, 250, 250)).astype(np.float32)
    made = components().drop_vars(["components", "z", "y", "x"])
    made["components"] = (("component", "z", "y", "x"), values, {"role": "factor"})
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    areas = Areas(Plane(ONE, TWO), (Lasso(np.stack([2 * np.cos(turn), np.sin(turn)], axis=1)),))
    quickest = [np.inf, np.inf]
    for _ in range(3):
        start = time.perf_counter()
        density_of(made, areas.plane)
        middle = time.perf_counter()
        voxels_in_areas(made, areas)
        quickest = [min(quickest[0], middle - start), min(quickest[1], time.perf_counter() - middle)]
    assert max(quickest) < 1.0, quickest  # 0.3 s on a machine with nothing else to do


def test_rows_named_as_regions_are_these_regions(desk: Desk) -> None:
    mask = np.zeros(SPACE, bool)
    mask[1, 3:6, 4:9] = True
    region = desk.regions.add(region_of_mask(mask, "hindbrain", "#56b4e9"))
    desk.results.add("regions", population())
    desk.plots.choose("correlation")
    desk.brushing.select(Rows("correlation", frozenset({1})))
    np.testing.assert_array_equal(lit(desk), mask)
    desk.regions.select(region.key)
    wait_until(lambda: desk.pointed.marks.rows == {1})


def test_a_curve_without_voxels_says_so(desk: Desk) -> None:
    desk.results.add("regions", population())
    desk.plots.choose("trajectories")
    assert desk.brushing.why_not() == "Nothing in this plot belongs to certain voxels."
    assert desk.brushing.why_no_region() == desk.brushing.why_not()


def test_a_voxel_that_is_pointed_at_marks_its_row_and_its_place(desk: Desk) -> None:
    made, other = clusters(), components()
    desk.results.add("k-means", made)
    key = desk.datasets.current.key
    desk.pointer.hover(Place(key, (1, 7, 9)))
    wait_until(lambda: desk.pointed.marks.rows == {int(made["label"].values[1, 7, 9]) - 1})
    desk.pointer.hover(Place(key, (0, 0, 3)))
    wait_until(lambda: not desk.pointed.marks)
    desk.results.add("PCA", other)
    desk.plots.choose(PLANE)
    desk.pointer.hover(Place(key, (1, 7, 9)))
    expected = other["components"].values[:, 1, 7, 9]
    wait_until(lambda: np.allclose(desk.pointed.marks.points, expected[None]) and len(desk.pointed.marks.points) == 1)


def test_a_region_marks_the_rows_and_places_of_its_voxels(desk: Desk) -> None:
    made = components()
    mask = np.zeros(SPACE, bool)
    mask[1, 2:5, 2:8] = True
    desk.results.add("PCA", made)
    desk.plots.choose(PLANE)
    region = desk.regions.add(region_of_mask(mask, "tectum", "#56b4e9"))
    desk.regions.select(region.key)
    wait_until(lambda: len(desk.pointed.marks.points) == 18)
    np.testing.assert_allclose(desk.pointed.marks.points, made["components"].values[:, mask].T)
    rows = raster()
    desk.results.add("ordering", rows)
    wait_until(lambda: desk.pointed.marks.rows == set((np.unique(rows["row_of"].values[mask]) - 1).astype(int)))


def test_chosen_voxels_become_a_region_named_by_what_was_chosen(desk: Desk) -> None:
    made = clusters()
    assert desk.brushing.why_no_region()
    desk.results.add("k-means", made)
    assert desk.brushing.why_no_region() == "Choose something in the plot first."
    with pytest.raises(ThunderError, match="Choose something"):
        desk.brushing.make_region()
    desk.brushing.select(Rows("centres", frozenset({2})))
    lit(desk)
    desk.brushing.make_region()
    wait_until(lambda: len(desk.regions) == 1)
    (region,) = desk.regions
    assert region.name == "cluster 3"
    np.testing.assert_array_equal(region.full_mask(), made["label"].values == 3)
    desk.brushing.make_region()
    wait_until(lambda: [r.name for r in desk.regions] == ["cluster 3", "cluster 3 1"])


def test_a_preview_says_why_it_makes_no_region_and_is_marked_all_the_same(desk: Desk) -> None:
    made = clusters().isel(z=slice(0, 1), y=slice(0, 6), x=slice(0, 8))
    made.attrs["preview"] = "48 of 2304 voxels"
    for axis, step in zip("zyx", (6.0, 8.0, 8.0), strict=True):
        places = (np.arange(made.sizes[axis]) + 0.5) * step - 1
        made = made.assign_coords({axis: (axis, places, {"units": "um", "step": step})})
    desk.results.add("k-means", made, preview=True)
    desk.brushing.select(Rows("centres", frozenset({0})))
    lit(desk)
    assert "preview" in desk.brushing.why_no_region()
    desk.pointer.hover(Place(desk.datasets.current.key, (1, 9, 14)))
    wait_until(lambda: desk.pointed.marks.rows == {int(made["label"].values[0, 2, 3]) - 1})


def test_a_selection_follows_a_result_that_is_finished_and_goes_with_one_that_is_removed(desk: Desk) -> None:
    half = clusters()
    half["label"].values[1:] = np.nan
    entry = desk.results.add("k-means", half, finished=False)
    desk.brushing.select(Rows("centres", frozenset({0})))
    wait_until(lambda: desk.brushing.n_voxels == (half["label"].values == 1).sum())
    desk.results.update(entry.key, clusters(), finished=True)
    wait_until(lambda: desk.brushing.n_voxels == (clusters()["label"].values == 1).sum())
    desk.results.remove(entry.key)
    wait_until(lambda: desk.brushing.mask is None)
    assert desk.plots.names == []


def test_the_plot_chosen_is_that_of_the_next_result_of_the_same_analysis(desk: Desk) -> None:
    desk.results.add("one", clusters())
    desk.plots.choose("linkage")
    desk.results.add("two", clusters())
    assert desk.plots.entry.name == "two"
    assert desk.plots.plot.name == "linkage"
    assert tie_of(desk.plots.plot)
    desk.plots.choose("nothing of that name")
    assert desk.plots.plot.name == "linkage"


def test_state_is_kept(desk: Desk) -> None:
    entry = desk.results.add("one", clusters())
    desk.plots.choose("linkage")
    state = desk.plots.state()
    desk.plots.choose("centres")
    desk.plots.restore(state, {entry.key: entry.key})
    assert desk.plots.plot.name == "linkage"
    desk.plots.restore({"result": 99, "chosen": None}, {})


def test_numbers_are_saved_and_trouble_is_told(desk: Desk, tmp_path) -> None:
    desk.results.add("one", clusters())
    desk.plots.export_csv(str(tmp_path / "centres.csv"))
    wait_until(lambda: (tmp_path / "centres.csv").exists())
    desk.plots.export_csv(str(tmp_path / "nowhere" / "centres.csv"))
    wait_until(lambda: desk.plots.trouble is not None)
    assert "no such folder" in desk.plots.trouble.message
