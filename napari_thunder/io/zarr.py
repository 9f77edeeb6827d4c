"""Zarr v2 and v3 arrays, OME-Zarr 0.1 to 0.5, and the stores this package writes (`napari_thunder.io.store`).

Axes are taken from the OME metadata, else from the array's dimension names (t, c, z, y, x, in any case), else from
their number: (t, y, x), (t, z, y, x) or (t, c, z, y, x). Scales count where their axes have units; a scale without a
unit is not taken for µm or s. Of several multiscales the first is read; `ZarrSource.levels` are its coarser levels.
"""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import Axes, Shape, Slices, movie_axes, of_block, unnamed_axes, whole_volume
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.remote.path import RemotePath, present, states
from napari_thunder.io.source import Metadata
from napari_thunder.io.storing import ours as ours_of
from napari_thunder.io.units import micrometres, seconds
from napari_thunder.io.uri import AnyPath, join_uri, place
from napari_thunder.io.voxel_type import check_voxel_type

Array = NDArray[Any]

_MARKERS = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
_CHUNKS_LOOKED_AT = 8


@dataclass(frozen=True)
class ZarrSource:
    """A movie in a Zarr array, perhaps with coarser levels and a second layout for time series.

    Parameters
    ----------
    path
        The array, or the group it is in.
    key
        The array in the group; empty if `path` is the array itself.
    axes, dtype, inner_chunks
        Of the array; `inner_chunks` in the order of its axes.
    series
        The same movie as (t, z, y, x) chunked for time, as a key in the group, or empty.
    series_chunks
        Its chunks (t, z, y, x).
    coarser
        Keys, axes, chunks and voxel sizes of the further levels.
    of_ours
        Whether it is a store of ours, of which no shard may be missing.
    written
        Of a store of ours: which shards (z, y, x) of an array, by key, are written, where not all are.
    """

    path: str
    key: str
    axes: Axes
    dtype: np.dtype[Any]
    inner_chunks: tuple[int, ...]
    stamp: str
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    channel: int | None = None
    series: str = ""
    series_chunks: Shape | None = None
    coarser: tuple[tuple[str, Axes, tuple[int, ...], tuple[float, float, float] | None], ...] = ()
    format: str = "Zarr"
    of_ours: bool = False
    written: ours_of.Written = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Without the mask, which may be as large as a volume and is of no use to those who only read."""
        return self.__dict__ | {"metadata": replace(self.metadata, mask=None)}

    @property
    def uri(self) -> str:
        return join_uri(self.path, channel=self.channel)

    @property
    def shape(self) -> Shape:
        return self.axes.shape

    @property
    def chunks(self) -> Shape:
        return self.series_chunks or self._image_chunks

    @property
    def _image_chunks(self) -> Shape:
        return self.axes.of_movie(self.inner_chunks)

    @property
    def levels(self) -> tuple[ZarrSource, ...]:
        """This movie and the coarser ones of its pyramid, each a source."""
        return (self, *(self._level(*level) for level in self.coarser))

    def read_volume(self, t: int) -> Array:
        volume: Array = self._read(self.key, self.axes, whole_volume(t, self.shape))[0]
        return volume

    def read_block(self, block: Block) -> Array:
        movie = of_block(block)
        if self.series_chunks and _decoded(self.series_chunks, movie) < _decoded(self._image_chunks, movie):
            return self._read(self.series, Axes("tzyx", self.shape), movie)
        return self._read(self.key, self.axes, movie)

    def fingerprint(self) -> str:
        return self.stamp

    def _level(
        self, key: str, axes: Axes, chunks: tuple[int, ...], voxel_size: tuple[float, float, float] | None
    ) -> ZarrSource:
        metadata = replace(self.metadata, voxel_size=voxel_size, mask=None)  # the mask is of the finest level
        stamp = f"{self.stamp}-{key}"
        return replace(
            self,
            key=key,
            axes=axes,
            inner_chunks=chunks,
            metadata=metadata,
            stamp=stamp,
            series="",
            series_chunks=None,
            coarser=(),
        )

    def _read(self, key: str, axes: Axes, movie: Slices) -> Array:
        array = _cached_array(self.path, key, self.stamp)
        selection = axes.select(movie)
        try:
            found = array[selection]
        except RecordingError:
            raise
        except Exception as error:  # whatever a codec raises
            raise _read_error(self.path, key, array, selection, error) from error
        if self.of_ours:
            _check_present(self.path, key, array, selection, np.asarray(found), self.written.get(key))
        return np.ascontiguousarray(axes.arrange(np.asarray(found)), self.dtype)


def _decoded(chunks: Shape, movie: Slices) -> int:
    """How many voxels have to be decoded to read these slices."""
    return math.prod((-(-s.stop // c) - s.start // c) * c for c, s in zip(chunks, movie, strict=True))


@lru_cache(maxsize=64)
def _cached_array(path: str, key: str, stamp: str) -> zarr.Array[Any]:
    """An open array, which holds no open file and may be read from several threads; `stamp` tells old from new."""
    return _array(path, key)


def _array(path: str, key: str) -> zarr.Array[Any]:
    try:
        found = zarr.open(_store(place(path)), mode="r", path=key)
    except RecordingError:
        raise
    except FileNotFoundError as error:
        raise RecordingError(
            f"{place(path) / key}: there is no Zarr array, although the group's metadata names one. Copy or write the "
            "recording again."
        ) from error
    except Exception as error:  # whatever a damaged header raises
        raise RecordingError(f"{place(path) / key}: cannot be opened as Zarr: {_said(error)}") from error
    if not isinstance(found, zarr.Array):
        raise RecordingError(f"{place(path) / key}: there is a Zarr group where an array should be.")
    return found


@dataclass(frozen=True)
class ZarrFormat:
    """Zarr and OME-Zarr folders."""

    name: str = "Zarr"
    patterns: tuple[str, ...] = ("*.zarr", "*.ome.zarr")
    options: tuple[str, ...] = ("channel",)

    def matches(self, path: Path) -> bool:
        return path.is_dir() and any((path / marker).is_file() for marker in _MARKERS)

    def open(self, path: Path, **options: Any) -> ZarrSource:
        return _opened(path, options.get("channel"))

    def matches_remote(self, path: RemotePath) -> bool:
        return bool(present(path, _MARKERS))

    def open_remote(self, path: RemotePath, **options: Any) -> ZarrSource:
        return _opened(path, options.get("channel"))


FORMAT = ZarrFormat()


def _opened(path: AnyPath, channel: int | None) -> ZarrSource:
    found = _open(path)
    return _from_array(path, found, channel) if isinstance(found, zarr.Array) else _from_group(path, found, channel)


def _store(path: AnyPath) -> Any:
    """What Zarr opens."""
    if not isinstance(path, RemotePath):
        return str(path)
    from napari_thunder.io.remote.zarr_store import RemoteStore

    return RemoteStore(path)


def _open(path: AnyPath) -> zarr.Array[Any] | zarr.Group:
    try:
        return zarr.open(_store(path), mode="r")
    except RecordingError:
        raise
    except Exception as error:  # whatever a damaged header raises
        raise RecordingError(f"{path}: cannot be opened as Zarr: {_said(error)}") from error


def _from_array(path: AnyPath, array: zarr.Array[Any], channel: int | None) -> ZarrSource:
    axes = movie_axes(array.shape, _dimension_names(array, path), str(path), channel)
    _check_not_packed(path, array)
    return _source(path, "", array, axes, channel)


def _check_not_packed(path: AnyPath, array: zarr.Array[Any]) -> None:
    """xarray can write integers that stand for other numbers; taken as they are, ΔF/F and intensities were wrong."""
    scale, offset = array.attrs.get("scale_factor", 1), array.attrs.get("add_offset", 0)
    if (scale, offset) != (1, 0):
        raise RecordingError(
            f"{path}: its numbers are packed (scale_factor {scale}, add_offset {offset}), which is not read. Write it "
            "again without: in xarray, dataset.drop_encoding().to_zarr(…)."
        )


def _source(path: AnyPath, key: str, array: zarr.Array[Any], axes: Axes, channel: int | None) -> ZarrSource:
    dtype, chunks = check_voxel_type(array.dtype, str(path / key)), tuple(array.chunks)
    return ZarrSource(str(path), key, axes, dtype, chunks, _stamp(path, key, array), channel=channel)


def _dimension_names(array: zarr.Array[Any], path: AnyPath) -> str | None:
    """The axes' letters, or None if the names are others and do not contradict the usual order."""
    said = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    names = [str(n) for n in said] if isinstance(said, list | tuple) else []
    letters = [_letter(n.lower()) for n in names]
    if len(letters) != array.ndim:
        return None
    if set(letters) <= set("tczyx"):
        return "".join(letters)
    usual = unnamed_axes(array.ndim) or ""
    if any(n in "tczyx" and n != u for n, u in zip(letters, usual, strict=False)):
        raise RecordingError(
            f"{path}: its axes are called {', '.join(names)}, which leaves open which is which. Call them "
            "t, c, z, y, x, or put them in this order."
        )
    return None


def _letter(name: str) -> str:
    return {"time": "t", "channel": "c"}.get(name, name)


def _from_group(path: AnyPath, group: zarr.Group, channel: int | None) -> ZarrSource:
    attributes = dict(group.attrs)
    ours = attributes.get("thunder")
    if isinstance(ours, Mapping):
        ours_of.check_complete(path, ours)
    multiscales = _multiscales(attributes)
    if multiscales is None:
        return _from_plain_group(path, group, channel)
    source = _from_multiscales(path, multiscales, channel)
    return _with_ours(source, path, group, ours) if isinstance(ours, Mapping) else source


def _multiscales(attributes: Mapping[str, Any]) -> Mapping[str, Any] | None:
    ome = attributes.get("ome", attributes)
    found = ome.get("multiscales") if isinstance(ome, Mapping) else None
    return found[0] if isinstance(found, list) and found else None


def _from_plain_group(path: AnyPath, group: zarr.Group, channel: int | None) -> ZarrSource:
    """An image one folder down (Bio-Formats' layout), or a group whose only movie-like array is meant."""
    if "0" in group and isinstance(group["0"], zarr.Group):
        return _from_group(path / "0", group["0"], channel)
    inside: Iterator[AnyPath] = path.iterdir()
    movies = sorted(p.name for p in inside if _is_movie(p))
    if len(movies) != 1:
        found = ", ".join(movies) or "none"
        hint = " It looks like a result: open it with load_result." if "provenance" in group.attrs else ""
        raise RecordingError(
            f"{path}: which array is the movie? The group has no OME metadata, and of arrays with 3 to 5 axes it "
            f"holds: {found}. Give the path of the array itself.{hint}"
        )
    return _from_array(path / movies[0], _array(str(path / movies[0]), ""), channel)


def _is_movie(path: AnyPath) -> bool:
    if not (FORMAT.matches_remote(path) if isinstance(path, RemotePath) else FORMAT.matches(path)):
        return False
    found = _open(path)
    return isinstance(found, zarr.Array) and found.ndim in (3, 4, 5)


def _from_multiscales(path: AnyPath, multiscales: Mapping[str, Any], channel: int | None) -> ZarrSource:
    try:
        keys = [str(level["path"]) for level in multiscales["datasets"]]
        scales = [_scale(multiscales, level) for level in multiscales["datasets"]]
    except (KeyError, TypeError, IndexError) as error:
        raise RecordingError(f"{path}: its OME metadata is not as OME-Zarr says: {error!r} in multiscales.") from error
    arrays = [_array(str(path), key) for key in keys]
    names = _axis_names(multiscales, arrays[0], path)
    units = _units(multiscales, names)
    levels = [movie_axes(a.shape, names, str(path / k), channel) for a, k in zip(arrays, keys, strict=True)]
    sizes = [_voxel_size(names, scale, units) for scale in scales]
    source = _source(path, keys[0], arrays[0], levels[0], channel)
    chunks = (tuple(a.chunks) for a in arrays)
    coarser = tuple(zip(keys, levels, chunks, sizes, strict=True))[1:]
    times = _regular_times(names, scales[0], units, source.shape[0])
    version = multiscales.get("version", "0.5")
    return replace(source, metadata=Metadata(sizes[0], times), coarser=coarser, format=f"OME-Zarr {version}")


def _axis_names(multiscales: Mapping[str, Any], array: zarr.Array[Any], path: AnyPath) -> str:
    """Letters of the axes; before 0.3 they were always t, c, z, y, x."""
    axes = multiscales.get("axes")
    if not axes:
        return "tczyx"
    names = [str(a["name"] if isinstance(a, Mapping) else a).lower() for a in axes]
    if len(names) != array.ndim or any(len(n) != 1 for n in names):
        raise RecordingError(
            f"{path}: the OME metadata names the axes {', '.join(names)}, but the array has {array.ndim}."
        )
    return "".join(names)


def _units(multiscales: Mapping[str, Any], names: str) -> dict[str, str]:
    axes = multiscales.get("axes") or [{}] * len(names)
    return {
        n: str(a["unit"]).lower() for n, a in zip(names, axes, strict=True) if isinstance(a, Mapping) and a.get("unit")
    }


def _scale(multiscales: Mapping[str, Any], level: Mapping[str, Any]) -> list[float] | None:
    """The product of the level's scale and the whole image's."""
    steps = [*level.get("coordinateTransformations", ()), *multiscales.get("coordinateTransformations", ())]
    scales = [step["scale"] for step in steps if step.get("type") == "scale" and "scale" in step]
    return [math.prod(parts) for parts in zip(*scales, strict=True)] if scales else None


def _voxel_size(names: str, scale: list[float] | None, units: Mapping[str, str]) -> tuple[float, float, float] | None:
    """(z, y, x) in µm, if each axis there is has a unit of length; a plane that is alone counts as 1 µm thick."""
    if scale is None:
        return None
    sizes = {n: micrometres(s, units.get(n)) for n, s in zip(names, scale, strict=True)}
    z, y, x = sizes.get("z", 1.0), sizes["y"], sizes["x"]
    return (z, y, x) if z and y and x else None


def _regular_times(
    names: str, scale: list[float] | None, units: Mapping[str, str], n_frames: int
) -> NDArray[np.float64] | None:
    if scale is None or "t" not in names:
        return None
    step = seconds(scale[names.index("t")], units.get("t"))
    return np.arange(n_frames, dtype=np.float64) * step if step else None


def _with_ours(source: ZarrSource, path: AnyPath, group: zarr.Group, ours: Mapping[str, Any]) -> ZarrSource:
    """What a store of ours holds beside the image."""
    series = _array(str(path), "series")
    if series.shape != source.shape:
        raise RecordingError(
            f"{path}: its two layouts differ: the image is {source.shape}, the series are {series.shape}."
        )
    times = source.metadata.frame_times
    if (path / "frame_times" / "zarr.json").is_file():
        times = np.asarray(_array(str(path), "frame_times")[:], np.float64)
    metadata = Metadata(
        source.metadata.voxel_size,
        times,
        signals=_table(path / "signals.csv", index=True),
        events=_table(path / "events.csv", index=False),
        exclude_frames=ours_of.frames_excluded(ours),
        mask=ours_of.mask_within(group, ours, path),
    )
    t, z, y, x = series.chunks
    return replace(
        source,
        series="series",
        series_chunks=(t, z, y, x),
        metadata=metadata,
        format="napari-thunder store",
        of_ours=True,
        written=ours_of.shards_written(ours),
    )


def _table(path: AnyPath, *, index: bool) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pd.read_csv(io.BytesIO(path.read_bytes()), index_col=0 if index else None)
    except (ValueError, OSError) as error:
        raise RecordingError(f"{path}: cannot be read as a table: {error}") from error


def _stamp(path: AnyPath, key: str, array: zarr.Array[Any]) -> str:
    """From the headers, the names of the chunks or folders of chunks nearest the top, and the times of a thousand."""
    if isinstance(path, RemotePath):
        return _remote_stamp(path, key, array)
    folder = path / key
    chunks = folder / "c" if (folder / "c").is_dir() else folder
    entries = sorted(chunks.iterdir())
    some = entries[:: len(entries) // 1000 + 1]
    headers = [p / m for p in dict.fromkeys((path, folder)) for m in _MARKERS if (p / m).is_file()]
    return fingerprint_of([*headers, *some], key, [p.name for p in entries])


def _remote_stamp(path: RemotePath, key: str, array: zarr.Array[Any]) -> str:
    """From the headers and the tags of a few chunks, as storage lists slowly and who writes anew writes all."""
    headers = {folder: present(folder, _MARKERS) for folder in dict.fromkeys((path, path / key))}
    grid = [-(-n // c) for n, c in zip(array.shape, array.shards or array.chunks, strict=True)]
    some = [tuple((n - 1) * i // _CHUNKS_LOOKED_AT for n in grid) for i in range(_CHUNKS_LOOKED_AT + 1)]
    chunks = [path / key / array.metadata.encode_chunk_key(at) for at in dict.fromkeys(some)]
    tags = [(known.st_size, known.st_mtime_ns) if known else None for known in states(chunks)]
    return fingerprint_of([], key, [sorted(found.items()) for found in headers.values()], tags)


def _read_error(
    path: str, key: str, array: zarr.Array[Any], selection: tuple[slice, ...], error: Exception
) -> RecordingError:
    where = place(path) / key
    for start in _corners(array.shape, array.chunks, selection):
        try:
            array[tuple(slice(a, a + 1) for a in start)]
        except Exception as damage:  # whatever a codec raises
            chunk = tuple(a // c for a, c in zip(start, array.chunks, strict=True))
            return RecordingError(
                f"{where}: chunk {'/'.join(map(str, chunk))} is damaged and cannot be decoded ({_said(damage)}). "
                f"It begins at {start} of the array. Copy or write the recording again."
            )
    return RecordingError(f"{where}: cannot be read: {_said(error)}")


def _check_present(
    path: str,
    key: str,
    array: zarr.Array[Any],
    selection: tuple[slice, ...],
    found: Array,
    written: NDArray[np.bool_] | None,
) -> None:
    """Zarr takes a missing file for zeros; in a store of ours none is missing that is not said to be left out."""
    where, size = place(path), array.shards or array.chunks
    for corner in _corners(array.shape, size, selection):
        at = tuple(a // c for a, c in zip(corner, size, strict=True))
        if written is not None and not written[at[1:]]:
            continue
        if isinstance(where, RemotePath) and _part(found, selection, corner, size).any():
            continue  # a question to storage takes as long as the chunk itself
        name = array.metadata.encode_chunk_key(at)
        there = (where / key / name).is_file() if isinstance(where, RemotePath) else _exists(path, key, name)
        if not there:
            kind = "shard" if array.shards else "chunk"
            raise RecordingError(
                f"{where / key}: {kind} {name.removeprefix('c/')} is missing. Copy or write the recording again."
            )


def _exists(path: str, key: str, chunk: str) -> bool:
    return os.path.exists(os.path.join(path, key, chunk))


def _part(found: Array, selection: tuple[slice, ...], corner: tuple[int, ...], chunks: tuple[int, ...]) -> Array:
    """What was read of a chunk."""
    spans = zip(selection, corner, chunks, strict=True)
    return found[tuple(slice(max(0, a - s.start), a + c - s.start) for s, a, c in spans)]


def _corners(shape: tuple[int, ...], size: tuple[int, ...], selection: tuple[slice, ...]) -> Iterator[tuple[int, ...]]:
    """First indices of the boxes of this size (chunks or shards) that a selection touches."""
    ranges = (range(s.start // c * c, min(s.stop, n), c) for s, c, n in zip(selection, size, shape, strict=True))
    return itertools.product(*ranges)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
