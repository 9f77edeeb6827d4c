from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QMouseEvent, QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_thunder.models.traces.subjects import Subject
from napari_thunder.widgets.traces.trace_plot import TracePlot

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.MouseButton.NoButton
TIMES = np.arange(1000) * 0.1


@pytest.fixture
def plot(qtbot: Any) -> TracePlot:
    """A plot of one line over 100 s, on the screen."""
    plot = TracePlot()
    qtbot.addWidget(plot)
    plot.resize(800, 200)
    plot.show()
    qtbot.waitExposed(plot)
    plot.set_axes((0.0, 100.0), "time (s)", "ΔF/F")
    plot.show_trace(Subject("region:1", "tectum", "#56b4e9", "region"), 0, TIMES, np.sin(TIMES))
    plot.fit()
    QApplication.processEvents()
    return plot


def place(plot: TracePlot, time: float, value: float = 0.0) -> QPoint:
    return plot.mapFromScene(plot.plot.getViewBox().mapViewToScene(QPointF(time, value)))


def mouse(plot: TracePlot, kind: Any, at: QPoint, buttons: Any = NONE) -> None:
    button = NONE if kind == QEvent.Type.MouseMove else LEFT
    everywhere = QPointF(plot.viewport().mapToGlobal(at))
    event = QMouseEvent(kind, QPointF(at), everywhere, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(plot.viewport(), event)


def is_painted(plot: TracePlot, color: str) -> bool:
    """Whether some pixels are of a colour, as far as a screen of 16 bits can show it."""
    image, wanted = plot.grab().toImage(), np.array(QColor(color).getRgb()[:3])
    seen = [image.pixelColor(x, y).getRgb()[:3] for x in range(0, image.width(), 2) for y in range(image.height())]
    return int((np.abs(np.array(seen) - wanted).max(axis=1) <= 8).sum()) > 50


def test_the_wheel_zooms_in_time_only(plot: TracePlot) -> None:
    height = plot.plot.viewRange()[1]
    at = place(plot, 50)
    event = QWheelEvent(
        QPointF(at),
        QPointF(plot.viewport().mapToGlobal(at)),
        QPoint(),
        QPoint(0, 240),
        NONE,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.viewport(), event)
    (start, stop), after = plot.plot.viewRange()
    assert 0 < start < 50 < stop < 100
    assert after == height


def test_a_flat_box_zooms_in_time_and_all_brings_everything_back(plot: TracePlot, qtbot: Any) -> None:
    height = plot.plot.viewRange()[1]
    start, stop = place(plot, 20), place(plot, 60)
    mouse(plot, QEvent.Type.MouseMove, start)
    mouse(plot, QEvent.Type.MouseButtonPress, start, LEFT)
    for part in (0.3, 0.6, 1.0):
        qtbot.wait(30)
        mouse(plot, QEvent.Type.MouseMove, start + (stop - start) * part, LEFT)
    qtbot.wait(30)
    mouse(plot, QEvent.Type.MouseButtonRelease, stop)
    np.testing.assert_allclose(plot.plot.viewRange()[0], [20, 60], atol=1.0)
    assert plot.plot.viewRange()[1] == height
    plot.show_all()
    assert plot.plot.viewRange()[0] == [0, 100]


def test_still_lines_and_moving_ones_are_both_painted(plot: TracePlot) -> None:
    plot.show_trace(Subject("hover", "voxel", "#ff0000", "hover"), 1, TIMES, np.cos(TIMES))
    plot.keep_only(["region:1", "hover"])
    plot.fit()
    QApplication.processEvents()
    assert is_painted(plot, "#56b4e9")
    assert is_painted(plot, "#ff0000")
    plot.keep_only(["region:1"])
    QApplication.processEvents()
    assert is_painted(plot, "#56b4e9")
    assert not is_painted(plot, "#ff0000")


def test_a_line_that_fits_does_not_change_the_height(plot: TracePlot) -> None:
    height = plot.plot.viewRange()[1]
    plot.show_trace(Subject("hover", "voxel", "#ff0000", "hover"), 1, TIMES, 0.8 * np.cos(TIMES))
    plot.fit()
    assert plot.plot.viewRange()[1] == height
    plot.show_trace(Subject("hover", "voxel", "#ff0000", "hover"), 1, TIMES, 8 * np.cos(TIMES))
    plot.fit()
    assert plot.plot.viewRange()[1][1] > 8


def test_pyqtgraph_keeps_its_global_options(plot: TracePlot) -> None:
    from napari_thunder.widgets.traces.plotting import pg

    assert pg.getConfigOption("background") == "k"
    assert pg.getConfigOption("foreground") == "d"
    assert not pg.getConfigOption("antialias")


def test_stacked_lines_are_named_as_far_as_there_is_room(plot: TracePlot) -> None:
    for number in range(60):
        subject = Subject(f"region:{number}", f"cell {number}", "#56b4e9", "region")
        plot.show_trace(subject, number, TIMES, np.sin(TIMES))
    plot.set_stacked(True)
    height, view = plot.plot.getAxis("left"), plot.plot.getViewBox()

    def distance() -> float:
        (places, *_) = height._tickLevels
        return (places[0][0] - places[1][0]) / view.viewPixelSize()[1]

    QApplication.processEvents()
    few = len(height._tickLevels[0])
    assert distance() > 9
    plot.resize(800, 1200)
    QApplication.processEvents()
    assert distance() > 9
    assert len(height._tickLevels[0]) > few
    plot.set_stacked(False)
    assert height._tickLevels is None
