"""The panel of views, the kymograph and the ortho views, as a person uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt

from napari_thunder.models.pointer import Place
from napari_thunder.models.registration.kymographs import Drawn
from napari_thunder.models.registration.pair import pair_of
from napari_thunder.models.registration.quality_views import Subject
from napari_thunder.models.registration.scenes import Layout
from napari_thunder.widgets.bottom_dock import bring
from napari_thunder.widgets.registration.kymograph_dock import KymographDock
from napari_thunder.widgets.registration.ortho_dock import OrthoDock
from napari_thunder.widgets.registration.views_panel import ViewsPanel
from tests.models.registration.moving import (
    SPACE,
    moves,
    moving_recording,
    quality,
    registration,
    true_shifts,
)
from tests.widgets.conftest import wait_until

Window = tuple[Any, Any]


@pytest.fixture
def window(make_dock: Callable[..., Window], qtbot: Any) -> Window:
    viewer, dock = make_dock()
    dock.desk.datasets.add(moving_recording())
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    return viewer, dock


def register(dock: Any, **said: Any) -> None:
    judged = quality() if said.pop("judged", False) else None
    pair = pair_of(dock.desk.datasets.current, true_shifts(), registration(**said), judged)
    dock.desk.quality_views.take(pair)


@pytest.fixture
def panel(window: Window, qtbot: Any) -> ViewsPanel:
    _, dock = window
    made = ViewsPanel(dock.workplace, dock.main_thread)
    qtbot.addWidget(made)
    return made


def test_everything_says_why_it_cannot_be_used_yet(panel: ViewsPanel) -> None:
    for widget in (panel.subject, *panel.layouts.values(), panel.arrows, panel.template, panel.kymograph, panel.ortho):
        assert not widget.isEnabled()
        assert "Register the recording first" in widget.toolTip()
    assert "registration is done" in panel.shifts.hint.text()


def test_buttons_compare_and_follow_what_keys_did(window: Window, panel: ViewsPanel, qtbot: Any) -> None:
    _, dock = window
    register(dock)
    wait_until(qtbot, panel.layouts[Layout.DIFFERENCE].isEnabled)
    qtbot.mouseClick(panel.layouts[Layout.DIFFERENCE], Qt.MouseButton.LeftButton)
    wait_until(qtbot, lambda: len(dock.workplace.before_after.layers) == 2)
    dock.desk.quality_views.show(Layout.FLICKER)
    wait_until(qtbot, lambda: panel.layouts[Layout.FLICKER].isChecked())
    assert not panel.layouts[Layout.DIFFERENCE].isChecked()
    assert panel.rate.isEnabled()
    qtbot.mouseClick(panel.layouts[Layout.FLICKER], Qt.MouseButton.LeftButton)
    wait_until(qtbot, lambda: not dock.workplace.before_after.layers)
    assert not panel.rate.isEnabled()


def test_components_can_be_chosen_once_it_was_judged(window: Window, panel: ViewsPanel, qtbot: Any) -> None:
    _, dock = window
    register(dock)
    wait_until(qtbot, lambda: panel.subject.count() == 3)
    register(dock, judged=True)
    wait_until(qtbot, lambda: panel.subject.count() == 5)
    assert panel.subject.itemText(4).startswith("Component 2 (")
    panel.subject.setCurrentIndex(4)
    panel.subject.activated.emit(4)
    assert (dock.desk.quality_views.wish.subject, dock.desk.quality_views.wish.component) == (Subject.COMPONENT, 1)


def test_what_lacks_a_template_is_said(window: Window, panel: ViewsPanel, qtbot: Any) -> None:
    _, dock = window
    register(dock, template=False)
    wait_until(qtbot, panel.layouts[Layout.FLICKER].isEnabled)
    assert "template is not known" in panel.layouts[Layout.DIFFERENCE].toolTip()
    assert not panel.template.isEnabled()


def test_a_click_on_the_heat_map_goes_to_the_frame(window: Window, panel: ViewsPanel, qtbot: Any) -> None:
    _, dock = window
    register(dock)
    wait_until(qtbot, lambda: panel.shifts.image.image is not None)
    expected = np.linalg.norm(moves() * (4, 2, 2), axis=1)
    np.testing.assert_allclose(panel.shifts.image.image[0], expected, rtol=1e-5)
    panel.resize(340, 700)
    panel.show()
    qtbot.waitExposed(panel)
    box = panel.shifts.plot.getViewBox()
    at = panel.shifts.graphics.mapFromScene(box.mapViewToScene(QPointF(8.5, 0.5)))
    qtbot.mouseClick(panel.shifts.graphics.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at))
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 8)
    wait_until(qtbot, lambda: panel.shifts.cursor.value() == 8.5)


def test_the_kymograph_shows_raw_above_registered_and_its_click_goes_to_a_frame(window: Window, qtbot: Any) -> None:
    _, dock = window
    kymograph = bring(dock.workplace, KymographDock)
    assert bring(dock.workplace, KymographDock) == kymograph
    assert "Register" in kymograph.hint.text()
    assert not kymograph.draw.isEnabled()
    register(dock)
    wait_until(qtbot, kymograph.draw.isEnabled)
    assert "Draw a line" in kymograph.hint.text()
    dock.desk.kymographs.draw(Drawn(np.array([[1.0, 10, 5], [1, 10, 20]])))
    wait_until(qtbot, lambda: kymograph._shown is not None and dock.desk.kymographs.job is None)
    wait_until(qtbot, lambda: kymograph.images[1].image is not None and np.isfinite(kymograph.images[1].image).any())
    raw, registered = (image.image for image in kymograph.images)
    assert raw.shape == (16, 12)
    assert np.nanstd(registered, axis=1).max() < 1 < np.nanstd(raw, axis=1).max()
    box = kymograph.plots[0].getViewBox()
    at = kymograph.graphics.mapFromScene(box.mapViewToScene(QPointF(3.5, 4)))
    qtbot.mouseClick(kymograph.graphics.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at))
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 3)


def test_a_kymograph_that_failed_says_why(window: Window, qtbot: Any) -> None:
    _, dock = window
    kymograph = bring(dock.workplace, KymographDock)
    register(dock)
    dock.desk.kymographs.draw(Drawn(np.array([[1.0, 10, 5], [1, 10, 5]])))
    wait_until(qtbot, lambda: "longer" in kymograph.trouble.message)


def test_a_kymograph_dock_that_is_closed_takes_its_line_away(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    register(dock)
    kymograph: KymographDock = bring(dock.workplace, KymographDock)
    dock.workplace.drawn_line.draw()
    dock.workplace.drawn_line.layer.add(np.array([[1, 10, 5], [1, 10, 20]]), shape_type="line")
    wait_until(qtbot, lambda: dock.desk.kymographs.drawn is not None)
    viewer.window.remove_dock_widget(kymograph)
    kymograph.deleteLater()
    wait_until(qtbot, lambda: dock.desk.kymographs.drawn is None and len(viewer.layers) == 1)


def test_ortho_views_follow_time_pointer_and_plane_and_read_nothing_unseen(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    ortho: OrthoDock = bring(dock.workplace, OrthoDock)
    assert "Register" in ortho.hint.text()
    register(dock)
    assert not ortho._arrays
    viewer.window._qt_window.show()
    ortho.parent().show()
    ortho.show()
    wait_until(qtbot, lambda: len(ortho._arrays) == 2)
    dock.desk.pointer.ask(5)
    pair = dock.desk.quality_views.pair
    point = (2, 9, 11)
    dock.desk.pointer.pin(Place(pair.dataset, point))
    wait_until(qtbot, lambda: ortho.point.point == point)
    wait_until(qtbot, lambda: all(array.shown_frame == 5 for array in ortho._arrays))
    for pane, recording in zip(ortho.panes, (pair.raw, pair.registered), strict=True):
        volume = recording.read_volume(5)
        wait_until(
            qtbot, lambda pane=pane, plane=volume[2]: np.array_equal(pane._images["xy"].image, plane, equal_nan=True)
        )
        np.testing.assert_array_equal(pane._images["xz"].image, volume[:, 9])
        np.testing.assert_array_equal(pane._images["yz"].image, volume[:, :, 11].T)
    dock.workplace.shown_plane.go_to(3)
    wait_until(qtbot, lambda: ortho.point.point == (3, 9, 11))
    ortho.panes[0].pointed.emit((1, 4, 5))
    wait_until(qtbot, lambda: dock.workplace.shown_plane.plane == 1)
    ortho.overlay.setChecked(True)
    assert ortho.panes[0]._images["xy"].image.shape == (*SPACE[1:], 3)
    ortho.hide()
    assert not ortho._arrays


def test_closing_the_dock_during_a_comparison_gives_the_canvas_back(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    register(dock)
    views = dock.desk.quality_views
    views.set(arrows=True, template=True)
    views.show(Layout.SIDE_BY_SIDE)
    wait_until(qtbot, lambda: len(viewer.layers) == 5)
    viewer.window.remove_dock_widget(dock)
    dock.deleteLater()
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    assert viewer.layers[0].visible
    assert not viewer.canvas.grid.enabled
