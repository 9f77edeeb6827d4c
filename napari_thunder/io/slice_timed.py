"""A movie whose planes were taken one after the other, as if all had been taken when their frame began."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.derived import DerivedSource
from napari_thunder.io.source import Array, Metadata, Source
from napari_thunder.io.uri import join_uri, split_uri

ORDERS = ("ascending", "descending", "interleaved", "interleaved-descending")
OPTIONS = ("slice_order", "slice_share", "slice_times")


@dataclass(frozen=True, slots=True)
class SliceTiming:
    """When the planes of a frame are taken.

    Parameters
    ----------
    delays
        Of each plane (z,) after the start of its frame, as a share of the time from frame to frame: from 0 to below 1.

    Raises
    ------
    RecordingError
        If a delay is outside its limits.
    """

    delays: tuple[float, ...]

    def __post_init__(self) -> None:
        wrong = [d for d in self.delays if not 0 <= d < 1]
        if wrong:
            raise RecordingError(
                f"slice_times: {wrong[0]:g} is not a share of the time between frames, from 0 to below 1."
            )

    @classmethod
    def in_order(cls, n_planes: int, order: str = "ascending", share: float = 1.0) -> Self:
        """Planes taken evenly, one after the other.

        Parameters
        ----------
        n_planes
            Of a frame.
        order
            `ascending` from plane 0, `descending` from the last, `interleaved` (0, 2, 4, …, then 1, 3, 5, …) or
            `interleaved-descending` (the same from the last).
        share
            Of the time from frame to frame in which planes are taken; the rest is fly-back.

        Raises
        ------
        RecordingError
            If there is no such order, or the share is not above 0 and at most 1.
        """
        if order not in ORDERS:
            raise RecordingError(f"slice_order={order}: choose one of {', '.join(ORDERS)}.")
        if not 0 < share <= 1:
            raise RecordingError(f"slice_share={share:g}: must be above 0 and at most 1.")
        places = range(n_planes)
        taken = [*places[::2], *places[1::2]] if order.startswith("interleaved") else list(places)
        if order.endswith("descending"):
            taken = [n_planes - 1 - plane for plane in taken]
        delays = np.empty(n_planes)
        delays[taken] = share * np.arange(n_planes) / n_planes
        return cls(tuple(float(d) for d in delays))


@dataclass(frozen=True)
class SliceTimedSource(DerivedSource):
    """Every plane interpolated linearly in time to the start of its frame, from this frame and the one before.

    The first frame stays as it is. float32.

    Parameters
    ----------
    source
        The movie.
    timing
        When its planes were taken.
    """

    done = "slice-timed"

    timing: SliceTiming
    metadata: Metadata = field(default_factory=Metadata, compare=False)

    def __post_init__(self) -> None:
        if len(self.timing.delays) != self.source.shape[1]:
            raise RecordingError(
                f"{self.source.uri}: slice_times has {len(self.timing.delays)} planes, the recording "
                f"{self.source.shape[1]}."
            )

    @property
    def uri(self) -> str:
        """That which opens it again in this way."""
        if self.source.uri.startswith("memory:"):
            return self.source.uri
        path, said = split_uri(self.source.uri)
        return join_uri(str(path), **said, slice_times=",".join(f"{d:.6g}" for d in self.timing.delays))

    def read_volume(self, t: int) -> Array:
        now = self.source.read_volume(t).astype(np.float32)
        if t == 0:
            return now
        return _between(self.source.read_volume(t - 1), now, self._shares(slice(None)))

    def read_block(self, block: Block) -> Array:
        z, y, x = block.padded
        first = max(0, block.times[0] - 1)
        whole = Block(block.index, (first, block.times[1]), (z.start, y.start, x.start), (z.stop, y.stop, x.stop))
        frames = self.source.read_block(whole).astype(np.float32)
        begins = block.times[0] == 0
        timed = _between(frames[:-1], frames[1:], self._shares(z))
        return np.concatenate([frames[:1], timed]) if begins else timed

    def fingerprint(self) -> str:
        return f"{self.source.fingerprint()}-slices-" + "-".join(f"{d:.6g}" for d in self.timing.delays)

    def _shares(self, planes: slice) -> NDArray[np.float32]:
        return np.asarray(self.timing.delays[planes], np.float32)[:, None, None]


def slice_timed(source: Source, timing: SliceTiming) -> SliceTimedSource:
    """The movie, and what its files say, with planes as of the start of their frame."""
    return SliceTimedSource(source, timing, source.metadata)


def with_slice_options(source: Source, options: dict[str, Any]) -> Source:
    """The movie as its `slice_order` and `slice_share`, or `slice_times` (numbers with commas between), ask for.

    Raises
    ------
    RecordingError
        If they cannot be understood.
    """
    if not options:
        return source
    if "slice_times" in options:
        if len(options) > 1:
            raise RecordingError(f"{source.uri}: give slice_times, or slice_order and slice_share, not both.")
        return slice_timed(source, SliceTiming(_numbers("slice_times", options["slice_times"])))
    (share,) = _numbers("slice_share", options.get("slice_share", 1.0))
    order = str(options.get("slice_order", ORDERS[0]))
    return slice_timed(source, SliceTiming.in_order(source.shape[1], order, share))


def _numbers(name: str, given: Any) -> tuple[float, ...]:
    parts = given.split(",") if isinstance(given, str) else np.ravel(given)
    try:
        numbers = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        numbers = (math.nan,)
    if not all(map(math.isfinite, numbers)) or (name == "slice_share" and len(numbers) != 1):
        raise RecordingError(f"{name}={given}: must be {'a number' if name == 'slice_share' else 'numbers'}.")
    return numbers


def _between(before: Array, now: Array, shares: NDArray[np.float32]) -> Array:
    """At the start of frames (…, z, y, x), of which each plane was taken a share of the time between them later."""
    return np.asarray(now + (before - now) * shares, np.float32)
