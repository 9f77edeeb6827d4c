"""Regions brought from files to the desk, and from the desk to files, beside the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from psygnal import Signal

from napari_thunder.errors import PickledError
from napari_thunder.io.regions import read_regions, write_regions
from napari_thunder.models.background import Background
from napari_thunder.models.rois.regions import Regions
from napari_thunder.models.trouble import Trouble
from napari_thunder.regions import Box, Region

VoxelSize = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A file that is read only if a person says that whoever made it is to be trusted.

    Parameters
    ----------
    path
        What was asked for.
    pickle
        The file in it that is a pickle.
    volume, plane
        As of `RegionFiles.read`.
    """

    path: str
    pickle: str
    volume: Box
    plane: int | None


class RegionFiles:
    """Reads and writes on threads of its own.

    Signals, emitted from any thread: `imported(regions)` when they are on the desk, `exported(path)`, and `changed()`
    after `busy`, `notes`, `trouble` or `doubt` did.

    Attributes
    ----------
    notes
        What is to be said of the file that was read or written last: where it is, what was left out and why; sentences.
    trouble
        Why the last file could not be read or written; None if it could.
    doubt
        The file that was read last if it waits for `trust` or `let_be`.
    """

    imported = Signal(object)
    exported = Signal(str)
    changed = Signal()

    def __init__(self, regions: Regions) -> None:
        self.notes: tuple[str, ...] = ()
        self.trouble: Trouble | None = None
        self.doubt: Doubt | None = None
        self._regions = regions
        self._background = Background("regions")
        self._under_way = 0
        self._lock = Lock()

    @property
    def busy(self) -> bool:
        """Whether a file is being read or written."""
        return bool(self._under_way)

    def read(self, path: str | Path, volume: Box, plane: int | None = None) -> None:
        """Put the regions of a file on the desk, in one step of undo; returns at once.

        Parameters
        ----------
        volume
            Shape (z, y, x) of the recording they are for.
        plane
            z for what does not say its own.
        """
        self._start(lambda: self._read(path, volume, plane))

    def trust(self) -> None:
        """Read the file that is in doubt, as a person said so; returns at once."""
        doubt = self.doubt
        if doubt is not None:
            self._start(lambda: self._read(doubt.path, doubt.volume, doubt.plane, allow_pickle=True))

    def let_be(self) -> None:
        """Leave the file that is in doubt alone."""
        if self.doubt is not None:
            self.notes, self.doubt = (f"{Path(self.doubt.path).name} was not read.",), None
            self.changed.emit()

    def write(self, path: str | Path, keys: Sequence[int] | None = None, voxel_size: VoxelSize | None = None) -> None:
        """Write regions, as they are now, to a file of the format that its ending stands for; returns at once.

        Parameters
        ----------
        keys
            Which; all when left out.
        voxel_size
            (z, y, x) in µm, for formats that keep it.
        """
        chosen = [region for region in self._regions if keys is None or region.key in keys]
        self._start(lambda: self._write(path, chosen, voxel_size))

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._background.close(seconds)

    def _start(self, work: Callable[[], None]) -> None:
        if self._background.closed:
            return
        with self._lock:
            self._under_way += 1
        self.trouble, self.notes, self.doubt = None, (), None
        self.changed.emit()
        self._background.start(self._run, work)

    def _run(self, work: Callable[[], None]) -> None:
        trouble = None
        try:
            work()
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            self._under_way -= 1
        self.trouble = trouble or self.trouble
        if not self._background.closed:
            self.changed.emit()

    def _read(self, path: str | Path, volume: Box, plane: int | None, *, allow_pickle: bool = False) -> None:
        notes: list[str] = []
        try:
            found = read_regions(path, volume, plane, say=notes.append, allow_pickle=allow_pickle)
        except PickledError as error:
            self.doubt = Doubt(str(path), error.path, volume, plane)
            return
        finally:
            self.notes = tuple(notes)
        if not self._background.closed:
            self.imported.emit(tuple(self._regions.add_all(found)))

    def _write(self, path: str | Path, regions: Sequence[Region], voxel_size: VoxelSize | None) -> None:
        place = write_regions(regions, path, voxel_size)
        self.notes = (f"Written to {place}.",)
        if not self._background.closed:
            self.exported.emit(str(place))
