"""Regions brought from files to the desk, and from the desk to files, beside the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

from psygnal import Signal

from napari_thunder.io.regions import read_regions, write_regions
from napari_thunder.models.background import Background
from napari_thunder.models.regions import Regions
from napari_thunder.models.trouble import Trouble
from napari_thunder.regions import Box, Region

VoxelSize = tuple[float, float, float]


class RegionFiles:
    """Reads and writes on threads of its own.

    Signals, emitted from any thread: `imported(regions)` when they are on the desk, `exported(path)`, and `changed()`
    after `busy`, `notes` or `trouble` did.

    Attributes
    ----------
    notes
        What was left out of the file that was read last, and why; sentences.
    trouble
        Why the last file could not be read or written; None if it could.
    """

    imported = Signal(object)
    exported = Signal(str)
    changed = Signal()

    def __init__(self, regions: Regions) -> None:
        self.notes: tuple[str, ...] = ()
        self.trouble: Trouble | None = None
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
        self.trouble, self.notes = None, ()
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

    def _read(self, path: str | Path, volume: Box, plane: int | None) -> None:
        notes: list[str] = []
        try:
            found = read_regions(path, volume, plane, say=notes.append)
        finally:
            self.notes = tuple(notes)
        if not self._background.closed:
            self.imported.emit(tuple(self._regions.add_all(found)))

    def _write(self, path: str | Path, regions: Sequence[Region], voxel_size: VoxelSize | None) -> None:
        place = write_regions(regions, path, voxel_size)
        if not self._background.closed:
            self.exported.emit(str(place))
