"""From the axes of a file, in whatever order, to those of a movie (t, z, y, x)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError

Shape = tuple[int, int, int, int]
Slices = tuple[slice, slice, slice, slice]

_MOVIE = "tzyx"
_UNNAMED = {3: "tyx", 4: "tzyx", 5: "tczyx"}


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of an array in a file mean.

    Parameters
    ----------
    names
        One letter of ``tczyx`` for each axis of the array, slowest first.
    lengths
        The array's shape.
    channel
        Which channel is the movie, if there is an axis ``c``.
    """

    names: str
    lengths: tuple[int, ...]
    channel: int = 0

    @property
    def shape(self) -> Shape:
        """(t, z, y, x) of the movie; a missing axis has length 1."""
        return self.of_movie(self.lengths)

    def of_movie(self, per_axis: Sequence[int]) -> Shape:
        """Numbers given for each axis of the file (a shape, chunks), for (t, z, y, x); 1 where the axis is missing."""
        t, z, y, x = (int(per_axis[self.names.index(n)]) if n in self.names else 1 for n in _MOVIE)
        return t, z, y, x

    def select(self, movie: Slices) -> tuple[slice, ...]:
        """The slices of the file's array that hold the slices (t, z, y, x) of the movie."""
        by_name = dict(zip(_MOVIE, movie, strict=True)) | {"c": slice(self.channel, self.channel + 1)}
        return tuple(by_name[n] for n in self.names)

    def arrange(self, array: NDArray[Any]) -> NDArray[Any]:
        """An array cut out by `select`, as a view (t, z, y, x)."""
        kept = [n for n in ("c", *_MOVIE) if n in self.names]
        array = array.transpose([self.names.index(n) for n in kept])
        array = array[0] if "c" in kept else array
        return np.expand_dims(array, tuple(i for i, n in enumerate(_MOVIE) if n not in self.names))

    def read(self, array: Any, movie: Slices) -> NDArray[Any]:
        """Slices (t, z, y, x) of the movie out of the file's array (numpy or zarr), as a view where it can be."""
        return self.arrange(array[self.select(movie)])


def movie_axes(lengths: Sequence[int], names: str | None, where: str, channel: int | None = None) -> Axes:
    """Check that an array's axes are those of a movie.

    Parameters
    ----------
    lengths
        The array's shape.
    names
        Letters of its axes; None if the file does not say: then 3 axes are (t, y, x), 4 are (t, z, y, x), 5 are
        (t, c, z, y, x).
    where
        The file, for the message.
    channel
        The channel wanted, if there are several.

    Raises
    ------
    RecordingError
        If this is not a movie, or has several channels and none was chosen.
    """
    names = names if names is not None else unnamed_axes(len(lengths))
    if names is None or len(lengths) < 3:
        raise RecordingError(
            f"{where}: not a movie: its shape {tuple(lengths)} is not that of (t, z, y, x) or (t, y, x)."
        )
    if len(names) != len(lengths) or len(set(names)) != len(names) or not set(names) <= set("tczyx"):
        raise RecordingError(
            f"{where}: the axes {', '.join(names)} of shape {tuple(lengths)} are not among t, c, z, y, x."
        )
    if not {"y", "x"} <= set(names) or not {"t", "z"} & set(names):
        raise RecordingError(
            f"{where}: not a movie: its axes are {', '.join(names)}; a movie has y, x and t (or at least z)."
        )
    if 0 in lengths:
        raise RecordingError(f"{where}: the movie is empty: its shape is {tuple(lengths)}.")
    n_channels = lengths[names.index("c")] if "c" in names else 1
    return Axes(names, tuple(int(n) for n in lengths), check_channel(channel, n_channels, where))


def unnamed_axes(n_axes: int) -> str | None:
    """What axes without names are taken for; None if there are too few or too many."""
    return _UNNAMED.get(n_axes)


def check_letters(axes: str, where: str) -> str:
    """Letters of axes as a person wrote them: `txyz`, `t, x, y, z`.

    Raises
    ------
    RecordingError
        If they are not letters of t, c, z, y, x.
    """
    letters = "".join(c for c in str(axes).lower() if c not in " ,;()")
    if not letters or not set(letters) <= set("tczyx"):
        raise RecordingError(f"{where}: axes={axes}: give a letter of t, c, z, y, x for each axis, such as axes=tzyx.")
    return letters


def check_channel(channel: int | None, n_channels: int, where: str) -> int:
    """The channel to read.

    Raises
    ------
    RecordingError
        If there are several and none was chosen, or the one chosen is not there.
    """
    if channel is None and n_channels > 1:
        raise RecordingError(
            f"{where}: it has {n_channels} channels. Say which is the recording: channel=0 to channel={n_channels - 1}."
        )
    if channel is not None and not 0 <= channel < n_channels:
        raise RecordingError(f"{where}: there is no channel {channel}; it has channels 0 to {n_channels - 1}.")
    return channel or 0


def whole_volume(t: int, shape: Shape) -> Slices:
    """Slices (t, z, y, x) of one frame."""
    return slice(t, t + 1), slice(0, shape[1]), slice(0, shape[2]), slice(0, shape[3])


def of_block(block: Block) -> Slices:
    """Slices (t, z, y, x) of a block, halo included."""
    return block.time, *block.padded
