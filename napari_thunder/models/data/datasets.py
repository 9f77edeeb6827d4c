"""The recordings that are open on the desk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from threading import Lock
from typing import Any

from psygnal import Signal

from napari_thunder.errors import FolderError, ThunderError
from napari_thunder.io.remote.address import without_secrets
from napari_thunder.models.background import Background
from napari_thunder.models.data.tables_elsewhere import ReadFile, tables_here
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


@dataclass(frozen=True, slots=True)
class Opening:
    """A recording that is on its way.

    Parameters
    ----------
    key
        Tells it from others.
    name
        Its path, or what a person calls it.
    since
        When it was asked for, as `time.monotonic`.
    """

    key: int
    name: str
    since: float


@dataclass(frozen=True, slots=True)
class Refused:
    """What was given for a recording and does not fit it.

    Parameters
    ----------
    dataset
        Key of the recording.
    names
        Keywords, as of `Datasets.amend`.
    trouble
        Why.
    """

    dataset: int
    names: tuple[str, ...]
    trouble: Trouble


def only_here(path: str) -> bytes:
    """Stands for an engine that sees no more than this computer.

    Raises
    ------
    FolderError
        Always.
    """
    raise FolderError(f"{path}: there is no such file. Check the spelling and that the disk is mounted.")


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
    read_file
        The bytes of a table that this computer does not see.

    Attributes
    ----------
    trouble
        Why the last recording was not opened, or not amended.
    refused
        What was not amended, if that is the trouble.
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
        read_file: ReadFile = only_here,
    ) -> None:
        self.trouble: Trouble | None = None
        self.refused: Refused | None = None
        self.current: Dataset | None = None
        self._open = open_recording
        self._reader_of = reader_of
        self._datasets: dict[int, Dataset] = {}
        self._read_file = read_file
        self._opening: dict[int, Opening] = {}
        self._background = Background("datasets")
        self._lock = Lock()
        self._amending = Lock()

    def __iter__(self) -> Iterator[Dataset]:
        return iter(tuple(self._datasets.values()))

    def __len__(self) -> int:
        return len(self._datasets)

    def get(self, key: int) -> Dataset | None:
        """The recording with this key, as it is known now."""
        return self._datasets.get(key)

    @property
    def opening(self) -> tuple[str, ...]:
        """Names of what is being opened right now."""
        return tuple(opening.name for opening in self.openings)

    @property
    def openings(self) -> tuple[Opening, ...]:
        """What is being opened right now."""
        return tuple(self._opening.values())

    def open(self, uri: str, **known: Any) -> None:
        """Open a recording; returns at once. `known` as in `napari_thunder.open`."""
        self.make(without_secrets(uri), partial(self._open_with_tables, uri, known))

    def make(self, name: str, recording: Callable[[], Recording]) -> None:
        """Put a recording on the desk that takes a while to make; returns at once, also if it is on its way already."""
        self.trouble = None
        with self._lock:
            if name in self.opening:
                return
            opening = Opening(next(_numbers), name, time.monotonic())
            self._opening[opening.key] = opening
        self.changed.emit()
        self._background.start(self._make, opening, recording)

    def give_up(self, key: int) -> None:
        """Wait no longer for a recording that is being opened; what still comes of it is dropped."""
        with self._lock:
            known = self._opening.pop(key, None)
        if known is not None:
            self.changed.emit()

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
        """Give what the files do not say, as in `napari_thunder.open`; returns at once."""
        self.trouble = self.refused = None
        self.changed.emit()
        self._background.start(self._amend, dataset, known)

    def change(self, key: int, change: Callable[[Recording], Recording], refused: Callable[[Trouble], None]) -> None:
        """Exchange a recording for what `change` makes of it as it is known then; returns at once.

        `refused(trouble)` is called, in a thread of its own, if that raises.
        """
        self._background.start(self._change, key, change, refused)

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

    def _open_with_tables(self, uri: str, known: dict[str, Any]) -> Recording:
        with tables_here(known, self._read_file) as here:
            return self._open(uri, **here)

    def _make(self, opening: Opening, make: Callable[[], Recording]) -> None:
        try:
            recording = make()
        except Exception as error:
            self._end_opening(opening, Trouble.of(error))
            return
        if self._background.closed or not self._end_opening(opening):
            return
        self.add(recording)

    def _contrast(self, dataset: Dataset) -> None:
        try:
            limits = contrast_limits(dataset.recording, reader=dataset.reader, n_volumes=3)
        except ThunderError as error:
            log.info("%s: no contrast limits (%s)", dataset.name, error)
            return
        if not self._background.closed:
            self.contrasted.emit(dataset, limits)

    def _end_opening(self, opening: Opening, trouble: Trouble | None = None) -> bool:
        """False if nobody waits for it any more."""
        with self._lock:
            if self._opening.pop(opening.key, None) is None:
                return False
            self.trouble = trouble
        self.changed.emit()
        return True

    def _amend(self, dataset: Dataset, known: dict[str, Any]) -> None:
        try:
            with tables_here(known, self._read_file) as here, self._amending:
                latest = self._datasets.get(dataset.key, dataset)
                self._replace(replace(latest, recording=latest.recording.with_known(**here)))
        except Exception as error:
            self.trouble = Trouble.of(error)
            self.refused = Refused(dataset.key, tuple(known), self.trouble)
            self.changed.emit()

    def _change(self, key: int, change: Callable[[Recording], Recording], refused: Callable[[Trouble], None]) -> None:
        try:
            with self._amending:
                latest = self._datasets.get(key)
                if latest is None or (recording := change(latest.recording)) is latest.recording:
                    return
                same = recording.source is latest.recording.source
                reader = latest.reader if same else self._reader_of(recording)
                self._replace(Dataset(key, recording, reader))
        except Exception as error:
            refused(Trouble.of(error))

    def _replace(self, dataset: Dataset) -> None:
        with self._lock:
            if dataset.key not in self._datasets or self._background.closed:
                return
            self._datasets[dataset.key] = dataset
            if self.current is not None and self.current.key == dataset.key:
                self.current = dataset
        self.amended.emit(dataset)
        self.changed.emit()
