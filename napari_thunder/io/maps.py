"""Maps of a saved result as a movie whose frames are features, which workers can read: `result.zarr?maps=beta,t`.

`standardize=1` brings each feature to mean 0 and sd 1 over the voxels where all are finite.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.features import SPACE, Feature, MadeOf, MapFacts, features_of, standardized
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.source import Array, Metadata
from napari_thunder.io.uri import join_uri

Slices = tuple[slice, slice, slice]
_EVERYWHERE = (slice(None),) * 3


@dataclass(frozen=True)
class MapsSource:
    """Features of a saved result.

    Parameters
    ----------
    path
        Of the result.
    features
        What is read, in order.
    made_of
        Their maps.
    space
        (z, y, x) voxels.
    stamp
        Changes with the files.
    """

    path: str
    features: tuple[Feature, ...]
    made_of: MadeOf
    space: tuple[int, int, int]
    stamp: str
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    format: str = "maps of a result"

    @property
    def uri(self) -> str:
        chosen = ",".join(self.made_of.maps)
        return join_uri(self.path, maps=chosen, standardize=1 if self.made_of.standardize else None)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each frame is."""
        return tuple(feature.label for feature in self.features)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.features), *self.space)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return (1, *self.space)

    def read_volume(self, t: int) -> Array:
        return self._read(self.features[t], _EVERYWHERE)

    def read_block(self, block: Block) -> Array:
        return np.stack([self._read(feature, block.padded) for feature in self.features[block.time]])

    def fingerprint(self) -> str:
        return self.stamp

    def _read(self, feature: Feature, box: Slices) -> Array:
        return feature.of(_values(_array(self.path, feature.variable, self.stamp), feature, box))


@dataclass(frozen=True, slots=True)
class MapsFormat:
    """A folder that `save_result` made."""

    name: str = "Maps of a result"
    patterns: tuple[str, ...] = ("*.zarr",)
    options: tuple[str, ...] = ("maps", "standardize")

    def matches(self, path: Path) -> bool:
        marker = path / "zarr.json"
        return marker.is_file() and b'"provenance"' in marker.read_bytes()

    def open(
        self, path: Path, maps: str | Sequence[str] = (), standardize: bool | int | str = False, **_: Any
    ) -> MapsSource:
        names = tuple(n.strip() for n in (maps.split(",") if isinstance(maps, str) else maps) if n.strip())
        scaled = str(standardize).lower() in ("1", "true", "yes")
        try:
            return _opened(path, names, scaled)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{path}: not a result this program can read ({error}).") from error


FORMAT = MapsFormat()


def _opened(path: Path, names: tuple[str, ...], scaled: bool) -> MapsSource:
    group = zarr.open_group(path, mode="r")
    facts, space = _facts(group)
    features = features_of(facts, names, str(path))
    provenance = str(group.attrs["provenance"])
    said = json.loads(provenance)["recording"]["voxel_size"]
    size = None if said is None else (float(said[0]), float(said[1]), float(said[2]))
    made_of = MadeOf(tuple(dict.fromkeys(names)), scaled, provenance)
    stamp = fingerprint_of([path / "zarr.json", *(path / name / "zarr.json" for name in made_of.maps)])
    source = MapsSource(str(path), features, made_of, space, stamp, Metadata(voxel_size=size))
    if not scaled:
        return source
    return replace(source, features=standardized(features, lambda feature: source._read(feature, _EVERYWHERE)))


def _facts(group: zarr.Group) -> tuple[dict[str, MapFacts], tuple[int, int, int]]:
    """The maps of a result, and their voxels."""
    found: dict[str, MapFacts] = {}
    space = (0, 0, 0)
    for name, array in sorted(group.arrays(), key=lambda found: found[0]):
        dims = getattr(array.metadata, "dimension_names", None) or ()
        if tuple(dims[-3:]) == SPACE:
            found[name] = MapFacts(str(array.attrs.get("role", "")), _rows(group, array, dims[:-3]))
            z, y, x = array.shape[-3:]
            space = (z, y, x)
    return found, space


def _rows(group: zarr.Group, array: Any, dims: Sequence[str]) -> tuple[str, ...]:
    each = [_labels(group, dim, n) for dim, n in zip(dims, array.shape, strict=False)]
    return tuple(", ".join(combined) for combined in itertools.product(*each)) if each else ()


def _labels(group: zarr.Group, dim: str, n: int) -> list[str]:
    if dim not in group:
        return [f"{dim} {i + 1}" for i in range(n)]
    return [str(label) for label in np.asarray(group[dim])]


@lru_cache(64)
def _array(path: str, name: str, stamp: str) -> Any:
    return zarr.open_group(path, mode="r")[name]


def _values(array: Any, feature: Feature, box: Slices) -> Array:
    if feature.row is None:
        return np.asarray(array[box])
    at = np.unravel_index(feature.row, array.shape[:-3])
    return np.asarray(array[(*(int(i) for i in at), *box)])
