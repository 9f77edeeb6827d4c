"""What results with components have in common: their map, their names, and the curves beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Map, Role

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Curves = dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]]


def component_map(standardize: bool, long_name: str = "component") -> Map:
    """The maps (component, z, y, x), in units of the movie, or none if voxels are scaled."""
    return Map("components", long_name, Role.FACTOR, "1" if standardize else "a.u.", ("component",))


def component_names(count: int) -> list[str]:
    """Coordinates of the dimension `component`, counted from 1."""
    return [f"component {k}" for k in range(1, count + 1)]


def component_curves(time_courses: Values, explained: Values, units: str = "sd") -> Curves:
    """Time courses (t, k) as lines, and the share of variance that each explains (k,) as bars."""
    return {
        "time_courses": (
            ("frame", "component"),
            time_courses,
            {"long_name": "time course", "units": units, "plot": "lines"},
        ),
        "explained_variance_ratio": (
            ("component",),
            explained,
            {"long_name": "share of variance explained", "units": "1", "plot": "bars"},
        ),
    }


def with_facts(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    """A result with such attributes."""
    return dataset.assign_attrs(facts)
