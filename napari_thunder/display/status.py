"""One line of numbers for one voxel of a result."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.maps import further_dims, label_at, map_names, role_of, symbol_of

_NO_ESTIMATE = "cannot be estimated here"


def status_text(dataset: xr.Dataset, voxel: tuple[int, int, int]) -> str:
    """What a result says of a voxel: `212°, R² 0.41, p 0.002`.

    Of a map with further dimensions, the slice that is largest in this voxel: `t 5.1 at direction=30`.

    Parameters
    ----------
    dataset
        A result.
    voxel
        (z, y, x) in voxels.

    Returns
    -------
    str
        Empty outside the volume.
    """
    sizes = tuple(dataset.sizes[axis] for axis in "zyx")
    if not all(0 <= i < n for i, n in zip(voxel, sizes, strict=True)):
        return ""
    parts = [part for name in _in_order(dataset) for part in _part(dataset, name, voxel)]
    return ", ".join(parts) if parts else _NO_ESTIMATE


def _in_order(dataset: xr.Dataset) -> list[str]:
    """Directions first; then what is of one number, then what is of several; p without its like for FDR."""
    names = map_names(dataset)
    if "p" in names and "p_fdr" in names:
        names.remove("p_fdr")
    first = (Role.DIRECTION, Role.ORIENTATION)
    last = (Role.PROBABILITY,)
    return sorted(
        names,
        key=lambda n: (
            role_of(dataset, n) not in first,
            len(further_dims(dataset, n)),
            role_of(dataset, n) in last,
            n != "r_squared",
        ),
    )


def _part(dataset: xr.Dataset, name: str, voxel: tuple[int, int, int]) -> Iterator[str]:
    values = dataset[name].transpose(..., "z", "y", "x").values[(..., *voxel)]
    role = role_of(dataset, name)
    if not np.isfinite(values).any():
        return
    if values.ndim == 0:
        yield _one(name, role, float(values))
    elif role is not Role.PROBABILITY and role is not Role.VALUE and values.ndim == 1:
        at = int(np.nanargmax(np.abs(values)))
        (dim,) = further_dims(dataset, name)
        yield f"{_one(name, role, float(values[at]))} at {label_at(dataset, dim, at)}"


def _one(name: str, role: Role, value: float) -> str:
    if role in (Role.DIRECTION, Role.ORIENTATION):
        period = 180 if role is Role.ORIENTATION else 360
        return f"{round(value) % period}°"
    symbol = symbol_of(name)
    if role is Role.PROBABILITY:
        return f"{symbol} < 0.0001" if value < 1e-4 else f"{symbol} {value:.2g}"
    return f"{symbol} {value:.2f}" if role is Role.FRACTION else f"{symbol} {value:.3g}"
