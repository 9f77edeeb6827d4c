"""What is true of a simulated recording, as maps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.simulation.anatomy import REGIONS
from napari_thunder.simulation.movie import OFFSET, Model

if TYPE_CHECKING:
    import xarray as xr

_ABOUT = {
    "baseline": ("fluorescence at rest", "counts"),
    "brain": ("inside the brain", "1"),
    "region": ("region: " + ", ".join(f"{i} {name}" for i, name in enumerate(REGIONS)), "1"),
    "cell": ("number of the cell, 0 for none", "1"),
    "is_cell": ("mostly a cell body", "1"),
    "preferred_direction": ("preferred direction", "deg"),
    "tuning_amplitude": ("peak ΔF/F to the preferred direction", "1"),
    "swim_weight": ("peak ΔF/F to a swim bout of vigour 1", "1"),
    "shift": ("displacement relative to the brain at rest (z, y, x)", "voxel"),
    "shift_field": ("displacement of places relative to the brain at rest (z, y, x)", "voxel"),
    "drift": ("brightness relative to the first frame", "1"),
}
_CELL_CORE = 0.5


def truth_of(model: Model) -> xr.Dataset:
    """The maps (z, y, x) and curves (frame) of a model; see `ground_truth`."""
    import xarray as xr

    maps = {name: (("z", "y", "x"), values, _attributes(name)) for name, values in _maps(model).items()}
    curves = {
        "shift": (("frame", "axis"), model.shift, _attributes("shift")),
        "drift": (("frame",), model.drift, _attributes("drift")),
    }
    field, nodes = _field(model)
    return xr.Dataset(
        {**maps, **curves, **field},
        coords={"axis": list("zyx"), **nodes},
        attrs={"title": "Ground truth of a simulated recording", "settings": json.dumps(model.settings.as_plain())},
    )


def _field(model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """The displacement at the nodes, that of the whole included, and where they lie; nothing if it does not bend."""
    if model.bending is None:
        return {}, {}
    field = np.stack([model.bending.at_nodes(t) + shift for t, shift in enumerate(model.shift)]).astype(np.float32)
    grid = ("grid_z", "grid_y", "grid_x")
    nodes = {
        name: ((name,), along, {"units": "voxel"}) for name, along in zip(grid, model.bending.centers, strict=True)
    }
    return {"shift_field": (("frame", *grid, "axis"), field, _attributes("shift_field"))}, nodes


def _attributes(name: str) -> dict[str, str]:
    long_name, units = _ABOUT[name]
    return {"long_name": long_name, "units": units}


def _maps(model: Model) -> dict[str, NDArray[Any]]:
    cells, tuning, region = model.anatomy.cells, model.activity.tuning, model.anatomy.region
    weight = _spread(model, cells.weight, 0.0)
    core = weight > _CELL_CORE
    preferred = _spread(model, tuning.preferred[cells.owner], np.nan)
    return {
        "baseline": model.anatomy.baseline + np.float32(OFFSET),
        "brain": region > 0,
        "region": region,
        "cell": _spread(model, cells.owner + 1, 0).astype(np.int32) * core,
        "is_cell": core,
        "preferred_direction": np.where(core, preferred, np.float32(np.nan)),
        "tuning_amplitude": _spread(model, tuning.direction[cells.owner] * cells.weight, 0.0),
        "swim_weight": _spread(model, tuning.swim[cells.owner] * cells.weight, 0.0),
    }


def _spread(model: Model, values: NDArray[Any], elsewhere: float) -> NDArray[Any]:
    filled = np.full(model.settings.space, elsewhere, values.dtype)
    filled.ravel()[model.anatomy.cells.voxel] = values
    return filled
