from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from scipy.cluster.hierarchy import dendrogram, linkage

from napari_thunder.models.plots.axis import axis_of, named_axis_of
from napari_thunder.models.plots.plot import Plot, PlotKind, ever_shorter, plots_of, short_rows, told_apart
from napari_thunder.models.plots.raster import limits_of, part_of
from napari_thunder.models.plots.table import table_of
from napari_thunder.models.plots.trajectory import Camera, stretches
from napari_thunder.models.plots.tree import tree_of
from tests.models.plots.made import N_FRAMES, clusters, components, population, raster


def plot(dataset: xr.Dataset, name: str) -> Plot:
    return next(plot for plot in plots_of(dataset) if plot.name == name)


def test_curves_are_drawn_as_they_say_and_facts_are_not() -> None:
    kinds = {p.name: str(p.kind) for made in (clusters(), raster(), population()) for p in plots_of(made)}
    assert kinds == {
        "centres": "lines",
        "n_voxels": "bars",
        "linkage": "tree",
        "raster": "raster",
        "trajectories": "trajectory",
        "embedding": "points",
        "correlation": "matrix",
        "accuracy": "bars",
        "design": "matrix",
    }


def test_time_courses_that_say_nothing_are_lines() -> None:
    assert [(p.name, p.kind) for p in plots_of(components())] == [
        ("time_courses", PlotKind.LINES),
        ("explained_variance_ratio", PlotKind.BARS),
    ]


@pytest.mark.parametrize(
    ("dims", "shape", "kind"),
    [
        (("a",), (3,), "matrix"),
        (("a", "b"), (3, 3), "bars"),
        (("a", "b"), (3, 3), "tree"),
        (("a", "b"), (3, 1), "points"),
        (("a", "b"), (3, 3), "pie"),
        (("z", "y", "x"), (2, 2, 2), "lines"),
        (("a",), (0,), "bars"),
    ],
)
def test_what_does_not_fit_its_kind_is_left_out(dims: tuple[str, ...], shape: tuple[int, ...], kind: str) -> None:
    assert plots_of(xr.Dataset({"curve": (dims, np.zeros(shape), {"plot": kind})})) == ()


def test_text_is_not_drawn() -> None:
    assert plots_of(xr.Dataset({"names": (("a",), np.array(["x", "y"]), {"plot": "bars"})})) == ()


def test_an_error_is_taken_only_if_it_is_of_the_same_values() -> None:
    made = population()
    np.testing.assert_array_equal(plot(made, "accuracy").error, np.full(4, 0.05))
    made["accuracy"].attrs["error"] = "design"
    assert plot(made, "accuracy").error is None


def test_frames_stand_in_seconds_where_their_times_are_known() -> None:
    axis = axis_of(components(), "frame")
    assert (axis.label, axis.in_seconds, axis.frame_at(10.1)) == ("time (s)", True, 20)
    without = axis_of(components().drop_vars("time"), "frame")
    assert (without.label, without.in_seconds, without.frame_at(10.1)) == ("frame", False, 10)


def test_a_frame_that_was_excluded_stands_between_its_neighbours() -> None:
    kept = components().isel(frame=[f for f in range(N_FRAMES) if f != 7])
    assert axis_of(kept, "frame").place_of(7) == 3.5
    assert axis_of(kept, "frame").frame_at(3.6) == 8


def test_axes_have_units_numbers_or_names() -> None:
    made = population()
    assert axis_of(made, "lag").label == "lag (s)"
    assert axis_of(made, "lag").words(3) == "1.5 s"
    assert axis_of(made, "condition").names[1] == "direction=90"
    assert named_axis_of(made, "region").names == ("tectum", "hindbrain", "cerebellum")
    assert named_axis_of(made, "axis").names == ("1", "2")


def test_a_design_lies_down_so_that_frames_are_to_the_right() -> None:
    design = plot(population(), "design")
    assert (design.row_dim, design.column_dim, design.grid.shape) == ("regressor", "frame", (3, N_FRAMES))


def test_rows_have_names() -> None:
    assert plot(clusters(), "centres").rows == ("1", "2", "3", "4")
    assert plot(clusters(), "linkage").rows == ("1", "2", "3", "4")
    assert plot(components(), "time_courses").rows == ("1", "2")
    assert short_rows(plot(population(), "accuracy").rows) == ("0", "90", "180", "270")
    assert short_rows(("a=1, b=2", "a=2, b=2")) == ("a=1, b=2", "a=2, b=2")


def test_lines_of_several_dimensions_are_named_by_all_of_them() -> None:
    values = np.zeros((5, 2, 3))
    made = xr.Dataset({"mean": (("lag", "condition", "region"), values, {"plot": "lines"})}, {"condition": ["a", "b"]})
    assert plot(made, "mean").rows == ("a, 1", "a, 2", "a, 3", "b, 1", "b, 2", "b, 3")


def test_colours_of_labels_are_taken_if_there_is_one_for_each() -> None:
    made = clusters()
    assert plot(made, "centres").palette[1] == "#56b4e9"
    made.attrs["palette"] = ["#ffffff"]
    assert plot(made, "centres").palette == ()


def test_a_tree_is_that_of_scipy() -> None:
    found = linkage(np.random.default_rng(0).normal(size=(25, 3)), "ward")
    tree, expected = tree_of(found), dendrogram(found, no_plot=True)
    assert tree.order.tolist() == expected["leaves"]
    ours = sorted(map(tuple, np.round(tree.x * 10 + 5, 6).tolist()))
    assert ours == sorted(map(tuple, np.round(expected["icoord"], 6).tolist()))
    np.testing.assert_allclose(sorted(tree.y.max(axis=1)), sorted(np.max(expected["dcoord"], axis=1)))


def test_the_leaves_below_a_merge_are_those_it_joins() -> None:
    found = linkage(np.array([[0.0], [0.1], [5.0], [5.1], [9.0]]), "single")
    tree = tree_of(found)
    for k, (first, last) in enumerate(zip(tree.first, tree.last, strict=True)):
        members, waiting = set(), [5 + k]
        while waiting:
            node = waiting.pop()
            members |= {node} if node < 5 else set()
            waiting += [] if node < 5 else found[node - 5, :2].astype(int).tolist()
        assert tree.leaves(first, last) == members


def test_a_chain_of_thousands_of_merges_is_no_trouble() -> None:
    n = 5000
    chain = np.array([[k if k == 0 else n + k - 1, k + 1, k + 1.0, k + 2] for k in range(n - 1)])
    assert sorted(tree_of(chain).order.tolist()) == list(range(n))


def test_a_camera_keeps_lengths_of_what_it_looks_straight_at() -> None:
    camera = Camera(turn=30.0, tilt=20.0)
    right, up = camera.matrix.T
    assert abs(right @ up) < 1e-12
    np.testing.assert_allclose([np.linalg.norm(right), np.linalg.norm(up)], 1)
    np.testing.assert_allclose(Camera(turn=-90, tilt=90).see(np.array([2.0, 3.0, 9.0])), [2, 3], atol=1e-12)
    assert camera.turned(0, 500).tilt == 90


def test_stretches_of_time_join_without_gaps() -> None:
    for n in (1, 2, 5, 1000):
        found = stretches(n)
        assert found[0][0] == 0
        assert found[-1][1] == max(n - 1, 1)
        assert all(a[1] == b[0] for a, b in pairwise(found))


def test_a_part_of_a_heat_map_is_averaged_and_leaves_out_nan() -> None:
    values = np.arange(8.0 * 12).reshape(8, 12)
    values[0, 0] = np.nan
    part = part_of(values, (0, 7), (0, 11), (4, 3))
    assert part.values.shape == (4, 3)
    assert part.values[0, 0] == pytest.approx(np.nanmean(values[:2, :4]))
    assert part.values[3, 2] == pytest.approx(values[6:, 8:].mean())
    np.testing.assert_array_equal(part_of(values, (2, 3), (4, 6), (50, 50)).values, values[2:4, 4:7])


def test_a_zoomed_heat_map_begins_at_the_same_cells() -> None:
    values = np.random.default_rng(0).normal(size=(100, 1000))
    assert part_of(values, (10, 60), (333, 900), (20, 100)).columns[0] % 6 == 0


def test_limits_leave_out_the_tails_and_lie_around_zero_where_that_is_the_middle() -> None:
    values = np.random.default_rng(0).normal(size=(100, 1000))
    values[0, :3] = 1e6, np.nan, -1e6
    low, high = limits_of(values, signed=True)
    assert low == -high
    assert 2 < high < 4
    assert limits_of(np.full((3, 3), np.nan), signed=False) == (0, 1)


def test_tables_name_rows_times_and_errors() -> None:
    assert list(table_of(plot(population(), "accuracy")).columns) == [
        "condition",
        "accuracy",
        "accuracy (standard error)",
    ]
    courses = table_of(plot(components(), "time_courses"))
    assert list(courses.columns) == ["time", "frame", "1", "2"]
    paths = table_of(plot(population(), "trajectories"))
    assert list(paths.columns) == ["condition", "lag", "1", "2", "3"]
    assert len(paths) == 80
    np.testing.assert_allclose(paths["1"][25], population()["trajectories"].values[1, 5, 0])
    assert len(table_of(plot(clusters(), "linkage"))) == 3


def test_names_become_shorter_by_the_words_that_all_of_them_begin_with() -> None:
    names = ("components: component 1", "components: component 2")
    assert ever_shorter(names) == [names, ("component 1", "component 2"), ("1", "2")]
    assert ever_shorter(("left tectum", "hindbrain")) == [("left tectum", "hindbrain")]
    assert ever_shorter(("a b", "a b")) == [("a b", "a b")]
    assert told_apart(()) == ()


def test_merges_that_make_no_tree_are_no_plot() -> None:
    rng = np.random.default_rng(0)
    joined = linkage(rng.normal(size=(5, 3)))
    for wrong in (joined + 0.5, joined[::-1], np.zeros((4, 4)), joined * np.nan):
        made = xr.Dataset({"tree": (("merge", "column"), wrong, {"plot": "tree"})})
        assert plots_of(made) == ()
    assert plots_of(xr.Dataset({"tree": (("merge", "column"), joined, {"plot": "tree"})}))[0].kind is PlotKind.TREE


def test_a_curve_says_that_none_of_its_values_is_known() -> None:
    made = xr.Dataset({"curve": (("frame",), np.full(4, np.nan), {"plot": "lines"})})
    assert plots_of(made)[0].is_unknown
    assert not plots_of(made.fillna(0.0))[0].is_unknown
