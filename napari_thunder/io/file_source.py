"""A movie that is one array in a file, its axes in whatever order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_thunder.io.axes import Axes, Shape, Slices, movie_axes
from napari_thunder.io.by_slices import BySlices
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.source import Metadata
from napari_thunder.io.uri import join_uri
from napari_thunder.io.voxel_type import check_voxel_type

Array = NDArray[Any]


class StoredArray(Protocol):
    """An array in a file: small and picklable, and read by slices of its view."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Slowest axis first, or as the format has it."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """In the byte order of the file."""

    @property
    def chunks(self) -> tuple[int, ...]:
        """What can be read without waste."""

    def view(self) -> Any:
        """What is indexed by a tuple of slices; what is not asked for is not read."""


@dataclass(frozen=True)
class FileSource(BySlices):
    """A movie that is one array in a file.

    Parameters
    ----------
    path
        The file (or folder).
    options
        What was said about how to read it, as in the URI.
    array, axes
        How it is read, and what its axes mean.
    """

    path: str
    options: tuple[tuple[str, Any], ...]
    array: StoredArray
    axes: Axes
    stamp: str
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    format: str = "file"

    @property
    def uri(self) -> str:
        return join_uri(self.path, **dict(self.options))

    @property
    def shape(self) -> Shape:
        return self.axes.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype.newbyteorder("=")

    @property
    def chunks(self) -> Shape:
        return self.axes.of_movie(self.array.chunks)

    def read_slices(self, movie: Slices) -> Array:
        return np.array(self.axes.read(self.array.view(), movie), self.dtype, order="C")


def file_source(
    path: Path,
    format: str,
    array: StoredArray,
    names: str | None,
    said: Mapping[str, Any],
    *,
    place: str = "",
    files: frozenset[Path] = frozenset(),
) -> FileSource:
    """A source of an array, if that is a movie; its metadata are left empty.

    Parameters
    ----------
    path, format
        The file and what it is.
    array
        How the array is read.
    names
        Letters of its axes; None if nothing says.
    said
        Options by which the source's URI opens it again, None where not given; of them, `channel` chooses one.
    place
        Which array in the file, for messages.
    files
        Further files that are read.

    Raises
    ------
    RecordingError
        If it is no movie, or has several channels and none was chosen.
    """
    where = f"{path}: dataset {place}" if place else str(path)
    check_voxel_type(array.dtype, where)
    axes = movie_axes(array.shape, names, where, said.get("channel"))
    options = tuple((name, value) for name, value in said.items() if value is not None)
    stamp = fingerprint_of(sorted({path, *files}), *options, getattr(array, "stamp", ""))
    return FileSource(str(path), options, array, axes, stamp, format=format)
