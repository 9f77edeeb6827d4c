"""A window to test: napari, hidden, with the Thunder dock."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pytest
from npe2 import PluginManager
from qtpy.QtCore import QTimer

from napari_thunder.blocks import Block
from napari_thunder.io import Metadata
from napari_thunder.io.array import ArraySource
from napari_thunder.models import Desk
from napari_thunder.models.data.history import History
from napari_thunder.recording import Recording, from_source
from napari_thunder.widgets.thunder_dock import ThunderDock
from napari_thunder.widgets.traces.traces_dock import TracesDock
from napari_thunder.widgets.workplace import Workplace


@pytest.fixture(autouse=True, scope="session")
def _plugins_are_looked_for_once() -> Iterator[None]:
    """As in a program: napari forgets between two tests that it looked, and reads every manifest again."""
    PluginManager.instance().discover(include_npe1=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PluginManager, "discover", lambda *_, **__: 0)
        yield


@pytest.fixture
def make_napari_viewer(make_napari_viewer: Any) -> Any:
    """As napari's, but the garbage collector looks only through what this test makes.

    Of every window napari leaves 7000 objects behind (the actions of its menus), and it collects some times per window:
    in the last of some hundred tests that took seconds.
    """
    gc.collect()
    gc.freeze()
    return make_napari_viewer


@pytest.fixture(autouse=True)
def _a_person_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of who runs the tests is read or written; the desk is kept safe only where a test says so."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("napari_thunder.widgets.safekeeping.Safekeeping.begin", lambda _: None)


@pytest.fixture
def make_dock(make_napari_viewer: Any, tmp_path: Path) -> Callable[..., tuple[Any, ThunderDock]]:
    """Makes a viewer with the dock in it."""

    def make(**given: Any) -> tuple[Any, ThunderDock]:
        viewer = make_napari_viewer()
        dock = ThunderDock(viewer, history=History(tmp_path / "history.json"), **given)
        viewer.window.add_dock_widget(dock, name="Thunder")
        return viewer, dock

    return make


@pytest.fixture
def dock(make_dock: Callable[..., tuple[Any, ThunderDock]]) -> ThunderDock:
    """The dock in a viewer of its own."""
    return make_dock()[1]


@pytest.fixture
def make_traces(make_napari_viewer: Any, tmp_path: Path) -> Callable[..., tuple[Any, TracesDock]]:
    """Makes a viewer with the Traces dock alone, its desk on the engine of this process."""

    def make() -> tuple[Any, TracesDock]:
        viewer = make_napari_viewer()
        Workplace.of(viewer, Desk(), History(tmp_path / "history.json"))
        dock = TracesDock(viewer)
        viewer.window.add_dock_widget(dock, name="Traces", area="bottom")
        dock.desk.connection.connect("threads")
        return viewer, dock

    return make


@dataclass(frozen=True)
class SlowSource:
    """A movie that takes its time, or hangs until released."""

    movie: ArraySource
    seconds: float = 0.0
    block_seconds: float | None = None
    hangs: Event = field(default_factory=Event)
    release: Event = field(default_factory=Event)
    uri: str = "memory:slow movie"
    format: str = "slow movie"
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return self.movie.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.movie.dtype

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return self.movie.chunks

    def fingerprint(self) -> str:
        return str(id(self))

    def read_volume(self, t: int) -> Any:
        self._wait(self.seconds)
        return self.movie.read_volume(t)

    def read_block(self, block: Block) -> Any:
        self._wait(self.seconds if self.block_seconds is None else self.block_seconds)
        return self.movie.read_block(block)

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)
        if self.hangs.is_set():
            self.release.wait(60)


def moving_movie(shape: tuple[int, int, int, int] = (60, 3, 24, 32)) -> np.ndarray[Any, Any]:
    """Voxels that each hold the number of their frame."""
    return np.broadcast_to(np.arange(shape[0], dtype=np.uint16)[:, None, None, None], shape)


def slow_recording(seconds: float = 0.0) -> tuple[Recording, SlowSource]:
    """A recording of events in four directions whose reads take a while."""
    source = SlowSource(ArraySource(moving_movie()), seconds)
    starts = np.arange(4) * 15.0 + 5
    events = pd.DataFrame({"start_time": starts, "stop_time": starts + 8, "direction": [0, 90, 180, 270]})
    return from_source(source, frame_rate=1.0, events=events, voxel_size=(8, 2, 2)), source


def look_at_every_tab(dock: ThunderDock) -> None:
    """As tabs are made when they are first looked at."""
    for at in reversed(range(dock.tabs.count())):
        dock.tabs.setCurrentIndex(at)


def wait_until(qtbot: Any, true: Callable[[], bool], timeout: int = 20_000) -> None:
    """Let the window live until `true()`; fail after `timeout` ms, which is long as machines are busy."""
    qtbot.waitUntil(true, timeout=timeout)


class Heartbeat:
    """The longest time for which the window's thread was not free, but for what it waited for a core of the machine."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = _time_on_a_core()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> Heartbeat:
        self._last = _time_on_a_core()
        self._timer.start(2)
        return self

    def __exit__(self, *_: object) -> None:
        self._beat()
        self._timer.stop()

    def _beat(self) -> None:
        now = _time_on_a_core()
        self.longest, self._last = max(self.longest, now - self._last), now


def _time_on_a_core() -> float:
    """Seconds, without those in which this thread could have run but others had the cores, where Linux tells."""
    now = time.monotonic()
    try:
        waited = int(Path("/proc/thread-self/schedstat").read_text().split()[1])
    except (OSError, IndexError):
        waited = 0
    return now - waited / 1e9


@pytest.fixture
def fish_events(fish_folder: Path, tmp_path: Path) -> Path:
    """The fish's stimulus as a table: 12 directions, on in frames 10 to 19 of each 20, at 1 frame/s."""
    with np.load(fish_folder / "fish.npz") as stored:
        degrees = np.degrees(stored["stim_direction_rad"])
    starts = np.arange(12) * 20.0 + 10
    path = tmp_path / "events.csv"
    pd.DataFrame({"start_time": starts, "stop_time": starts + 10, "direction": degrees}).to_csv(path, index=False)
    return path


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Every thread the desk started ends with it; those of engines that other tests share go on."""
    from threading import enumerate as threads

    before = set(threads())
    yield
    deadline = time.monotonic() + 8
    while left := [t.name for t in threads() if t.name.startswith("thunder-") and t not in before]:
        assert time.monotonic() < deadline, f"threads were left behind: {left}"
        time.sleep(0.02)
