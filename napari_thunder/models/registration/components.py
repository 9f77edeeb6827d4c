"""The frames in which a principal component is lowest and highest, as judging a registration found them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_thunder.models.registration.scenes import Content

if TYPE_CHECKING:
    import xarray as xr

_STAGES = {"raw": "Raw", "registered": "Registered"}
_LOW, _HIGH = "pc_low", "pc_high"
_AXES = ("pc_z", "pc_y", "pc_x")


def n_components(quality: xr.Dataset | None) -> int:
    """How many components there are pictures of."""
    if quality is None or not {_LOW, _HIGH} <= set(quality.data_vars):
        return 0
    return int(quality.sizes.get("component", 0))


def component_titles(quality: xr.Dataset | None) -> tuple[str, ...]:
    """`Component 1 (2.1 → 0.12 voxels)`: how far its highest lies from its lowest, raw and registered, if known."""
    if quality is None:
        return ()
    known = "pc_shift" in quality and {"raw", "registered"} <= set(quality["stage"].values.tolist())
    titles = []
    for k in range(n_components(quality)):
        said = ""
        if known:
            raw, after = (float(quality["pc_shift"].sel(stage=s).isel(component=k)) for s in ("raw", "registered"))
            said = f" ({raw:.2g} → {after:.2g} voxels)" if np.isfinite([raw, after]).all() else ""
        titles.append(f"Component {k + 1}{said}")
    return tuple(titles)


def component_extremes(quality: xr.Dataset | None, component: int) -> dict[str, tuple[Content, Content]]:
    """Mean of the frames in which a component is lowest, and of those in which it is highest, for each stage.

    Parameters
    ----------
    component
        Counted from 0.

    Returns
    -------
    dict
        By the title of the stage, `Raw` first; empty if there is no such component.
    """
    if quality is None or component >= n_components(quality):
        return {}
    scale, translate = _place(quality)
    name = f"component {component + 1}"
    found = {}
    for stage, title in _STAGES.items():
        if stage in quality["stage"].values:
            low, high = (
                np.asarray(quality[which].sel(stage=stage).isel(component=component).values, np.float32)
                for which in (_LOW, _HIGH)
            )
            found[title] = tuple(
                Content(f"{name} {word}", None, still, scale, translate)
                for word, still in (("low", low), ("high", high))
            )
    return {title: (pair[0], pair[1]) for title, pair in found.items()}


def _place(quality: xr.Dataset) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Size of the (binned) voxels, and where the first lies; an axis of one voxel spans that of the maps."""
    along = [np.asarray(quality.coords[axis].values, float) for axis in _AXES if axis in quality.coords]
    if len(along) != len(_AXES):
        return (), ()
    whole = [
        np.asarray(quality.coords[axis[-1]].values, float) if axis[-1] in quality.coords else None for axis in _AXES
    ]
    scale = []
    for c, of in zip(along, whole, strict=True):
        step = float(c[1] - c[0]) if c.size > 1 else 0.0
        spanned = 0.0 if of is None or of.size < 2 else float(of[-1] - of[0] + of[1] - of[0])
        scale.append(step or spanned or 1.0)
    return tuple(scale), tuple(float(c[0]) for c in along)
