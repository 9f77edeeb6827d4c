from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from napari_thunder.engine import CacheUse, EngineFacts
from napari_thunder.errors import EngineError
from napari_thunder.io import open_source
from napari_thunder.io.elsewhere import describe_source, described_source
from napari_thunder.models import Desk
from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.recording import Recording
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import moving_movie, wait_until


class Cluster:
    """A connection to a server that alone sees a movie, and may be gone."""

    name = "sc://far:1"

    def __init__(self, path: Path, there: Event) -> None:
        self._path = path
        self._there = there

    def facts(self) -> EngineFacts:
        self.check()
        return EngineFacts(self.name, 2, None, {})

    def check(self) -> None:
        if not self._there.is_set():
            raise EngineError("sc://far:1: lost connection to the Spark server.")

    def open(self, uri: str, **options: Any) -> Any:
        return described_source(describe_source(open_source(self._path)))

    def read(self, recording: Recording, times: Sequence[int], job: Any = None) -> Iterator[tuple[int, Any]]:
        movie = np.load(self._path, mmap_mode="r")
        for t in times:
            self.check()
            yield t, np.array(movie[t])

    def cache_use(self) -> CacheUse:
        return CacheUse(0, 1)

    def close(self) -> None:
        pass


def test_what_a_lost_engine_could_not_bring_comes_by_itself_after_connecting_again(
    make_dock: Callable[..., tuple[Any, ThunderDock]], qtbot: Any, tmp_path: Path
) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, np.tile(moving_movie((60, 1, 24, 32)), (1, 1, 30, 40)))
    there = Event()
    there.set()
    viewer, dock = make_dock(desk=Desk(connect=lambda name, job: Cluster(path, there)), engine="sc://far:1")
    connection = dock.desk.connection
    wait_until(qtbot, lambda: connection.engine is not None)
    dock.desk.datasets.open("/only/far/away.npy")
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    layer = viewer.layers[0]
    there.clear()
    viewer.dims.set_point(0, 3)
    wait_until(qtbot, lambda: connection.state is ConnectionState.LOST)
    wait_until(qtbot, lambda: array_of(layer).failure is not None)
    there.set()
    connection.retry()
    wait_until(qtbot, lambda: layer._slice.image.raw.max() == 3 and not array_of(layer).shows_coarsely)
    wait_until(qtbot, lambda: viewer.canvas.overlays.text.text == "frame 3")
