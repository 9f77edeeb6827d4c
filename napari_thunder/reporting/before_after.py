"""The brain before and after: projections of the mean, and the template."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.reporting.markup import Html, element, joined
from napari_thunder.reporting.pictures import figures, limits_of, picture

Image = NDArray[np.floating]


def before_after(registration: xr.Dataset, quality: xr.Dataset | None) -> Html:
    """Mean images from above and from the side, side by side with the template."""
    volumes = {"Template: what the frames were registered to": registration["template"]}
    if quality is not None:
        mean = quality["mean"]
        volumes = {
            "Raw: mean of the recording": mean.sel(stage="raw"),
            "Registered: mean of the registered recording": mean.sel(stage="registered"),
        } | volumes
    arrays = {caption: v.transpose("z", "y", "x").values for caption, v in volumes.items()}
    said = "Moved frames smear the mean; in a good registration cells and vessels stand out more sharply."
    title = (
        [element("h2", "Before and after"), element("p", said)] if quality is not None else [element("h2", "Template")]
    )
    parts = [*title, _row(arrays, 0, pixel_of(registration, 0))]
    if registration.sizes["z"] > 2:
        parts.append(element("h3", "From the side"))
        parts.append(_row(arrays, 1, pixel_of(registration, 1)))
    return joined(*parts)


def pixel_of(dataset: xr.Dataset, axis: int) -> float:
    """Height of a pixel over its width, in a projection along an axis (0: z, 1: y) of the volume."""
    size = {name: _step(dataset[name]) for name in ("z", "y", "x")}
    return (size["y"] if axis == 0 else size["z"]) / size["x"]


def projected(volume: Image, axis: int) -> Image:
    """The brightest voxels along an axis; NaN where nothing is known."""
    found: Image = np.where(np.isfinite(volume), volume, -np.inf).max(axis=axis)
    return np.where(np.isfinite(found), found, np.nan)


def _row(arrays: dict[str, Image], axis: int, pixel: float) -> Html:
    flat = {caption: projected(volume, axis) for caption, volume in arrays.items()}
    limits = limits_of(*flat.values())
    return figures([(picture(image, limits, title=caption, pixel=pixel), caption) for caption, image in flat.items()])


def _step(along: xr.DataArray) -> float:
    return float(along.values[1] - along.values[0]) if along.size > 1 else 1.0
