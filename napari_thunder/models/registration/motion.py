"""The traces of a registration as a plot shows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_thunder.models.background import Background
from napari_thunder.models.latest import Latest
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.recording import Recording
from napari_thunder.registration.quality import Quality
from napari_thunder.registration.quality.traces import shift_traces

Values = NDArray[np.float64]

AXES = ("z", "y", "x")


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How a brain moved, frame by frame.

    Parameters
    ----------
    shift, drift, jitter, spread
        (t, 3) along z, y, x: the shift, its slow and its quick part, and how much blocks differ; NaN where not known.
    unit
        Of these: `µm` or `voxel`.
    correlation
        (t,) of each frame with the template, or with the mean frame once it was judged.
    before
        (t,) the same without registration, through the same interpolator; None while it was not judged.
    """

    shift: Values
    drift: Values
    jitter: Values
    spread: Values
    unit: str
    correlation: Values
    before: Values | None = None

    def words(self, frame: int) -> str:
        """`z 0.12  y −0.40  x 1.03 µm · r 0.93` of a frame."""
        if not 0 <= frame < len(self.shift) or not np.isfinite(self.shift[frame]).all():
            return "not estimated"
        parts = "  ".join(f"{axis} {_number(v)}" for axis, v in zip(AXES, self.shift[frame], strict=True))
        r = self.correlation[frame]
        return f"{parts} {self.unit}" + (f" · r {r:.3f}" if np.isfinite(r) else "")

    def summary(self) -> str:
        """`rms jitter z 0.05  y 0.31  x 0.40 µm; drift over z 0.2  y 3.1  x 2.2 µm`."""
        known = np.isfinite(self.jitter).any(axis=0)
        if not known.all():
            return ""
        jitter = np.sqrt(np.nanmean(self.jitter**2, axis=0))
        drift = np.nanmax(self.drift, axis=0) - np.nanmin(self.drift, axis=0)
        said = ("  ".join(f"{axis} {v:.2g}" for axis, v in zip(AXES, part, strict=True)) for part in (jitter, drift))
        return "rms jitter {} {unit}; drift {} {unit}".format(*said, unit=self.unit)


class Motions:
    """Computes traces beside the window; `arrived(motion)` is emitted from a thread of its own, for the newest wish."""

    arrived = Signal(object)

    def __init__(self) -> None:
        self._background = Background("motion")
        self._latest = Latest(self._background)

    def ask(self, entry: RegistrationEntry | None, recording: Recording | None, *, in_um: bool = True) -> None:
        """Compute the traces of a registration; there are none (None) without one. Returns at once."""
        self._latest.ask(self._find, entry, recording, in_um)

    def close(self, seconds: float = 1.0) -> None:
        """End in bounded time."""
        self._background.close(seconds)

    def _find(self, entry: RegistrationEntry | None, recording: Recording | None, in_um: bool) -> None:
        found = None if entry is None or recording is None else motion_of(entry, recording, in_um=in_um)
        self.arrived.emit(found)


def motion_of(entry: RegistrationEntry, recording: Recording, *, in_um: bool = True) -> Motion:
    """The traces of a registration of a recording, in µm where that is wanted and the voxel size is known."""
    scale = recording.voxel_size if in_um else None
    rate = recording.frame_rate or 1.0
    keep = np.ones(recording.shape[0], bool)
    traces = shift_traces(entry.shifts, keep, Quality().drift_period * rate)
    size = np.asarray(scale or (1.0, 1.0, 1.0))
    after, before = _correlations(entry)
    return Motion(
        traces.shift * size,
        traces.drift * size,
        traces.jitter * size,
        traces.spread * size,
        "voxel" if scale is None else "µm",
        after,
        before,
    )


def _correlations(entry: RegistrationEntry) -> tuple[Values, Values | None]:
    if entry.quality is not None and "frame_corr" in entry.quality:
        by_stage = entry.quality["frame_corr"]
        return (
            by_stage.sel(stage="registered").values.astype(np.float64),
            by_stage.sel(stage="control").values.astype(np.float64),
        )
    return entry.registration["frame_correlation"].values.astype(np.float64), None


def _number(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
