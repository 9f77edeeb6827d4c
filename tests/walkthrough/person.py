"""The way through, as a person goes it: from a cluster's address to a session restored in a new program."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QApplication, QScrollArea, QWidget

from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.widgets.data.browse_dialog import BrowseDialog
from tests.walkthrough.hands import Hands, Point, picture
from tests.walkthrough.watchdog import Watchdog
from tests.walkthrough.window import Window

MAIN = "Thunder"


class Person:
    """Goes through the window step by step, and takes a picture after each.

    Parameters
    ----------
    window
        Where to go.
    watchdog
        Told which step it is.
    out
        Folder of the pictures.
    """

    def __init__(self, window: Window, watchdog: Watchdog, out: Path) -> None:
        self.window = window
        self.hands = Hands()
        self._watchdog = watchdog
        self._out = out
        self._steps = len(list(out.glob("*.png")))

    @property
    def dock(self) -> Any:
        return self.window.dock

    @property
    def desk(self) -> Any:
        return self.window.dock.desk

    def step(self, name: str, do: Callable[[], None]) -> None:
        """Do something, let it settle, look at it."""
        self._watchdog.step = name
        print(f"  {name} …", flush=True)
        do()
        time.sleep(0.8)
        self._watchdog.step = f"({name}: picture)"
        self._steps += 1
        picture(self._out / f"{self._steps:02d}-{name.replace(' ', '-')}.png")

    def click(self, widget: Callable[[], QWidget]) -> None:
        """Click in the middle of a widget, after scrolling to it."""
        self.window.ask(lambda: _reveal(widget()))
        self.hands.click(self.window.of(widget))

    def fill(self, widget: Callable[[], QWidget], text: str) -> None:
        """Replace what a field says, and press Enter."""
        self.click(widget)
        self.hands.press("ctrl+a")
        self.hands.write(text)
        self.hands.press("Return")

    def answer(self, title: str, text: str) -> None:
        """Type a path into a dialog and press Enter."""
        self.hands.focus(title)
        time.sleep(0.5)
        self.hands.press("ctrl+a")
        self.hands.write(text)
        self.hands.press("Return")
        time.sleep(0.5)
        self.hands.focus(MAIN)

    def tab(self, title: str) -> None:
        """Click on a tab of the dock."""
        self.hands.click(self.window.ask(lambda: _centre_of_tab(self.dock.tabs, title)))

    def connect(self, engine: str) -> None:
        self.hands.focus(MAIN)
        self.tab("Data")
        self.fill(lambda: self.dock.data.engine.target.lineEdit(), engine)
        self.window.wait(lambda: self.desk.connection.state is ConnectionState.CONNECTED, "connecting")

    def open(self, uri: str) -> None:
        self.hands.focus(MAIN)
        self.fill(lambda: self.dock.data.recording.path.lineEdit(), uri)
        self.window.wait(lambda: self.desk.datasets.current is not None and self.dock.settled, "opening")

    def describe(self, events: str) -> None:
        """Give the rate, the voxel size and the events that the files do not say."""
        facts = self.dock.data.recording.facts
        self.fill(lambda: facts.rate, "1")
        self.window.wait(lambda: self._recording().frame_rate == 1, "the frame rate")
        self.fill(lambda: facts.voxel, "1, 1, 1")
        self.window.wait(lambda: self._recording().voxel_size == (1, 1, 1), "the voxel size")
        self.click(lambda: self.dock.data.events.attach_button)
        self._browse_to(events)
        self.window.wait(lambda: self._recording().events is not None, "the events")

    def scrub(self) -> None:
        """Drag the time slider to and fro, until the frame asked for is there."""
        self.drag_slider()
        self.window.wait(lambda: self.dock.settled, "the frame asked for")

    def drag_slider(self) -> None:
        """Drag the time slider to and fro."""
        slider = self.window.ask(self._time_slider)
        places = [self.window.of(lambda: slider, across, 0.5) for across in (0.5, 0.1, 0.3, 0.7, 0.95, 0.6, 0.2, 0.25)]
        self.hands.drag([point for a, b in itertools.pairwise(places) for point in _between(a, b, 12)])

    def draw(self, corners: list[tuple[float, float]]) -> None:
        """Draw a polygon on the brain, closed by Enter."""
        before = len(self.desk.regions)
        self.tab("ROIs")
        self.hands.click(self.window.of(lambda: self._canvas(), 0.9, 0.5))
        self.hands.press("shift+g")
        time.sleep(0.6)
        for y, x in corners:
            self.hands.click(self.window.voxel(y, x))
            time.sleep(0.35)
        self.hands.press("Return")
        self.window.wait(lambda: len(self.desk.regions) > before, "the region")
        self.window.wait(lambda: self.dock.workplace.region_layers.tool is None, "the tool to be laid down")

    def see_trace(self) -> None:
        self.window.wait(lambda: self._trace_is_there("region"), "the region's trace")

    def point(self, place: tuple[float, float], to: tuple[float, float]) -> None:
        """Hold Shift over the brain, then keep a voxel by a click."""
        start, stop = self.window.voxel(*place), self.window.voxel(*to)
        self.hands.glide(start, stop, 12, "shift")
        self.hands.click(stop, "shift")
        self.window.wait(lambda: self._trace_is_there("voxel"), "the voxel's trace")

    def tune(self) -> None:
        """Find direction tuning by typing, and run it."""
        self.tab("Analyze")
        self.fill(lambda: self.dock.analyze.analysis.finder.search, "direction")
        self.window.wait(lambda: self.desk.draft.analysis == "direction_tuning", "the analysis")
        self.hands.press("ctrl+Return")
        self.window.wait(lambda: any(e.finished for e in self.desk.results) and self.dock.settled, "the map")

    def threshold(self, fractions: tuple[float, ...] = (0.3, 0.5, 0.7, 0.4)) -> None:
        self.tab("Results")
        slider = lambda: self.dock.results.panel.look.threshold  # noqa: E731
        self.window.ask(lambda: _reveal(slider()))
        places = [self.window.of(slider, 0.05 + 0.7 * f, 0.5) for f in fractions]
        self.hands.drag([point for a, b in itertools.pairwise(places) for point in _between(a, b, 8)])
        self.window.wait(lambda: self.dock.settled, "the threshold")

    def hover(self, start: tuple[float, float], stop: tuple[float, float]) -> None:
        """Read numbers off the map."""
        self.hands.glide(self.window.voxel(*start), self.window.voxel(*stop), 15)
        self.window.wait(lambda: "R²" in str(self.window.viewer.status), "the numbers")

    def export(self, path: str) -> None:
        """Export the maps to a file, by the menu of the results."""
        form = self.dock.results.panel.actions_.exports[0]
        self.window.later(form.trigger)
        self.answer(self.window.ask(lambda: form.text()).rstrip("…"), path)
        self.window.wait(lambda: Path(path).exists(), "the exported file")

    def save(self, path: str) -> None:
        self.click(lambda: self.dock.session.save_button)
        self.answer("Save the session", path)
        self.window.wait(lambda: not self.desk.session.busy and Path(path).exists(), "the session")

    def restore(self, path: str) -> None:
        self.hands.focus(MAIN)
        self.click(lambda: self.dock.session.open_button)
        self.answer("Restore a session", path)
        self.window.wait(lambda: len(self.desk.results) > 0 and not self.desk.session.busy, "the session")
        self.window.wait(lambda: self.dock.settled, "what was on the canvas")
        self.window.wait(lambda: self._trace_is_there("region"), "the region's trace")

    def _browse_to(self, path: str) -> None:
        """Type a path into the browser of the engine's files, and open what is there."""
        self.hands.focus("Choose a table")
        dialog = self.window.ask(
            lambda: next(w for w in QApplication.topLevelWidgets() if isinstance(w, BrowseDialog) and w.isVisible())
        )
        self.fill(lambda: dialog.bar.path, path)
        time.sleep(1.0)
        self._watchdog.step = "(browsing: picture)"
        picture(self._out / f"{self._steps + 1:02d}-browsing.png")
        self._watchdog.step = "described"
        self.window.wait(lambda: not dialog.isVisible() or dialog.open.isEnabled(), "the listing")
        if self.window.ask(dialog.isVisible):
            self.click(lambda: dialog.open)
        self.hands.focus(MAIN)

    def _recording(self) -> Any:
        return self.desk.datasets.current.recording

    def _trace_is_there(self, kind: str) -> bool:
        traces = self.desk.traces
        return any(s.kind == kind and traces.get(s.key) is not None for s in traces.subjects)

    def _canvas(self) -> QWidget:
        return self.window.viewer.window._qt_viewer.canvas.native

    def _time_slider(self) -> QWidget:
        return self.window.viewer.window._qt_viewer.dims.slider_widgets[0].slider


def _between(a: Point, b: Point, steps: int) -> list[Point]:
    return [(a[0] + (b[0] - a[0]) * n / steps, a[1] + (b[1] - a[1]) * n / steps) for n in range(steps)]


def _reveal(widget: QWidget) -> None:
    """Scroll to a widget, as the wheel would."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
    QApplication.processEvents()


def _centre_of_tab(tabs: Any, title: str) -> Point:
    at = next(i for i in range(tabs.count()) if tabs.tabText(i).replace("&", "") == title)
    bar = tabs.tabBar()
    place = bar.mapToGlobal(bar.tabRect(at).center())
    return place.x(), place.y()
