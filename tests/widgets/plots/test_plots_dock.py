from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_thunder.models import Desk
from napari_thunder.models.data.history import History
from napari_thunder.models.plots.plots import PLANE
from napari_thunder.models.plots.selection import Areas, Rows
from napari_thunder.models.pointer import Place
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from napari_thunder.widgets.canvas.highlight import NAME as HIGHLIGHTED
from napari_thunder.widgets.plots.line_picture import LinePicture
from napari_thunder.widgets.plots.plane_picture import PlanePicture
from napari_thunder.widgets.plots.plots_dock import PlotsDock
from napari_thunder.widgets.plots.trajectory_picture import TrajectoryPicture
from napari_thunder.widgets.thunder_dock import ThunderDock
from napari_thunder.widgets.workplace import Workplace
from tests.models.plots.made import N_FRAMES, SPACE, clusters, components, population, raster
from tests.widgets.conftest import wait_until

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
Spot = tuple[float, float]


def recording() -> Recording:
    movie = np.random.default_rng(0).integers(0, 900, (N_FRAMES, *SPACE)).astype(np.uint16)
    events = pd.DataFrame({"start_time": [2.0, 12.0], "stop_time": [4.0, 14.0], "direction": [0, 90]})
    return Recording.from_array(movie, name="noise", frame_rate=2.0, voxel_size=(2, 2, 2), events=events)


@pytest.fixture
def shown(make_napari_viewer: Any, tmp_path: Path, qtbot: Any) -> tuple[Any, PlotsDock]:
    """A viewer with a recording and the dock."""
    return opened(make_napari_viewer(), tmp_path, qtbot)


def opened(viewer: Any, tmp_path: Path, qtbot: Any) -> tuple[Any, PlotsDock]:
    Workplace.of(viewer, Desk(), History(tmp_path / "history.json"))
    dock = PlotsDock(viewer)
    viewer.window.add_dock_widget(dock, name="Plots", area="bottom")
    dock.resize(1000, 300)
    dock.desk.datasets.add(recording())
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    return viewer, dock


def show(dock: PlotsDock, made: xr.Dataset, name: str, qtbot: Any) -> None:
    dock.desk.results.add("made by hand", made)
    show_plot(dock, name, qtbot)


def show_plot(dock: PlotsDock, name: str, qtbot: Any) -> None:
    dock.plots.choose(name)
    if name == PLANE:
        wait_until(qtbot, lambda: is_counted(dock))
    else:
        wait_until(qtbot, lambda: dock.picture is not None and dock.picture.plot_shown is dock.plots.plot)
    qtbot.wait(20)


def is_counted(dock: PlotsDock) -> bool:
    density = dock.plots.density
    return isinstance(dock.picture, PlanePicture) and density is not None and dock.picture._density is density


def at(dock: PlotsDock, spot: Spot) -> QPointF:
    """A place of the plot on the canvas, in pixels."""
    return QPointF(dock.canvas.mapFromScene(dock.picture.brush.mapViewToScene(QPointF(*spot))))


def mouse(dock: PlotsDock, kind: Any, spot: Spot, held: Any = NONE) -> None:
    viewport, place = dock.canvas.viewport(), at(dock, spot)
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
    buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
    everywhere = QPointF(viewport.mapToGlobal(place.toPoint()))
    QApplication.sendEvent(viewport, QMouseEvent(kind, place, everywhere, button, buttons, held))


def drag(dock: PlotsDock, spots: Iterable[Spot], held: Any = NONE) -> None:
    """Press at the first spot, go over the others, and let go at the last."""
    first, *others = spots
    mouse(dock, QEvent.Type.MouseButtonPress, first, held)
    for spot in others:
        time.sleep(0.02)
        mouse(dock, QEvent.Type.MouseMove, spot, held)
    mouse(dock, QEvent.Type.MouseButtonRelease, others[-1], held)


def click(dock: PlotsDock, spot: Spot, held: Any = NONE) -> None:
    mouse(dock, QEvent.Type.MouseButtonPress, spot, held)
    mouse(dock, QEvent.Type.MouseButtonRelease, spot, held)


def double_click(dock: PlotsDock, spot: Spot) -> None:
    click(dock, spot)
    mouse(dock, QEvent.Type.MouseButtonDblClick, spot)
    mouse(dock, QEvent.Type.MouseButtonRelease, spot)


def rows(dock: PlotsDock) -> frozenset[int]:
    chosen = dock.brushing.selection
    return chosen.numbers if isinstance(chosen, Rows) else frozenset()


def lit(viewer: Any) -> Any:
    """The voxels that light up on the canvas, or None."""
    shown = (layer for layer in viewer.layers if layer.name == HIGHLIGHTED and layer.visible)
    return next((layer.data == 2 for layer in shown), None)


def test_an_empty_dock_says_the_next_step(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    wait_until(qtbot, lambda: dock.hint.text() == "Run an analysis under Analyze to see its curves here.")
    assert "nothing to plot yet" in dock.toolbar.export.toolTip()
    assert not dock.toolbar.export.isEnabled()
    assert not dock.toolbar.plots.isEnabled()


def test_every_kind_is_drawn_named_and_saved(shown: tuple[Any, PlotsDock], qtbot: Any, tmp_path: Path) -> None:
    _, dock = shown
    for made in (clusters(), raster(), population(), components()):
        dock.desk.results.add("made by hand", made)
        for name, _ in dock.plots.names:
            show_plot(dock, name, qtbot)
            image = dock.canvas.grab().toImage()
            pixels = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
            assert len(pixels) > 3, name
            assert not dock.hint.text()
            for what in ("csv", "svg", "png"):
                dock.exports.save(what, tmp_path / f"{name}.{what}")
                wait_until(qtbot, lambda name=name, what=what: (tmp_path / f"{name}.{what}").exists())
            assert len(pd.read_csv(tmp_path / f"{name}.csv")) > 0
    assert dock.plots.trouble is None


def test_rows_of_a_heat_map_that_are_dragged_over_light_up_in_the_brain(
    shown: tuple[Any, PlotsDock], qtbot: Any
) -> None:
    viewer, dock = shown
    made = raster()
    show(dock, made, "raster", qtbot)
    drag(dock, [(5, 4), (20, 7), (30, 9)])
    assert rows(dock) == {4, 5, 6, 7, 8, 9}
    wait_until(qtbot, lambda: lit(viewer) is not None)
    labels = made["row_of"].values
    wait_until(qtbot, lambda: np.array_equal(lit(viewer), (labels >= 5) & (labels <= 10)))
    assert dock.chosen.count.text() == f"{lit(viewer).sum():,} voxels"
    assert dock.picture.bands.runs == [(4, 9)]
    drag(dock, [(5, 20), (20, 20.4), (30, 21)], SHIFT)
    assert rows(dock) == {4, 5, 6, 7, 8, 9, 20, 21}
    QTest.keyClick(dock.canvas, Qt.Key.Key_Escape)
    wait_until(qtbot, lambda: lit(viewer) is None)
    assert dock.chosen.isHidden()


def test_a_rectangle_and_a_lasso_choose_voxels_by_their_values(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    viewer, dock = shown
    made = components()
    show(dock, made, PLANE, qtbot)
    a, b = made["components"].values
    drag(dock, [(-1, -1), (0, 0), (0.5, 1)])
    (area,) = dock.brushing.selection.areas
    assert (area.left, area.low) == pytest.approx((-1, -1), abs=0.1)
    wait_until(qtbot, lambda: lit(viewer) is not None and np.array_equal(lit(viewer), area.holds(a, b)))
    assert len(dock.picture.areas) == 1
    QTest.mouseClick(dock.toolbar.tools[1], LEFT)
    drag(dock, [(0, 0), (2, 0), (1, 2), (0, 0.1)])
    (area,) = dock.brushing.selection.areas
    wait_until(qtbot, lambda: np.array_equal(lit(viewer), area.holds(a, b)))
    drag(dock, [(-2, -2), (-1, -2), (-1, -1), (-2, -1)], SHIFT)
    assert len(dock.brushing.selection.areas) == 2


def test_a_double_click_chooses_nothing_any_more(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    viewer, dock = shown
    show(dock, components(), PLANE, qtbot)
    drag(dock, [(-1, -1), (0, 0), (0.5, 1)])
    wait_until(qtbot, lambda: lit(viewer) is not None)
    double_click(dock, (1.5, 1.5))
    wait_until(qtbot, lambda: lit(viewer) is None)
    assert dock.brushing.selection is None


def test_taking_the_layer_away_chooses_nothing(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    viewer, dock = shown
    show(dock, clusters(), "centres", qtbot)
    dock.brushing.select(Rows("centres", frozenset({1})))
    wait_until(qtbot, lambda: lit(viewer) is not None)
    active = viewer.layers.selection.active
    assert active is None or active.name != HIGHLIGHTED
    viewer.layers.remove(HIGHLIGHTED)
    assert dock.brushing.selection is None


def test_points_inside_a_rectangle_are_chosen_and_a_click_chooses_one(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    made = population()
    show(dock, made, "embedding", qtbot)
    points = made["embedding"].values
    drag(dock, [(-1, -1), (0, 0), (1, 1)])
    assert len(rows(dock)) > 5
    sure = [row for row, point in enumerate(points) if (np.abs(np.abs(point) - 1) > 0.1).all()]
    assert {row for row in sure if (np.abs(points[row]) < 1).all()} == rows(dock) & set(sure)
    lonely = int(np.argmax(np.hypot(*points.T)))
    click(dock, tuple(points[lonely]))
    wait_until(qtbot, lambda: rows(dock) == {lonely})
    QTest.mouseClick(dock.toolbar.tools[1], LEFT)
    (left, right), (low, high) = dock.picture.brush.viewRange()
    drag(dock, [(left, low), (right, low), (right, high), (left, high)])
    assert len(rows(dock)) == 40


def test_a_click_on_a_merge_chooses_all_leaves_below_it(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    show(dock, clusters(), "linkage", qtbot)
    tree = dock.picture.tree
    merge = 0
    click(dock, ((tree.x[merge, 0] + tree.x[merge, 3]) / 2, tree.y[merge, 1]))
    wait_until(qtbot, lambda: rows(dock) == tree.leaves(tree.first[merge], tree.last[merge]))
    drag(dock, [(1.6, 0), (2.5, 0), (3.3, 0)])
    assert rows(dock) == set(tree.order[2:4].tolist())


def test_bars_and_lines_of_clusters_are_chosen_by_mouse(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    made = clusters()
    show(dock, made, "n_voxels", qtbot)
    click(dock, (2, 100))
    wait_until(qtbot, lambda: rows(dock) == {2})
    drag(dock, [(-0.3, 100), (0.5, 100), (1.2, 100)])
    assert rows(dock) == {0, 1}
    dock.plots.choose("centres")
    wait_until(qtbot, lambda: isinstance(dock.picture, LinePicture))
    assert dock.picture.chosen == {0, 1}
    qtbot.wait(50)
    end = made["centres"].values[-1]
    click(dock, (29.4, end[3] - (end[3] - made["centres"].values[-2, 3]) * 0.2))
    wait_until(qtbot, lambda: rows(dock) == {3})


def test_rows_are_chosen_by_the_keyboard_in_the_order_in_which_they_stand(
    shown: tuple[Any, PlotsDock], qtbot: Any
) -> None:
    _, dock = shown
    show(dock, clusters(), "linkage", qtbot)
    order = dock.picture.tree.order.tolist()
    for expected in order:
        QTest.keyClick(dock.canvas, Qt.Key.Key_Down)
        assert rows(dock) == {expected}
    QTest.keyClick(dock.canvas, Qt.Key.Key_Down)
    QTest.keyClick(dock.canvas, Qt.Key.Key_Up, SHIFT)
    assert rows(dock) == set(order[-2:])


def test_a_click_over_time_goes_to_the_moment_and_the_cursor_follows(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    viewer, dock = shown
    show(dock, components(), "time_courses", qtbot)
    low, high = dock.picture.brush.viewRange()[1]
    click(dock, (10.0, low + 0.01 * (high - low)))
    wait_until(qtbot, lambda: viewer.dims.current_step[0] == 20)
    wait_until(qtbot, lambda: dock.picture.cursor_line.time == pytest.approx(10.0))
    QTest.keyClick(dock.canvas, Qt.Key.Key_Right)
    wait_until(qtbot, lambda: viewer.dims.current_step[0] == 21)
    viewer.dims.set_current_step(0, 40)
    wait_until(qtbot, lambda: dock.picture.cursor_line.time == pytest.approx(20.0))
    dock.plots.choose(PLANE)
    show(dock, raster(), "raster", qtbot)
    assert dock.picture.cursor_line.value() == pytest.approx(40)
    assert len(dock.picture.across._places) == N_FRAMES


def test_events_stand_behind_lines_over_time(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    dock.desk.traces.configure(group_by="direction")
    show(dock, components(), "time_courses", qtbot)
    wait_until(qtbot, lambda: dock.picture.bands._conditions.labels == ("0°", "90°"))


def test_a_voxel_that_is_pointed_at_is_marked_in_the_plot(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    made, key = raster(), dock.desk.datasets.current.key
    show(dock, made, "raster", qtbot)
    row = int(made["row_of"].values[1, 7, 9]) - 1
    dock.desk.pointer.hover(Place(key, (1, 7, 9)))
    wait_until(qtbot, lambda: dock.picture.pointed.runs == [(row, row)])
    other = components()
    show(dock, other, PLANE, qtbot)
    spot = other["components"].values[:, 1, 7, 9]
    wait_until(qtbot, lambda: np.allclose(dock.picture.marked.getData(), spot[:, None]))
    mask = np.zeros(SPACE, bool)
    mask[1, 2:5, 2:8] = True
    dock.desk.pointer.hover(None)
    dock.desk.regions.select(dock.desk.regions.add(region_of_mask(mask, "tectum", "#56b4e9")).key)
    wait_until(qtbot, lambda: len(dock.picture.marked.getData()[0]) == 18)


def test_what_is_chosen_becomes_a_region(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    show(dock, clusters(), "centres", qtbot)
    dock.brushing.select(Rows("centres", frozenset({1})))
    wait_until(qtbot, lambda: not dock.chosen.isHidden() and dock.chosen.region.isEnabled())
    QTest.mouseClick(dock.chosen.region, LEFT)
    wait_until(qtbot, lambda: [region.name for region in dock.desk.regions] == ["cluster 2"])
    QTest.mouseClick(dock.chosen.clear, LEFT)
    wait_until(qtbot, lambda: dock.chosen.isHidden())


def test_lines_are_switched_off_and_drawn_alone(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    made = clusters()
    show(dock, made, "centres", qtbot)
    assert [dock.legend.item(k).text() for k in range(4)] == ["1", "2", "3", "4"]
    dock.legend.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert [line.isVisible() for line in dock.picture.lines] == [True, False, True, True]
    dock.legend.itemDoubleClicked.emit(dock.legend.item(2))
    assert [line.isVisible() for line in dock.picture.lines] == [False, False, True, False]
    low, high = dock.picture.brush.viewRange()[1]
    centre = made["centres"].values[:, 2]
    assert low <= centre.min() < centre.max() <= high
    assert high - low < 1.2 * np.ptp(centre)
    dock.legend.itemDoubleClicked.emit(dock.legend.item(2))
    assert dock.legend.off == frozenset()


def test_the_value_under_the_mouse_is_said(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    made = population()
    show(dock, made, "correlation", qtbot)
    assert dock.picture.words_at(1.2, 0.1) == f"tectum · hindbrain: {made['correlation'].values[0, 1]:.4g}"
    assert dock.picture.words_at(9, 0) == ""
    dock.canvas.said.emit("tectum")
    assert dock.toolbar.moment.text() == "tectum"
    dock.plots.choose("accuracy")
    wait_until(qtbot, lambda: dock.picture.words_at(1, 0.1).startswith("90°: "))
    assert dock.picture.chance.isVisible()
    assert dock.picture.chance.value() == 0.25


def test_trajectories_turn_in_three_dimensions(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    show(dock, population(), "trajectories", qtbot)
    assert isinstance(dock.picture, TrajectoryPicture)
    flat = np.array(dock.picture.lines[0].getData())
    QTest.mouseClick(dock.toolbar.deep, LEFT)
    deep = np.array(dock.picture.lines[0].getData())
    assert not np.allclose(flat, deep)
    turn = dock.picture.camera.turn
    QTest.keyClick(dock.canvas, Qt.Key.Key_Right)
    assert dock.picture.camera.turn == pytest.approx((turn - 5) % 360)
    middle = dock.picture.brush.viewRect().center()
    drag(dock, [(middle.x(), middle.y()), (middle.x() + 0.3, middle.y()), (middle.x() + 0.6, middle.y())])
    assert dock.picture.camera.turn != pytest.approx((turn - 5) % 360)
    QTest.mouseClick(dock.toolbar.by_time, LEFT)
    assert len(dock.picture.lines) == 19
    QTest.mouseClick(dock.toolbar.deep, LEFT)
    dock.toolbar.axes[1].setCurrentIndex(2)
    dock.toolbar.axes[1].activated.emit(2)
    assert dock.picture.components[:2] == (0, 2)


def test_other_maps_are_put_on_the_axes_and_zooming_counts_finer(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    show(dock, components(), PLANE, qtbot)
    before = dock.plots.density
    dock.toolbar.axes[0].setCurrentIndex(1)
    dock.toolbar.axes[0].activated.emit(1)
    wait_until(qtbot, lambda: dock.plots.plane.x == dock.plots.plane.y and is_counted(dock))
    assert dock.plots.density.plane != before.plane
    dock.picture.brush.setRange(xRange=(0, 0.5), yRange=(0, 0.5), padding=0)
    wait_until(qtbot, lambda: dock.plots.density.x == pytest.approx((0, 0.5)))
    QTest.keyClick(dock.canvas, Qt.Key.Key_Home)
    wait_until(qtbot, lambda: dock.plots.density.x[0] < -1)


def test_all_voxels_are_seen_of_maps_that_filled_in(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    made = components().drop_vars(["time_courses", "explained_variance_ratio"])
    made["components"] *= 100
    empty = made.copy(deep=True)
    empty["components"].values[:] = np.nan
    entry = dock.desk.results.add("fills in", empty, finished=False)
    show_plot(dock, PLANE, qtbot)
    assert dock.plots.density.n_voxels == 0
    dock.desk.results.update(entry.key, made, finished=True)
    wait_until(qtbot, lambda: is_counted(dock) and dock.plots.density.n_voxels > 0)
    (left, right), _ = dock.picture.brush.viewRange()
    assert (left, right) == pytest.approx(dock.plots.density.x)
    assert right - left > 100


def test_a_large_heat_map_is_averaged_beside_the_window(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    values = np.random.default_rng(0).normal(size=(1500, 2000)).astype(np.float32)
    made = xr.Dataset({"raster": (("row", "frame"), values, {"plot": "raster", "scale": "signed"})})
    start = time.perf_counter()
    dock.desk.results.add("large", made)
    wait_until(qtbot, lambda: dock.picture is not None and dock.picture.image.image is not None)
    assert time.perf_counter() - start < 2
    assert dock.picture.image.image.size < 1_000_000
    wait_until(qtbot, lambda: dock.picture.image.image.dtype == np.float32)
    dock.picture.brush.setRange(xRange=(100, 120), yRange=(50, 60), padding=0)
    wait_until(qtbot, lambda: dock.picture.image.image.shape[1] <= 30)
    np.testing.assert_array_equal(dock.picture.image.image, values[50:61, 100:121])


def test_the_dock_opens_with_the_first_curves_and_leaves_the_keyboard_alone(
    make_dock: Callable[..., tuple[Any, ThunderDock]], qtbot: Any
) -> None:
    viewer, thunder = make_dock()
    viewer.window._qt_window.show()
    thunder.show_tab("data")
    thunder.data.recording.path.setFocus()
    before = QApplication.focusWidget()
    only_maps = components().drop_vars(["time_courses", "explained_variance_ratio"])
    thunder.desk.results.add("maps", only_maps)
    qtbot.wait(50)
    assert thunder.workplace.held(PlotsDock) is None
    thunder.desk.results.add("PCA", components())
    wait_until(qtbot, lambda: thunder.workplace.held(PlotsDock) is not None)
    assert QApplication.focusWidget() is before
    dock = thunder.workplace.held(PlotsDock)
    wait_until(qtbot, lambda: isinstance(dock.picture, LinePicture))
    dock.parent().hide()
    thunder.desk.results.add("PCA again", components())
    qtbot.wait(50)
    assert dock.parent().isHidden()


def test_a_result_without_anything_to_plot_says_so(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    _, dock = shown
    dock.desk.results.add("one map", components()[["components"]].isel(component=[0]))
    wait_until(qtbot, lambda: dock.hint.text().startswith("This result is a single map without curves."))
    assert dock.picture is None


def test_colours_follow_the_theme(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    viewer, dock = shown
    show(dock, clusters(), "centres", qtbot)
    dark = dock.canvas.backgroundBrush().color().name()
    viewer.theme = "light"
    wait_until(qtbot, lambda: dock.canvas.backgroundBrush().color().name() != dark)
    assert dock.picture.lines[3].look[0] != "#f0e442"


def test_trouble_is_said(shown: tuple[Any, PlotsDock], qtbot: Any, tmp_path: Path) -> None:
    _, dock = shown
    show(dock, clusters(), "centres", qtbot)
    dock.exports.save("png", tmp_path / "nowhere" / "plot.png")
    wait_until(qtbot, lambda: not dock.trouble.isHidden())


def test_the_dock_leaves_nothing_behind(make_napari_viewer: Any, tmp_path: Path, qtbot: Any) -> None:
    viewer = make_napari_viewer()
    left = _used_dock(viewer, tmp_path, qtbot)
    viewer.window.remove_dock_widget(left[0]())
    left[0]().deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    wait_until(qtbot, lambda: gc.collect() >= 0 and [part() for part in left] == [None, None])
    assert [layer.name for layer in viewer.layers] == ["noise"]


def _used_dock(viewer: Any, tmp_path: Path, qtbot: Any) -> list[Any]:
    _, dock = opened(viewer, tmp_path, qtbot)
    for made, name in ((clusters(), "centres"), (components(), PLANE), (raster(), "raster")):
        show(dock, made, name, qtbot)
    dock.brushing.select(Rows("raster", frozenset({1})))
    wait_until(qtbot, lambda: lit(viewer) is not None)
    dock.desk.results.remove(dock.plots.result)
    for entry in dock.desk.results:
        dock.desk.results.remove(entry.key)
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    return [weakref.ref(dock), weakref.ref(dock.desk)]


def test_areas_are_let_go_with_their_result(shown: tuple[Any, PlotsDock], qtbot: Any) -> None:
    viewer, dock = shown
    show(dock, components(), PLANE, qtbot)
    drag(dock, [(-1, -1), (0, 0), (0.5, 1)])
    assert isinstance(dock.brushing.selection, Areas)
    wait_until(qtbot, lambda: lit(viewer) is not None)
    dock.desk.results.remove(dock.plots.result)
    wait_until(qtbot, lambda: lit(viewer) is None)
    assert dock.picture is None
