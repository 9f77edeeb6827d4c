"""Where a volume lies: scale, units and names of its axes, the same for every layer of a recording."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from napari_thunder.recording import Recording

AXES = ("z", "y", "x")


@dataclass(frozen=True, slots=True)
class Space:
    """Scale, units and names of axes, as layers take them; napari drops all units when those of one layer differ.

    Parameters
    ----------
    scale
        Size of a step along each axis.
    units
        `um`, `s`, or `pixel` where the size is not known.
    axis_labels
        `t`, `z`, `y`, `x`.
    translate
        Where the middle of the first voxel lies; 0 along each axis when left out.
    """

    scale: tuple[float, ...]
    units: tuple[str, ...]
    axis_labels: tuple[str, ...]
    translate: tuple[float, ...] = ()

    def kwargs(self) -> dict[str, Any]:
        """As keywords of a layer."""
        said = {"scale": self.scale, "units": self.units, "axis_labels": self.axis_labels}
        return said | {"translate": self.translate} if any(self.translate) else said


def space_of_recording(recording: Recording) -> Space:
    """Of the movie (t, z, y, x): s and µm, each as far as it is known."""
    rate = recording.frame_rate
    volume = space_of_volume(recording.voxel_size)
    return Space((1 / rate if rate else 1.0, *volume.scale), ("s" if rate else "pixel", *volume.units), ("t", *AXES))


def space_of_volume(voxel_size: tuple[float, float, float] | None) -> Space:
    """Of a volume (z, y, x): µm, or pixels when the voxel size is not known."""
    return Space(voxel_size or (1.0, 1.0, 1.0), ("um" if voxel_size else "pixel",) * 3, AXES)


def space_of_maps(dataset: xr.Dataset) -> Space:
    """Of a result's maps (z, y, x): what its recording knew, or else what its coordinates say."""
    if "preview" in dataset.attrs:
        return _space_of_grid(dataset)
    recorded = about_recording(dataset).get("voxel_size")
    return space_of_volume(tuple(recorded) if recorded else _measured(dataset))


def _space_of_grid(dataset: xr.Dataset) -> Space:
    """Of a preview, whose cells are larger than voxels and lie about their middles."""
    coords = [dataset.coords[axis] for axis in AXES]
    scale, first = tuple(float(c.attrs["step"]) for c in coords), tuple(float(c[0]) for c in coords)
    return Space(scale, tuple(str(c.attrs["units"]) for c in coords), AXES, first)


def about_recording(dataset: xr.Dataset) -> dict[str, Any]:
    """What a result's provenance says of its recording; nothing while it is not finished."""
    try:
        return dict(json.loads(dataset.attrs.get("provenance", "{}")).get("recording", {}))
    except (ValueError, AttributeError):
        return {}


def _measured(dataset: xr.Dataset) -> tuple[float, float, float] | None:
    """Steps of the coordinates in µm; an axis of one voxel, which has no step, is given the median of the others."""
    coords = [dataset.coords[axis] for axis in AXES if axis in dataset.coords]
    steps = [float(c[1] - c[0]) if c.size > 1 else np.nan for c in coords]
    if len(coords) < len(AXES) or any(c.attrs.get("units") != "um" for c in coords) or np.isnan(steps).all():
        return None
    z, y, x = np.where(np.isnan(steps), np.nanmedian(steps), steps)
    return float(z), float(y), float(x)
