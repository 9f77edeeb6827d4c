"""The kymograph along a drawn line, read through the engine and filled in while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.errors import JobCancelled, ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.registration.pair import Pair
from napari_thunder.models.registration.projected import engine_for
from napari_thunder.models.trouble import Trouble
from napari_thunder.registration.kymograph import Kymograph, Line, line_along

Array = NDArray[Any]

WIDEST = 31
"""Voxels that a line may be wide."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A line on the canvas.

    Parameters
    ----------
    corners
        (n, 3) in voxels (z, y, x).
    across
        Axis that was looked along: 0 for z, 1 for y, 2 for x.
    """

    corners: Array = field(repr=False)
    across: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """What lies on a line over time.

    Parameters
    ----------
    raw, registered
        (t, points); NaN where it is still to come, or lay outside the frame.
    distance
        (points,) along the line.
    unit
        Of the distance.
    """

    raw: Array = field(repr=False)
    registered: Array = field(repr=False)
    distance: Array = field(repr=False)
    unit: str = "µm"


class Kymographs:
    """Reads the profiles along the line that was drawn last; of several lines, only the newest.

    All calls return at once. `changed()` is emitted from any thread when a line is wanted, or more of it is there.

    Parameters
    ----------
    connection
        Whose engine reads.

    Attributes
    ----------
    width
        Voxels beside each other that are averaged.
    profiles
        What was read so far, or None.
    job
        The reading under way, or None.
    trouble
        Why a line could not be read, or None.
    """

    changed = Signal()

    def __init__(self, connection: Connection) -> None:
        self.width = 3
        self.profiles: Profiles | None = None
        self.job: Job | None = None
        self.trouble: Trouble | None = None
        self._connection = connection
        self._pair: Pair | None = None
        self._drawn: Drawn | None = None
        self._background = Background("kymograph")
        self._lock = Lock()

    @property
    def drawn(self) -> Drawn | None:
        """The line that is wanted."""
        return self._drawn

    def take(self, pair: Pair | None) -> None:
        """Work on this registration from now on; the line of another recording is dropped."""
        before, self._pair = self._pair, pair
        if pair is None or before is None or before.dataset != pair.dataset:
            self._drawn = None
        if pair is None or before is None or before.look != pair.look:
            self._begin()

    def draw(self, drawn: Drawn | None) -> None:
        """Read along this line from now on; None for no line."""
        self._drawn = drawn
        self._begin()

    def set_width(self, width: int) -> None:
        """Average over so many voxels beside each other."""
        width = int(np.clip(width, 1, WIDEST))
        if width != self.width:
            self.width = width
            self._begin()

    def cancel(self) -> None:
        """Stop reading; what is there stays."""
        with self._lock:
            job, self.job = self.job, None
        if job is not None:
            self._background.start(job.cancel)
        self.changed.emit()

    def why_not(self) -> str:
        """What is missing for a kymograph, as the next step to take; empty when nothing is."""
        if self._pair is None:
            return "Register the recording first: a kymograph shows it raw above registered."
        return "" if self._drawn is not None else "Draw a line across an edge on the canvas."

    def close(self, seconds: float = 1.0) -> None:
        """Cancel and end in bounded time."""
        if self.job is not None:
            self.job.cancel()
        self._background.close(seconds)

    def _begin(self) -> None:
        pair, drawn = self._pair, self._drawn
        with self._lock:
            before, self.job = self.job, None
            self.profiles, self.trouble = None, None
            if pair is not None and drawn is not None:
                self.job = Job(f"Kymograph of {pair.name}")
            job = self.job
        if before is not None:
            self._background.start(before.cancel)
        if job is not None and pair is not None and drawn is not None:
            self._background.start(self._work, pair, drawn, job)
        self.changed.emit()

    def _work(self, pair: Pair, drawn: Drawn, job: Job) -> None:
        trouble = None
        try:
            with job.running():
                self._read(pair, drawn, job)
        except JobCancelled:
            return
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            if self.job is not job:
                return
            self.job, self.trouble = None, trouble
        self.changed.emit()

    def _read(self, pair: Pair, drawn: Drawn, job: Job) -> None:
        line, n_frames = self._line(pair, drawn), pair.raw.shape[0]
        blank = np.full((n_frames, len(line.distance)), np.nan, np.float32)
        unit = "voxels" if pair.raw.voxel_size is None else "µm"
        profiles = Profiles(blank, blank.copy(), line.distance, unit)
        kymograph = Kymograph(line, pair.shifts)
        blocks = kymograph.blocks(n_frames, pair.raw.source.chunks[0])
        with engine_for(pair, self._connection, job) as engine:
            for block, answer in engine.map(kymograph, pair.raw, blocks, job, keep=False):
                profiles.raw[block.time] = answer["raw"]
                profiles.registered[block.time] = answer["registered"]
                with self._lock:
                    if self.job is not job:
                        return
                    self.profiles = replace(profiles)
                self.changed.emit()

    def _line(self, pair: Pair, drawn: Drawn) -> Line:
        _, *space = pair.raw.shape
        if not np.isfinite(drawn.corners).all():
            raise ThunderError("The line has corners that are nowhere. Draw it again.")
        return line_along(
            drawn.corners,
            (space[0], space[1], space[2]),
            width=self.width,
            across=drawn.across,
            voxel_size=pair.raw.voxel_size,
        )
