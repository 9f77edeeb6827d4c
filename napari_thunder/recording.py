"""A recording: a lazily read movie (t, z, y, x) and what is known of it."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import MissingMetadataError, RecordingError, TableError
from napari_thunder.events import check_events, check_signals, read_events, read_signals
from napari_thunder.io import Source, open_source
from napari_thunder.io.array import ArraySource
from napari_thunder.io.regions.mask import mask_of
from napari_thunder.io.remote.address import is_address, without_secrets
from napari_thunder.io.source import recorded
from napari_thunder.io.uri import seen_here, split_uri
from napari_thunder.regions import Region
from napari_thunder.registration.apply import Interpolation
from napari_thunder.registration.registered import RegisteredSource
from napari_thunder.registration.shifts import Shifts

if TYPE_CHECKING:
    from napari_thunder.engine.protocol import Engine

Array = NDArray[Any]
_KNOWN = (
    "voxel_size",
    "frame_rate",
    "frame_times",
    "events",
    "signals",
    "exclude_frames",
    "mask",
    "shifts",
    "interpolation",
)


@dataclass(frozen=True)
class Recording:
    """A lazily read movie (t, z, y, x) and what is known of it.

    Parameters
    ----------
    source
        Where the voxels come from.
    voxel_size
        (z, y, x) in µm, or None if it is not known.
    frame_times
        Start of each frame (t,) in s, rising, or None if it is not known.
    events
        A table with `start_time`, `stop_time` (s) and further columns, or None.
    signals
        Behaviour traces by column, indexed by `time` (s) or `frame`, or None.
    exclude_frames
        Frames that no analysis may use, sorted.
    mask
        The voxels that count, such as the brain, or None for all; analyses that are given no mask of their own use it.
    """

    source: Source
    voxel_size: tuple[float, float, float] | None = None
    frame_times: NDArray[np.float64] | None = field(default=None, repr=False)
    events: pd.DataFrame | None = field(default=None, repr=False)
    signals: pd.DataFrame | None = field(default=None, repr=False)
    exclude_frames: tuple[int, ...] = ()
    mask: Region | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """In a line: its tables would fill a console."""
        missing = f", without {', '.join(self.missing)}" if self.missing else ""
        return f"Recording({self.uri!r}, shape={self.shape}, dtype={self.dtype}{missing})"

    @classmethod
    def from_array(cls, array: ArrayLike, *, name: str = "array", **known: Any) -> Recording:
        """A recording of an array (t, z, y, x) in memory; `known` as in `open`."""
        return from_source(ArraySource(np.asanyarray(array), name), **known)

    @property
    def uri(self) -> str:
        """Where the movie lies."""
        return self.source.uri

    @property
    def name(self) -> str:
        """A short name for titles: the last part of the path."""
        return self.uri.split("?")[0].rstrip("/").rsplit("/", 1)[-1].removeprefix("memory:")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(t, z, y, x) in frames and voxels."""
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of a voxel."""
        return self.source.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the whole movie, uncompressed."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    @property
    def features(self) -> tuple[str, ...]:
        """What each frame is called, where frames are maps of a result; empty for a movie."""
        named: tuple[str, ...] = getattr(recorded(self.source), "labels", ())
        return named if len(named) == self.shape[0] else ()

    @property
    def frame_rate(self) -> float | None:
        """Frames per second (the median), or None if the frame times are not known."""
        if self.frame_times is None or len(self.frame_times) < 2:
            return None
        return float(1 / np.median(np.diff(self.frame_times)))

    @property
    def shifts(self) -> Shifts | None:
        """The motion that is undone as it is read, or None if it is read as it was recorded."""
        return self.source.shifts if isinstance(self.source, RegisteredSource) else None

    @property
    def interpolation(self) -> Interpolation | None:
        """How motion is undone between voxels, if it is."""
        return self.source.interpolation if isinstance(self.source, RegisteredSource) else None

    @property
    def raw(self) -> Recording:
        """The same recording as it was recorded, without shifts."""
        return replace(self, source=self.source.source) if isinstance(self.source, RegisteredSource) else self

    @cached_property
    def keep(self) -> NDArray[np.bool_]:
        """(t,) True for the frames that analyses use: not excluded, nor of unknown motion where it is undone."""
        keep = np.ones(self.shape[0], bool) if self.shifts is None else self.shifts.estimated.copy()
        keep[list(self.exclude_frames)] = False
        return keep

    @property
    def left_out(self) -> tuple[int, ...]:
        """The frames that analyses do not use."""
        return tuple(int(frame) for frame in np.flatnonzero(~self.keep))

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of what is not known: of `voxel_size`, `frame_times`, `events`, `signals`."""
        return tuple(n for n in ("voxel_size", "frame_times", "events", "signals") if getattr(self, n) is None)

    def need_frame_times(self, what: str) -> NDArray[np.float64]:
        """The frame times, or an error that says what needs them.

        Raises
        ------
        MissingMetadataError
        """
        if self.frame_times is None:
            raise MissingMetadataError(
                f"{self.name}: {what} needs the times of the frames, which the files do not say. "
                "Give frame_rate= (--frame-rate on the command line) in frames per second."
            )
        return self.frame_times

    def read_volume(self, t: int) -> Array:
        """Frame `t` as (z, y, x).

        Raises
        ------
        RecordingError
            If there is no such frame, or its file is damaged.
        """
        if not -self.shape[0] <= t < self.shape[0]:
            raise RecordingError(
                f"{self.name}: there is no frame {t}; the recording has frames 0 to {self.shape[0] - 1}."
            )
        return self.source.read_volume(t % self.shape[0])

    def read_block(self, block: Block) -> Array:
        """A block as (t, z, y, x), halo included."""
        return self.source.read_block(block)

    def with_known(self, **known: Any) -> Recording:
        """The same recording with other metadata; keywords as in `open`."""
        source = _registered(self.source, known)
        now = {"frame_times": self.frame_times, "events": self.events}
        return replace(self, source=source, **_checked(source, {**now, **known}))

    def registered(self, shifts: Shifts, interpolation: Interpolation = "linear") -> Recording:
        """The same recording with its motion undone as it is read: float32, NaN where a voxel lay outside the frame.

        Parameters
        ----------
        shifts
            Of all frames; they take the place of any that are applied already.
        interpolation
            Between voxels: `linear`, `cubic` or `nearest`.

        Raises
        ------
        RegistrationError
            If the shifts are of another recording.
        """
        return self.with_known(shifts=shifts, interpolation=interpolation)

    def without_frames(self, frames: Iterable[int]) -> Recording:
        """The same recording with these frames kept out of every analysis, besides those already out."""
        return self.with_known(exclude_frames=(*self.exclude_frames, *frames))


def open(uri: str | Path, *, engine: Engine | None = None, **known: Any) -> Recording:
    """Open a recording lazily, whatever its format.

    Parameters
    ----------
    uri
        A path or `file://` URL: a TIFF or a folder of them, a Zarr or OME-Zarr, HDF5, NWB, NIfTI, NRRD, N5, a
        folder of Thunder series or images, `.npy` or `.npz`. Or the address of TIFF or Zarr in object storage or on the
        web: `s3://bucket/…`, `gs://bucket/…`, `https://server/…` (`pip install napari-thunder[cloud]`). It may hold no
        password or signature: whoever reads takes credentials, and `AWS_ENDPOINT_URL`, from its own environment.
    engine
        Asked for what this computer does not see: a path on the cluster's own disks, or storage that only it reaches.
    voxel_size : tuple of float, optional
        (z, y, x) in µm, if the files do not say, or say it wrong.
    frame_rate : float, optional
        Frames per second; or give `frame_times`.
    frame_times : array of float (t,), optional
        Start of each frame in s.
    events, signals : DataFrame or path, optional
        See `napari_thunder.events`.
    exclude_frames : iterable of int, optional
        Frames that no analysis may use.
    mask : Region, array of bool (z, y, x) or path, optional
        The voxels that count, such as the brain: what analyses are restricted to that are given no other.
    shifts : Shifts, optional
        Motion to undo as the recording is read, with `interpolation`; see `Recording.registered`.
    planes, channel, axes, order, dataset, series : optional
        How to read formats that leave it open; see the format's module in `napari_thunder.io`. They may also follow the
        path, as in `movie.tif?planes=12`.

    Raises
    ------
    RecordingError
        If there is nothing there, it is damaged or of no known format, or the format has no such option.
    TableError
        If a table does not fit the recording.
    """
    options = {name: known.pop(name) for name in tuple(known) if name not in _KNOWN}
    path, said = split_uri(uri)
    if engine is None or seen_here(path):
        return from_source(open_source(uri, **options), **known)
    return from_source(engine.open(str(path), **said | options), **known)


def from_source(source: Source, **known: Any) -> Recording:
    """A recording of a source: what its files say, overruled by what is given (as in `open`)."""
    said = source.metadata
    found = {
        "voxel_size": said.voxel_size,
        "frame_times": said.frame_times,
        "events": said.events,
        "signals": said.signals,
        "exclude_frames": said.exclude_frames,
        "mask": said.mask,
    }
    known = {name: value for name, value in known.items() if value is not None}
    if "frame_rate" in known:
        found.pop("frame_times")
    source = _registered(source, known)
    return Recording(source, **_checked(source, {**found, **known}))


def _registered(source: Source, known: dict[str, Any]) -> Source:
    """The source with the shifts that are among `known`, which they leave."""
    if "shifts" not in known:
        known.pop("interpolation", None)
        return source
    shifts, interpolation = known.pop("shifts"), known.pop("interpolation", None)
    raw = source.source if isinstance(source, RegisteredSource) else source
    return raw if shifts is None else RegisteredSource(raw, shifts, interpolation or "linear")


def _checked(source: Source, known: dict[str, Any]) -> dict[str, Any]:
    n_frames = source.shape[0]
    checked = dict(known)
    frame_rate = checked.pop("frame_rate", None)
    if frame_rate is not None:
        checked["frame_times"] = _times_from_rate(frame_rate, n_frames)
    if checked.get("frame_times") is not None:
        checked["frame_times"] = _check_frame_times(checked["frame_times"], n_frames)
    if checked.get("voxel_size") is not None:
        checked["voxel_size"] = _check_voxel_size(checked["voxel_size"])
    if "exclude_frames" in checked:
        checked["exclude_frames"] = _check_frames(checked["exclude_frames"], n_frames)
    if checked.get("mask") is not None:
        checked["mask"] = mask_of(checked["mask"], source.shape[1:])
    times = checked.get("frame_times")
    if checked.get("events") is not None:
        checked["events"] = _events(checked["events"], times)
    if checked.get("signals") is not None:
        checked["signals"] = _signals(checked["signals"], n_frames)
    return checked


def _times_from_rate(frame_rate: float, n_frames: int) -> NDArray[np.float64]:
    try:
        rate = float(frame_rate)
    except (TypeError, ValueError):
        rate = float("nan")
    if not (np.isfinite(rate) and rate > 0):
        raise RecordingError(f"frame_rate={frame_rate}: must be a positive number of frames per second.")
    return np.arange(n_frames) / rate


def _check_frame_times(times: ArrayLike, n_frames: int) -> NDArray[np.float64]:
    try:
        checked = np.asarray(times, np.float64)
    except (TypeError, ValueError) as error:
        raise RecordingError(f"frame_times: must be numbers, in s: {error}.") from error
    if checked.shape != (n_frames,):
        raise RecordingError(f"frame_times: {checked.size} times for {n_frames} frames; give one for each frame.")
    if not np.isfinite(checked).all() or (np.diff(checked) <= 0).any():
        raise RecordingError("frame_times: must be finite and rise from frame to frame.")
    return checked


def _check_voxel_size(size: Iterable[float]) -> tuple[float, float, float]:
    try:
        checked = tuple(float(s) for s in size)
    except (TypeError, ValueError):
        checked = ()
    if len(checked) != 3 or not all(np.isfinite(s) and s > 0 for s in checked):
        raise RecordingError(f"voxel_size={size}: give three positive numbers (z, y, x) in µm.")
    return checked[0], checked[1], checked[2]


def _check_frames(frames: Iterable[int], n_frames: int) -> tuple[int, ...]:
    try:
        checked = sorted({operator.index(f) for f in frames})
    except TypeError:
        raise RecordingError(f"exclude_frames={frames!r}: give the numbers of frames, such as [0, 1, 2].") from None
    if checked and not (checked[0] >= 0 and checked[-1] < n_frames):
        raise RecordingError(
            f"exclude_frames: frames run from 0 to {n_frames - 1}, but {checked[0]} to {checked[-1]} were given."
        )
    if len(checked) == n_frames:
        raise RecordingError("exclude_frames: all frames are excluded; nothing is left to analyse.")
    return tuple(checked)


def _events(given: pd.DataFrame | str | Path, times: NDArray[np.float64] | None) -> pd.DataFrame:
    if isinstance(given, pd.DataFrame):
        return check_events(given, frame_times=times)
    _check_given(given, "events")
    return read_events(given, frame_times=times)


def _signals(given: pd.DataFrame | str | Path, n_frames: int) -> pd.DataFrame:
    if isinstance(given, pd.DataFrame):
        return check_signals(given, n_frames=n_frames)
    _check_given(given, "signals")
    return read_signals(given, n_frames=n_frames)


def _check_given(given: object, what: str) -> None:
    if not isinstance(given, str | os.PathLike):
        raise TableError(f"{what}: give a DataFrame or the path of a table, not a {type(given).__name__}.")
    if is_address(str(given)):
        raise TableError(
            f"{what}: {without_secrets(str(given))}: tables are read from disks only. Copy it to one, or read it "
            "yourself and give the DataFrame."
        )
