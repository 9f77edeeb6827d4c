"""Maps of a result as a movie: what stands for a frame is a feature, which is a map, or one of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.array import ArraySource
from napari_thunder.io.source import Array, Metadata

SPACE = ("z", "y", "x")

_PERIODS = {"direction": 360.0, "orientation": 180.0}
_PARTS: Mapping[str, tuple[str, ...]] = {"direction": ("cos", "sin"), "orientation": ("cos", "sin")}


@dataclass(frozen=True, slots=True)
class Feature:
    """One map (z, y, x) out of a result.

    Parameters
    ----------
    label
        `preferred_direction: cos`, `beta: left`.
    variable
        The map in the result.
    row
        Which row of it, over all its further dimensions in C order; None if it has none.
    part
        `cos` or `sin` of a map of angles, else empty.
    period
        Of the angle, in degrees.
    centre, scale
        What is subtracted, and what it is divided by then.
    """

    label: str
    variable: str
    row: int | None = None
    part: str = ""
    period: float = 360.0
    centre: float = 0.0
    scale: float = 1.0

    def of(self, values: Array) -> NDArray[np.float32]:
        """The feature of values of its map."""
        numbers = np.asarray(values, np.float64)
        if self.part:
            numbers = (np.cos if self.part == "cos" else np.sin)(2 * np.pi / self.period * numbers)
        made: NDArray[np.float32] = ((numbers - self.centre) / self.scale).astype(np.float32)
        return made


@dataclass(frozen=True, slots=True)
class MapFacts:
    """What is known of a map of a result.

    Parameters
    ----------
    role
        As of `Role`.
    rows
        What each of its rows is called; empty if it is one map.
    """

    role: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeOf:
    """Of which maps of which result a recording is made.

    Parameters
    ----------
    maps
        Their names.
    standardize
        Whether each feature was brought to mean 0 and sd 1.
    provenance
        Of the result, as JSON.
    """

    maps: tuple[str, ...]
    standardize: bool
    provenance: str = field(repr=False)


def features_of(maps: Mapping[str, MapFacts], names: Sequence[str], where: str) -> tuple[Feature, ...]:
    """The features that some maps give, in order; an angle gives its cosine and sine, so that 359° is near 1°.

    Raises
    ------
    RecordingError
        For a name that is no map of the result, or none at all.
    """
    there = f"It has: {', '.join(maps)}."
    if not names:
        raise RecordingError(f"{where}: say which maps to take (maps=, --maps on the command line). {there}")
    for name in names:
        if name not in maps:
            raise RecordingError(f"{where}: there is no map {name!r} in this result. {there}")
    return tuple(feature for name in dict.fromkeys(names) for feature in _features(name, maps[name]))


def standardized(features: Sequence[Feature], read: Callable[[Feature], Array]) -> tuple[Feature, ...]:
    """Features with mean 0 and sd 1 (ddof 0) over the voxels where all of them are finite; `read` gives one of them."""
    finite: Any = True
    for feature in features:
        finite = finite & np.isfinite(read(feature))
    return tuple(_scaled(feature, read(feature)[finite].astype(np.float64)) for feature in features)


class FeaturesInMemory(ArraySource):
    """Maps of a result that is in memory; put together when they are first read.

    Parameters
    ----------
    parts
        Features, and the values (z, y, x) of the map or row that each is made of.
    name
        For titles.
    made_of
        For the provenance.
    metadata
        Of the recording the maps are of.
    """

    def __init__(self, parts: Sequence[tuple[Feature, Array]], name: str, made_of: MadeOf, metadata: Metadata) -> None:
        said = {"parts": tuple(parts), "made_of": made_of, "name": name, "metadata": metadata}
        for key, value in (said | {"format": "maps of a result"}).items():
            object.__setattr__(self, key, value)

    parts: tuple[tuple[Feature, Array], ...]
    made_of: MadeOf

    @property
    def labels(self) -> tuple[str, ...]:
        """What each frame is."""
        return tuple(feature.label for feature, _ in self.parts)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        z, y, x = self.parts[0][1].shape
        return len(self.parts), z, y, x

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @cached_property
    def array(self) -> Array:
        """(features, z, y, x) float32."""
        features = [feature for feature, _ in self.parts]
        if self.made_of.standardize:
            values = dict(self.parts)
            features = list(standardized(features, lambda feature: feature.of(values[feature])))
        return np.stack([feature.of(v) for feature, (_, v) in zip(features, self.parts, strict=True)])

    def fingerprint(self) -> str:
        digest = hashlib.sha256(f"{self.labels}{self.made_of.standardize}".encode())
        for _, values in self.parts:
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()[:16]

    def __reduce__(self) -> Any:
        return ArraySource, (self.array, self.name, self.metadata, self.format)


def _features(name: str, facts: MapFacts) -> Iterator[Feature]:
    rows: Sequence[tuple[int | None, str]] = list(enumerate(facts.rows)) if facts.rows else [(None, "")]
    for row, called in rows:
        for part in _PARTS.get(facts.role, ("",)):
            said = ", ".join(filter(None, (called, part)))
            label = f"{name}: {said}" if said else name
            yield Feature(label, name, row, part, _PERIODS.get(facts.role, 360.0))


def _scaled(feature: Feature, values: NDArray[np.float64]) -> Feature:
    mean, sd = (float(values.mean()), float(values.std())) if len(values) else (0.0, 0.0)
    spread = sd if sd > 1e-7 * abs(mean) else 1.0
    return Feature(feature.label, feature.variable, feature.row, feature.part, feature.period, mean, spread)
