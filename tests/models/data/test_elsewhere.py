"""A recording that only the engine sees is opened and streamed through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import napari_thunder as nt
from napari_thunder.engine import EngineFacts
from napari_thunder.io import open_source
from napari_thunder.io.elsewhere import describe_source, described_source
from napari_thunder.models import Desk
from napari_thunder.volumes import VolumeArray
from tests.models.waiting import wait_until


class Cluster:
    """An engine that alone sees one file."""

    name = "cluster"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[int] = []

    def facts(self) -> EngineFacts:
        return EngineFacts(self.name, 1, None, {})

    def open(self, uri: str, **options: Any) -> Any:
        return described_source(describe_source(open_source(self.path)))

    def read(self, recording: nt.Recording, times: Sequence[int], job: Any = None) -> Iterator[tuple[int, Any]]:
        self.asked += times
        movie = np.load(self.path)
        return ((t, movie[t]) for t in times)

    def close(self) -> None:
        pass


def test_what_only_the_engine_sees_is_opened_and_streamed_by_it(tmp_path: Path) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, np.arange(4 * 2 * 3 * 5, dtype=np.uint16).reshape(4, 2, 3, 5))
    cluster = Cluster(path)
    desk = Desk(connect=lambda name, job: cluster)
    desk.connection.connect("cluster")
    wait_until(lambda: desk.connection.engine is not None)
    limits: list[Any] = []
    desk.datasets.contrasted.connect(lambda dataset, found: limits.append(found))
    desk.datasets.open("/only/on/the/cluster.npy")
    wait_until(lambda: desk.datasets.current is not None and bool(limits))
    dataset = desk.datasets.current
    array = VolumeArray(dataset.recording, dataset.reader)
    wait_until(lambda: bool((array[3] == np.load(path)[3]).all()))
    assert 3 in cluster.asked
    array.close()
    desk.close()
