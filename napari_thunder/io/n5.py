"""N5, read by tensorstore (`pip install napari-thunder[n5]`): a dataset, or one for each frame as BigDataViewer has it.

The dataset is said after the path, as in `movie.n5?dataset=/setup0/s0`, unless there is only one (of a pyramid `s0`,
`s1`, … the first). A name with `*` in it, as in `dataset=/setup0/timepoint*/s0`, stands for many: one frame each, in
natural order. N5 gives its axes fastest first: they are what `axes` in its metadata says, else (x, y, z), (x, y, z, t)
or (x, y, c, z, t); `axes=` overrules, in the same order. `resolution` with `units`, or `pixelResolution`, are the voxel
size.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import check_letters
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.file_source import FileSource, file_source
from napari_thunder.io.n5_container import ATTRIBUTES, attributes_of, children, listed, only_movie, own_attributes
from napari_thunder.io.n5_metadata import n5_axes, n5_metadata
from napari_thunder.io.stacked import StackedArray, matching

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class N5Array:
    """A dataset; small and picklable. Its axes are those of its metadata, fastest first."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    stamp: str

    def view(self) -> N5Array:
        """Itself: what is not asked for is not read."""
        return self

    def __getitem__(self, selection: tuple[slice, ...]) -> Array:
        """The numbers in these slices; blocks that are not there are 0.

        Raises
        ------
        RecordingError
            If the dataset is gone or cannot be decoded there.
        """
        try:
            _check_process(self.path)
            return np.asarray(_opened(self.path, self.stamp)[selection].read().result())
        except (ValueError, OSError) as error:
            raise RecordingError(f"{self.path}: cannot be read: {error}. Copy or write the recording again.") from error


@dataclass(frozen=True)
class N5Format:
    """N5 containers and datasets."""

    name: str = "N5"
    patterns: tuple[str, ...] = ("*.n5",)
    options: tuple[str, ...] = ("dataset", "axes", "channel")

    def matches(self, path: Path) -> bool:
        return path.is_dir() and (
            path.suffix.lower() == ".n5" or bool({"n5", "dimensions"} & set(own_attributes(path)))
        )

    def open(
        self, path: Path, dataset: str | None = None, axes: str | None = None, channel: int | None = None, **_: Any
    ) -> FileSource:
        key = dataset.strip("/") if dataset is not None else only_movie(path)
        said = {"dataset": f"/{key}" if key else None, "axes": axes, "channel": channel}
        array, attributes = _array(path, key)
        names = check_letters(axes, str(path)) if axes is not None else None
        names = names or n5_axes(attributes, len(array.shape), of_frames=isinstance(array, StackedArray))
        source = file_source(path, self.name, array, names, said, place=f"/{key}")
        return replace(source, metadata=n5_metadata(attributes, names or "", source.shape))


FORMAT = N5Format()


def _array(path: Path, key: str) -> tuple[N5Array | StackedArray, Mapping[str, Any]]:
    if "*" not in key:
        return _dataset(path / key), attributes_of(path, key)
    keys = matching(key, lambda group: children(path / group))
    keys = [k for k in keys if "dimensions" in own_attributes(path / k)]
    if not keys:
        raise RecordingError(f"{path}: no dataset matches dataset=/{key}. {listed(path)}")
    return StackedArray.of([_dataset(path / k) for k in keys], str(path), last=True), attributes_of(path, keys[0])


def _dataset(path: Path) -> N5Array:
    stamp = fingerprint_of([path / ATTRIBUTES, path])
    _check_process(str(path))
    store = _opened(str(path), stamp)
    chunks = tuple(store.chunk_layout.read_chunk.shape)
    return N5Array(str(path), tuple(store.shape), np.dtype(store.dtype.numpy_dtype), chunks, stamp)


def _check_process(path: str) -> None:
    """A process forked off one that has read N5 cannot: tensorstore's threads are not in it, and it would abort."""
    if _first_process() != os.getpid():
        raise RecordingError(
            f"{path}: N5 cannot be read in a process that was forked off one that has read N5. Spawn it."
        )


@lru_cache
def _first_process() -> int:
    return os.getpid()


@lru_cache(maxsize=4096)
def _opened(path: str, stamp: str) -> Any:
    """An open dataset, which holds no open file and may be read from several threads."""
    try:
        import tensorstore
    except ImportError:
        raise RecordingError(
            f"{path}: reading N5 needs tensorstore, which is not installed here. Run pip install 'napari-thunder[n5]'."
        ) from None
    spec = {"driver": "n5", "kvstore": {"driver": "file", "path": f"{path}/"}}
    try:
        return tensorstore.open(spec, read=True).result()
    except (ValueError, OSError) as error:
        raise RecordingError(f"{path}: cannot be opened as N5: {error}") from error
