"""The array behind a layer: looks like the whole movie, holds a few volumes, never makes the window wait."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine.job import Job
from napari_thunder.errors import RecordingError
from napari_thunder.recording import Recording
from napari_thunder.volumes.coarse import Coarse
from napari_thunder.volumes.reader import DirectReader, VolumeReader
from napari_thunder.volumes.stream import VolumeStream

Array = NDArray[Any]

_QUICKLY_COPIED = 4_000_000
"""Voxels."""

_CACHE_BYTES = 512 * 2**20
_WHOLE_BYTES = 256 * 2**20


class VolumeArray:
    """A recording as an array (t, z, y, x) for a napari layer.

    Indexing with whole numbers and slices returns at once: the volume if it is in memory, otherwise the last good
    picture (zeros before there is one), and what is missing is fetched. When it is there `arrived` is emitted, in
    another thread: connect `layer.refresh(extent=False)` to it with `thread="main"`.

    Parameters
    ----------
    recording
        What to show.
    reader
        Where the volumes come from; straight from the files when left out.
    coarse
        Where coarser pictures come from that are shown first when whole volumes are slow; none when left out.
    dtype
        Of what the reader brings, if it is not the recording's.
    max_bytes
        Of the volumes kept in memory.
    whole_bytes
        The whole movie becomes a numpy array (`np.asarray`) only if it is not larger than this.

    Attributes
    ----------
    arrived, failed, busy
        The signals of `VolumeStream`.
    """

    ndim = 4

    def __init__(
        self,
        recording: Recording,
        reader: VolumeReader | None = None,
        *,
        coarse: Coarse | None = None,
        dtype: np.dtype[Any] | None = None,
        max_bytes: int = _CACHE_BYTES,
        whole_bytes: int = _WHOLE_BYTES,
    ) -> None:
        self.recording = recording
        self.shape = recording.shape
        self.dtype = dtype or recording.dtype
        self.max_bytes = max_bytes
        self.whole_bytes = whole_bytes
        self._reader = reader or DirectReader(recording)
        self._stream = VolumeStream(
            self._reader, recording.shape, self.dtype, name=recording.name, max_bytes=max_bytes, coarse=coarse
        )
        self.arrived = self._stream.arrived
        self.failed = self._stream.failed
        self.busy = self._stream.busy

    @property
    def size(self) -> int:
        """Voxels of all frames."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of all frames."""
        return self.size * self.dtype.itemsize

    @property
    def shown_frame(self) -> int | None:
        """The frame whose picture was given out last, or None while it is blank."""
        return self._stream.shown_frame

    @property
    def wanted_frame(self) -> int | None:
        """The frame that was asked for last, or None."""
        return next(reversed(self._stream.wanted_frames), None)

    @property
    def loading(self) -> bool:
        """Whether what was asked for is missing and may still come."""
        return self._stream.loading

    @property
    def shows_coarsely(self) -> bool:
        """Whether the picture that was given out last is a coarse one."""
        return self._stream.shows_coarsely

    @property
    def shown_values(self) -> Array:
        """The voxels of the picture that was given out last, a coarse one as it came; nothing is fetched for it."""
        return self._stream.shown_values

    @property
    def played_rate(self) -> float | None:
        """Pictures per second while the time slider is played, or None while it is not."""
        return self._stream.played_rate

    @property
    def stride(self) -> int:
        """Every how many frames are shown while the time slider is played."""
        return self._stream.stride

    @property
    def failure(self) -> str | None:
        """Why what was asked for is missing, or None."""
        return self._stream.failure

    @property
    def cached_frames(self) -> tuple[int, ...]:
        """Frames in memory, rising."""
        return self._stream.cached_frames

    @property
    def used_bytes(self) -> int:
        """Of the volumes in memory."""
        return self._stream.used_bytes

    def retry(self) -> None:
        """Forget failures and reads that hang, and fetch what is missing anew; returns at once."""
        self._stream.retry()

    def begin_with(self, picture: Array) -> None:
        """Show a picture (z, y, x), such as the one before, until the first volume is there; a large one is not, as
        that would take longer than to be blank."""
        if picture.shape == self.shape[1:] and picture.size <= _QUICKLY_COPIED:
            self._stream.begin_with(np.nan_to_num(picture).astype(self.dtype))

    def use(self, reader: VolumeReader, coarse: Coarse | None = None) -> None:
        """Fetch through other readers of the same recording from now on; returns at once."""
        self._reader = reader
        self._stream.use(reader, coarse)

    def close(self, seconds: float = 0.1) -> None:
        """End, and wait no longer than `seconds` for reads that are under way."""
        self._stream.close(seconds)

    def __getitem__(self, key: Any) -> Array:
        time, *space = self._full_key(key)
        if isinstance(time, int):
            return self._stream.request((time,))[0][tuple(space)]
        frames = range(*time.indices(self.shape[0]))
        if not frames:
            return np.empty((0, *self.shape[1:]), self.dtype)[(slice(None), *space)]
        self._check_affordable(len(frames))
        ordered = tuple(sorted(frames))
        volumes = dict(zip(ordered, self._stream.request(ordered), strict=True))
        return np.stack([volumes[t][tuple(space)] for t in frames])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Read the whole movie, if it is small.

        Raises
        ------
        RecordingError
            If it is larger than `whole_bytes`.
        """
        if self.nbytes > self.whole_bytes:
            raise RecordingError(
                f"{self.recording.name}: the whole movie is {_size(self.nbytes)}, too large to be read at once "
                f"(the limit is {_size(self.whole_bytes)}). Run an analysis, or read single frames."
            )
        whole = np.empty(self.shape, self.dtype)
        for t, volume in self._reader.read(range(self.shape[0]), Job(f"Reading {self.recording.name}")):
            whole[t] = volume
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __copy__(self) -> VolumeArray:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> VolumeArray:
        """Itself: a duplicated layer shows the same recording through the same memory."""
        return self

    def __repr__(self) -> str:
        return f"VolumeArray({self.recording.name!r}, shape={self.shape}, dtype={self.dtype})"

    def _full_key(self, key: Any) -> tuple[int | slice, ...]:
        keys = key if isinstance(key, tuple) else (key,)
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys = (*keys[:at], *[slice(None)] * (self.ndim - len(keys) + 1), *keys[at + 1 :])
        if len(keys) > self.ndim:
            raise IndexError(f"{len(keys)} indices were given for an array (t, z, y, x)")
        padded = (*keys, *[slice(None)] * (self.ndim - len(keys)))
        return tuple(_whole_or_slice(k, n) for k, n in zip(padded, self.shape, strict=True))

    def _check_affordable(self, n_frames: int) -> None:
        wanted = n_frames * (self.nbytes // self.shape[0])
        if n_frames > 1 and wanted > self.max_bytes // 2:
            raise RecordingError(
                f"{self.recording.name}: {n_frames} frames were asked for at once ({_size(wanted)}), more than can be "
                "kept in memory. Show fewer: make the time slider thinner, or put time back on a slider."
            )


def _whole_or_slice(key: Any, n: int) -> int | slice:
    if isinstance(key, slice):
        return key
    try:
        index = operator.index(key)
    except TypeError:
        raise IndexError(f"{key!r}: a recording is indexed with whole numbers and slices") from None
    if not -n <= index < n:
        raise IndexError(f"index {index} is out of range for an axis of {n}")
    return index % n


def _size(n_bytes: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
