"""A movie on storage that an engine's workers see and this computer may not."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.registry import open_source
from napari_thunder.io.source import Array, Metadata, Source
from napari_thunder.io.uri import seen_here, split_uri
from napari_thunder.regions import region_from_plain, region_to_plain
from napari_thunder.tables import plain, table_from_plain, table_to_plain


@dataclass(frozen=True)
class ElsewhereSource:
    """A movie as one who sees it described it; whoever reads it opens it by its path.

    Parameters
    ----------
    uri
        Where it lies, as its readers see it.
    stamp
        Its fingerprint when it was described.
    """

    uri: str
    format: str
    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]
    chunks: tuple[int, int, int, int]
    stamp: str
    metadata: Metadata = field(default_factory=Metadata, repr=False)

    def read_volume(self, t: int) -> Array:
        return _seen(self.uri, self.stamp).source().read_volume(t)

    def read_block(self, block: Block) -> Array:
        return _seen(self.uri, self.stamp).source().read_block(block)

    def fingerprint(self) -> str:
        return self.stamp

    def seen(self) -> Source:
        """The movie as this computer sees it.

        Raises
        ------
        RecordingError
            If it does not, or sees another one.
        """
        return _seen(self.uri, self.stamp).source()


class _Seen:
    """A movie as this computer sees it, compared with its description when it is opened and every now and then."""

    def __init__(self, uri: str, stamp: str) -> None:
        self._uri, self._stamp = uri, stamp
        self._source: Source | None = None
        self._trusted_until = 0.0

    def source(self) -> Source:
        """Trusted for twenty times as long as it took to compare, so that reads cost 5 % more at most."""
        begun = time.monotonic()
        if self._source is None or begun >= self._trusted_until:
            self._source = _compared(self._uri, self._stamp)
            ended = time.monotonic()
            self._trusted_until = ended + max(1.0, 20 * (ended - begun))
        return self._source


@lru_cache(maxsize=8)
def _seen(uri: str, stamp: str) -> _Seen:
    return _Seen(uri, stamp)


def _compared(uri: str, stamp: str) -> Source:
    if not seen_here(split_uri(uri)[0]):
        raise RecordingError(f"{uri}: is not on a disk that this computer sees; only the engine it was opened with is.")
    source = open_source(uri)
    if source.fingerprint() != stamp:
        raise RecordingError(f"{uri}: changed since it was opened, or is another file here. Open it again.")
    return source


def describe_source(source: Source) -> str:
    """A source in words (JSON) that cross a wire; see `described_source`."""
    said = source.metadata
    times = None if said.frame_times is None else said.frame_times.tolist()
    return json.dumps(
        {
            "uri": source.uri,
            "format": source.format,
            "shape": list(source.shape),
            "dtype": source.dtype.str,
            "chunks": list(source.chunks),
            "stamp": source.fingerprint(),
            "voxel_size": plain(said.voxel_size),
            "frame_times": times,
            "signals": None if said.signals is None else table_to_plain(said.signals),
            "events": None if said.events is None else table_to_plain(said.events),
            "exclude_frames": list(said.exclude_frames),
            "mask": None if said.mask is None else region_to_plain(said.mask),
        }
    )


def described_source(description: str) -> ElsewhereSource:
    """The source that `describe_source` was given, as seen from elsewhere."""
    said = json.loads(description)
    size, times = said["voxel_size"], said["frame_times"]
    tables = {name: None if said[name] is None else table_from_plain(said[name]) for name in ("signals", "events")}
    metadata = Metadata(
        None if size is None else (size[0], size[1], size[2]),
        None if times is None else np.asarray(times, np.float64),
        **tables,
        exclude_frames=tuple(said["exclude_frames"]),
        mask=None if said["mask"] is None else region_from_plain(said["mask"]),
    )
    shape, chunks = (tuple(int(n) for n in said[name]) for name in ("shape", "chunks"))
    return ElsewhereSource(
        said["uri"], said["format"], _four(shape), np.dtype(said["dtype"]), _four(chunks), said["stamp"], metadata
    )


def _four(numbers: tuple[int, ...]) -> tuple[int, int, int, int]:
    t, z, y, x = numbers
    return t, z, y, x
