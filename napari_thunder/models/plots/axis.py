"""What stands along a dimension of a plot: seconds or frames, numbers, or names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.models.plots.plot import FRAME, labels_of

Values = NDArray[np.float64]

_UNITS = {"um": "µm", "deg": "°"}


@dataclass(frozen=True, slots=True, eq=False)
class PlotAxis:
    """An axis of a plot.

    Parameters
    ----------
    places
        (n,) where each entry stands; rising.
    label
        What is written at it, with its unit.
    names
        A word for each entry, where the places are only numbers of their order; else empty.
    frames
        (n,) the frames of the recording, if it runs over these; else None.
    in_seconds
        Whether the places are times of the recording, in s.
    """

    places: Values
    label: str
    names: tuple[str, ...] = ()
    frames: NDArray[np.intp] | None = None
    in_seconds: bool = False

    @property
    def span(self) -> tuple[float, float]:
        """From the first entry to the last; where they are names, from the border before to the one behind."""
        if self.names:
            return -0.5, len(self.places) - 0.5
        return float(self.places[0]), float(self.places[-1])

    def nearest(self, place: float) -> int:
        """The entry that stands nearest to a place."""
        after = int(np.clip(np.searchsorted(self.places, place), 1, max(1, len(self.places) - 1)))
        if len(self.places) < 2:
            return 0
        return after if self.places[after] - place < place - self.places[after - 1] else after - 1

    def frame_at(self, place: float) -> int | None:
        """The frame nearest to a place, or None if it does not run over frames."""
        return None if self.frames is None else int(self.frames[self.nearest(place)])

    def place_of(self, frame: int) -> float | None:
        """Where a frame stands: between its neighbours if it was excluded."""
        if self.frames is None:
            return None
        return float(np.interp(frame, self.frames, self.places))

    def words(self, at: int) -> str:
        """An entry in words: `12.5 s`, `frame 3`, `tectum`."""
        if self.names:
            return self.names[at]
        head, _, unit = self.label.partition(" (")
        said = f"{self.places[at]:.4g}"
        return f"{said} {unit.rstrip(')')}" if unit else f"{head} {said}"


def axis_of(dataset: xr.Dataset, dim: str) -> PlotAxis:
    """The axis along a dimension of a result."""
    if dim == FRAME:
        return _frames(dataset)
    if dim in dataset.coords:
        values = dataset.coords[dim].values
        if values.dtype.kind in "fiu" and _rising(values.astype(np.float64)):
            return PlotAxis(values.astype(np.float64), _label(dataset, dim))
    names = labels_of(dataset, dim)
    return PlotAxis(np.arange(len(names), dtype=np.float64), dim.replace("_", " "), names)


def named_axis_of(dataset: xr.Dataset, dim: str) -> PlotAxis:
    """The same with a name for each entry, for bars, rows and columns; frames remain frames."""
    if dim == FRAME:
        return _frames(dataset)
    names = labels_of(dataset, dim)
    return PlotAxis(np.arange(len(names), dtype=np.float64), _label(dataset, dim), names)


def _frames(dataset: xr.Dataset) -> PlotAxis:
    n = dataset.sizes[FRAME]
    frames = dataset.coords[FRAME].values if FRAME in dataset.coords else np.arange(n)
    if "time" in dataset.coords and dataset.coords["time"].dims == (FRAME,):
        times = dataset.coords["time"].values.astype(np.float64)
        if _rising(times):
            return PlotAxis(times, "time (s)", (), frames.astype(np.intp), True)
    if frames.dtype.kind not in "iuf" or not _rising(frames.astype(np.float64)):
        frames = np.arange(n)
    return PlotAxis(frames.astype(np.float64), "frame", (), frames.astype(np.intp))


def _label(dataset: xr.Dataset, dim: str) -> str:
    attrs = dataset.coords[dim].attrs if dim in dataset.coords else {}
    name = str(attrs.get("long_name") or dim.replace("_", " "))
    units = str(attrs.get("units", ""))
    return name if units in ("", "1") else f"{name} ({_UNITS.get(units, units)})"


def _rising(values: Values) -> bool:
    return bool(len(values)) and bool(np.isfinite(values).all()) and bool((np.diff(values) > 0).all())
