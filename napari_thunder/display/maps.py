"""Which pictures a result holds, which are shown first, and which maps go together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role

Array = NDArray[Any]

SPACE_DIMS = ("z", "y", "x")

_STRENGTHS = ("r_squared", "selectivity", "f_statistic", "p_fdr", "p")
_FIRST_OF_A_KIND = ("t", "response", "beta")
_MOST_SLICES = 12
_SYMBOLS = {"r_squared": "R²", "f_statistic": "F", "p_fdr": "p (FDR)", "tsnr": "tSNR", "beta": "β", "std": "SD"} | {
    "dsi": "DSI", "osi": "OSI", "cv_r_squared": "cross-validated R²", "p_permutation": "p (permutation)",
    "p_permutation_fdr": "p (permutation, FDR)", "ci_low": "interval from", "ci_high": "interval to",
    "ci_width": "interval width",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MapChoice:
    """One picture of a result: a map, or one slice of a map with further dimensions.

    Parameters
    ----------
    variable
        Name in the dataset.
    at
        Index along each further dimension.
    """

    variable: str
    at: tuple[int, ...] = ()

    def values(self, dataset: xr.Dataset) -> Array:
        """The numbers (z, y, x)."""
        values: Array = dataset[self.variable].transpose(..., *SPACE_DIMS).values[self.at]
        return values

    def title(self, dataset: xr.Dataset) -> str:
        """For a list or a layer: `t · direction=30`, `component 1`."""
        labels = tuple(self._labels(dataset))
        if labels and f"{labels[0].split()[0]}s" == self.variable:
            return " · ".join(labels)
        return " · ".join((symbol_of(self.variable), *labels))

    def long_title(self, dataset: xr.Dataset) -> str:
        """For a legend, with the map's long name."""
        name = dataset[self.variable].attrs.get("long_name", self.variable)
        return " · ".join((str(name), *self._labels(dataset)))

    def _labels(self, dataset: xr.Dataset) -> Iterator[str]:
        for dim, i in zip(further_dims(dataset, self.variable), self.at, strict=True):
            yield label_at(dataset, dim, i)


def label_at(dataset: xr.Dataset, dim: str, i: int) -> str:
    """A word for one place along a dimension: `direction 30`, `speed=2`, `component 1`."""
    if dim not in dataset.coords:
        return f"{dim} {i + 1}"
    value = dataset.coords[dim].values[i]
    if isinstance(value, str | np.str_):
        return str(value)
    shown = int(value) + 1 if dim == "component" and dataset.coords[dim].values[0] == 0 else value
    return f"{dim} {shown:g}"


def symbol_of(variable: str) -> str:
    """How a person writes the name of a map: R² for r_squared."""
    return _SYMBOLS.get(variable, variable.replace("_", " "))


def further_dims(dataset: xr.Dataset, variable: str) -> tuple[str, ...]:
    """Dimensions of a map besides (z, y, x)."""
    return tuple(str(d) for d in dataset[variable].dims if d not in SPACE_DIMS)


def role_of(dataset: xr.Dataset, variable: str) -> Role:
    """What a map means; a plain value if it does not say."""
    try:
        return Role(dataset[variable].attrs.get("role", Role.VALUE))
    except ValueError:
        return Role.VALUE


def map_names(dataset: xr.Dataset, *roles: Role) -> list[str]:
    """Variables that are maps, in the dataset's order, but for those `passing` that are gone when a run is done; of
    these roles if any are given."""
    shown = {str(name): v for name, v in dataset.data_vars.items() if not v.attrs.get("passing")}
    maps = [name for name, v in shown.items() if set(SPACE_DIMS) <= set(v.dims)]
    return [name for name in maps if not roles or role_of(dataset, name) in roles]


def choices(dataset: xr.Dataset) -> list[MapChoice]:
    """Every picture the result holds, for a list to choose from."""
    return [choice for name in map_names(dataset) for choice in _slices(dataset, name)]


def direction_of(dataset: xr.Dataset) -> str | None:
    """The map of preferred directions or orientations, or None."""
    return next(iter(map_names(dataset, Role.DIRECTION, Role.ORIENTATION)), None)


def strengths(dataset: xr.Dataset) -> list[str]:
    """Maps that can be the opacity of a direction map, the best first: R², selectivity, F, p, then others.

    R² comes first, as selectivity is high by chance in a voxel that does not answer at all.
    """
    found = [
        name
        for name in map_names(dataset, Role.FRACTION, Role.VALUE, Role.PROBABILITY)
        if not further_dims(dataset, name)
    ]
    return sorted(found, key=lambda name: _STRENGTHS.index(name) if name in _STRENGTHS else len(_STRENGTHS))


def factors_of(dataset: xr.Dataset) -> str | None:
    """The map of factors (component, z, y, x), or None."""
    names = map_names(dataset, Role.FACTOR)
    return next((name for name in names if len(further_dims(dataset, name)) == 1), None)


def first_choices(dataset: xr.Dataset) -> list[MapChoice]:
    """The few pictures to add when a result arrives, the most telling first.

    Maps without further dimensions; then the slices of one map of those that are signed (t rather than β) or factors,
    at most 12. A direction map says it all at once, so its responses are left to be chosen.
    """
    plain = [MapChoice(name) for name in map_names(dataset) if not further_dims(dataset, name)]
    plain = [c for c in plain if role_of(dataset, c.variable) not in (Role.DIRECTION, Role.ORIENTATION)]
    if direction_of(dataset):
        return sorted(plain, key=lambda c: role_of(dataset, c.variable) is Role.PROBABILITY)
    sliced = [n for n in map_names(dataset, Role.SIGNED, Role.FACTOR) if len(further_dims(dataset, n)) == 1]
    sliced.sort(key=lambda n: _FIRST_OF_A_KIND.index(n) if n in _FIRST_OF_A_KIND else len(_FIRST_OF_A_KIND))
    return plain + [c for name in sliced[:1] for c in itertools.islice(_slices(dataset, name), _MOST_SLICES)]


def _slices(dataset: xr.Dataset, name: str) -> Iterator[MapChoice]:
    sizes = (range(dataset.sizes[dim]) for dim in further_dims(dataset, name))
    return (MapChoice(name, at) for at in itertools.product(*sizes))
