"""What workers do to make a store: each unit writes whole shards, and may be done again without harm."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.storing.conversion import Misfits, coarser
from napari_thunder.io.storing.disk import disk_errors
from napari_thunder.io.storing.draft import Draft, Unit, opened_draft
from napari_thunder.io.storing.kept import clear
from napari_thunder.io.storing.layout import ArrayLayout, Shape
from napari_thunder.io.storing.shard import ShardWriter

Array = NDArray[Any]
Answer = dict[str, Array]
At = tuple[int, int, int]

_NEAR = 16


@dataclass(frozen=True, slots=True)
class WriteImage:
    """Makes the image's shards of a stretch of frames from the recording's voxels, on every level.

    Parameters
    ----------
    folder, ticket
        Of the draft.
    """

    folder: str
    ticket: str

    def __call__(self, voxels: Array, block: Block) -> Answer:
        """`voxels` (t, z, y, x) are the frames of the `block.index`-th stretch, cropped."""
        draft = opened_draft(self.folder, self.ticket)
        name = image_unit(block.index)
        with disk_errors(self.folder):
            if not draft.done(name):
                draft.note(_write_stretch(draft, block.index, voxels, name))
        return {"done": np.array(block.index)}


@dataclass(frozen=True, slots=True)
class WriteSeries:
    """Makes a shard of the series from the finest level of the image.

    Parameters
    ----------
    folder, ticket
        Of the draft.
    """

    folder: str
    ticket: str

    def __call__(self, voxels: Array, block: Block) -> Answer:
        """`voxels` (t, z, y, x) are those of the `block.index`-th shard."""
        draft = opened_draft(self.folder, self.ticket)
        name = series_unit(block.index)
        with disk_errors(self.folder):
            if not draft.done(name):
                draft.note(_write_column(draft, block.index, voxels, name))
        return {"done": np.array(block.index)}


def image_unit(index: int) -> str:
    """Name of a stretch of the image in the ledger."""
    return f"image-{index:08d}"


def series_unit(index: int) -> str:
    """Name of a shard of the series in the ledger."""
    return f"series-{index:08d}"


def _write_stretch(draft: Draft, index: int, voxels: Array, name: str) -> Unit:
    layout, kept = draft.layout, draft.kept
    misfits = Misfits()
    with ExitStack() as stack:
        levels = [_OpenLevel.of(draft, array, index, stack) for array in layout.levels]
        for t, volume in enumerate(voxels):
            converted, some = draft.conversion(volume, kept.mask)
            misfits += _judged(draft, index * layout.levels[0].shard[0] + t, some)
            for k, level in enumerate(levels):
                if k:
                    converted = coarser(converted, layout.factors[k - 1])
                converted = clear(converted, kept.levels[k], layout.fill)
                level.write(t, converted)
    shards = {name: shard.written for level in levels for name, shard in level.shards.items() if shard.written}
    return Unit(name, shards, misfits)


def _judged(draft: Draft, frame: int, misfits: Misfits) -> Misfits:
    """The misfits of a frame, if they count and are allowed."""
    if not misfits or frame in draft.header["known"]["exclude_frames"]:
        return Misfits()
    dtype, registered = draft.layout.dtype, draft.header["registration"] is not None
    if misfits.not_numbers and not registered:
        raise RecordingError(
            f"frame {frame} of the store: {misfits.not_numbers} voxels are NaN or infinite, which {dtype} cannot hold. "
            "Store float32, keep only voxels that are numbers (mask=), or exclude the frame."
        )
    if draft.header["out_of_range"] == "error":
        raise RecordingError(
            f"frame {frame} of the store: {misfits.below} voxels are below and {misfits.above} above what {dtype} can "
            "hold. Choose another type, take away less background, or have them clipped (out_of_range=clip)."
        )
    return misfits


@dataclass(frozen=True, slots=True)
class _OpenLevel:
    """The shards of one level that are being written."""

    array: ArrayLayout
    chunks: list[At]
    writers: dict[At, ShardWriter]
    shards: dict[str, ShardWriter]
    fill: float

    @classmethod
    def of(cls, draft: Draft, array: ArrayLayout, index: int, stack: ExitStack) -> _OpenLevel:
        writers: dict[At, ShardWriter] = {}
        shards: dict[str, ShardWriter] = {}
        for z, y, x in np.argwhere(draft.kept.shards[array.key]).tolist():
            name = array.shard_at((index, z, y, x))
            shards[name] = writers[z, y, x] = stack.enter_context(_shard_writer(draft, array, name))
        chunks = [(z, y, x) for z, y, x in np.argwhere(draft.kept.chunks[array.key]).tolist()]
        return cls(array, chunks, writers, shards, draft.layout.fill)

    def write(self, t: int, volume: Array) -> None:
        """The `t`-th volume of the stretch, all its chunks."""
        _, *size = self.array.chunk
        _, *inner = self.array.inner
        for chunk in self.chunks:
            box = tuple(slice(c * n, (c + 1) * n) for c, n in zip(chunk, size, strict=True))
            shard = tuple(c // n for c, n in zip(chunk, inner, strict=True))
            at = tuple(c % n for c, n in zip(chunk, inner, strict=True))
            padded = _padded(volume[box][np.newaxis], self.array.chunk, self.fill)
            self.writers[shard].add((t, *at), padded)  # type: ignore[index]  # three numbers


def _write_column(draft: Draft, index: int, voxels: Array, name: str) -> Unit:
    array = draft.layout.series
    _, *corner = _place(index, array)
    first = [c * n for c, n in zip(corner, array.inner[1:], strict=True)]
    present = draft.kept.chunks[array.key][tuple(slice(a, a + n) for a, n in zip(first, array.inner[1:], strict=True))]
    shard = array.shard_at(_place(index, array))
    with _shard_writer(draft, array, shard) as writer:
        for z, y in np.argwhere(present.any(axis=2)).tolist():
            row = _row_of_chunks(voxels, z, y, array.chunk, draft.layout.fill)
            for x in np.flatnonzero(present[z, y]).tolist():
                writer.add((0, z, y, x), row[x])
    return Unit(name, {shard: writer.written} if writer.written else {}, Misfits())


def _row_of_chunks(voxels: Array, z: int, y: int, chunk: Shape, fill: float) -> Array:
    """The chunks (x, t, 1, y, x) along a row of a shard; a few frames at a time, as these are near in memory."""
    length, _, height, width = chunk
    band = voxels[:, z, y * height : (y + 1) * height]
    n_frames, n_y, n_x = band.shape
    whole, rest = divmod(n_x, width)
    full = (n_frames, n_y, rest) == (length, height, 0)
    shape = (whole + bool(rest), length, height, width)
    row = np.empty(shape, voxels.dtype) if full else np.full(shape, fill, voxels.dtype)
    for t in range(0, n_frames, _NEAR):
        some = band[t : t + _NEAR]
        parts = some[..., : whole * width].reshape(len(some), n_y, whole, width)
        row[:whole, t : t + len(some), :n_y] = parts.transpose(2, 0, 1, 3)
        row[whole:, t : t + len(some), :n_y, :rest] = some[..., whole * width :]
    return row[:, :, np.newaxis]


def _shard_writer(draft: Draft, array: ArrayLayout, name: str) -> ShardWriter:
    return ShardWriter(draft.root / name, draft.workshop, draft.root, array.inner, draft.layout.compressor)


def _place(index: int, array: ArrayLayout) -> Shape:
    t, z, y, x = (int(n) for n in np.unravel_index(index, array.grid))
    return t, z, y, x


def _padded(part: Array, shape: tuple[int, ...], fill: float) -> Array:
    """A chunk of full size, as those at the border are stored too."""
    if part.shape == shape:
        return part
    full = np.full(shape, fill, part.dtype)
    full[tuple(slice(n) for n in part.shape)] = part
    return full
