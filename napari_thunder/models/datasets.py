"""The recordings that are open on the desk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from threading import Lock
from typing import Any

from psygnal import Signal

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording
from napari_thunder.volumes import VolumeReader, contrast_limits

log = logging.getLogger(__name__)

_numbers = count(1)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A recording that is open, as it is known now.

    Parameters
    ----------
    key
        Stays the same when the recording's metadata are changed.
    reader
        Where its volumes come from; straight from the files when None.
    """

    key: int
    recording: Recording
    reader: VolumeReader | None = None

    @property
    def name(self) -> str:
        """A short name for lists and layers."""
        return self.recording.name


class Datasets:
    """The recordings that are open, in the order they were opened; the current one is what Run works on.

    Files are read on threads of its own. All signals may be emitted from any thread: `opened`, `amended` and
    `removed(dataset)`; `contrasted(dataset, limits)` when the limits of its voxels are known; `changed` after all.

    Parameters
    ----------
    open_recording
        Makes a recording from a path, as `napari_thunder.open`.
    reader_of
        Where the volumes of a recording come from; straight from the files when left out.
    """

    opened = Signal(object)
    amended = Signal(object)
    removed = Signal(object)
    contrasted = Signal(object, tuple)
    changed = Signal()

    def __init__(
        self,
        open_recording: Callable[..., Recording],
        reader_of: Callable[[Recording], VolumeReader | None] = lambda _: None,
    ) -> None:
        self.trouble: Trouble | None = None
        self.current: Dataset | None = None
        self._open = open_recording
        self._reader_of = reader_of
        self._datasets: dict[int, Dataset] = {}
        self._opening: list[str] = []
        self._background = Background("datasets")
        self._lock = Lock()

    def __iter__(self) -> Iterator[Dataset]:
        return iter(tuple(self._datasets.values()))

    def __len__(self) -> int:
        return len(self._datasets)

    @property
    def opening(self) -> tuple[str, ...]:
        """What is being opened right now."""
        return tuple(self._opening)

    def open(self, uri: str, **known: Any) -> None:
        """Open a recording; returns at once. `known` as in `napari_thunder.open`."""
        self.make(uri, partial(self._open, uri, **known))

    def make(self, name: str, recording: Callable[[], Recording]) -> None:
        """Put a recording on the desk that takes a while to make; returns at once, also if it is on its way already."""
        self.trouble = None
        with self._lock:
            if name in self._opening:
                return
            self._opening.append(name)
        self.changed.emit()
        self._background.start(self._make, name, recording)

    def reserve(self) -> int:
        """A key for a recording that is about to be added."""
        return next(_numbers)

    def add(self, recording: Recording, key: int | None = None) -> Dataset:
        """Put a recording that is already open on the desk; it becomes the current one."""
        dataset = Dataset(self.reserve() if key is None else key, recording, self._reader_of(recording))
        with self._lock:
            self._datasets[dataset.key] = dataset
            self.current = dataset
        self.opened.emit(dataset)
        self.changed.emit()
        self._background.start(self._contrast, dataset)
        return dataset

    def amend(self, dataset: Dataset, **known: Any) -> None:
        """Give what the files do not say (`voxel_size`, `frame_rate`, `events`, `signals`); returns at once."""
        self.trouble = None
        self.changed.emit()
        self._background.start(self._amend, dataset, known)

    def make_current(self, key: int) -> None:
        """Work on this one from now on."""
        self.current = self._datasets.get(key, self.current)
        self.changed.emit()

    def remove(self, key: int) -> None:
        """Take a recording off the desk."""
        with self._lock:
            dataset = self._datasets.pop(key, None)
            if dataset is None:
                return
            if self.current is not None and self.current.key == key:
                self.current = next(reversed(self._datasets.values()), None)
        self.removed.emit(dataset)
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._background.close(seconds)

    def _make(self, name: str, make: Callable[[], Recording]) -> None:
        try:
            recording = make()
        except Exception as error:
            self._end_opening(name, Trouble.of(error))
            return
        if self._background.closed:
            return
        self._end_opening(name)
        self.add(recording)

    def _contrast(self, dataset: Dataset) -> None:
        try:
            limits = contrast_limits(dataset.recording, reader=dataset.reader, n_volumes=3)
        except ThunderError as error:
            log.info("%s: no contrast limits (%s)", dataset.name, error)
            return
        if not self._background.closed:
            self.contrasted.emit(dataset, limits)

    def _end_opening(self, name: str, trouble: Trouble | None = None) -> None:
        with self._lock:
            self._opening.remove(name)
            self.trouble = trouble
        self.changed.emit()

    def _amend(self, dataset: Dataset, known: dict[str, Any]) -> None:
        try:
            amended = replace(dataset, recording=dataset.recording.with_known(**known))
        except Exception as error:
            self.trouble = Trouble.of(error)
            self.changed.emit()
            return
        self._replace(amended)

    def _replace(self, dataset: Dataset) -> None:
        with self._lock:
            if dataset.key not in self._datasets or self._background.closed:
                return
            self._datasets[dataset.key] = dataset
            if self.current is not None and self.current.key == dataset.key:
                self.current = dataset
        self.amended.emit(dataset)
        self.changed.emit()
