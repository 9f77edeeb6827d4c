"""What the strongest patterns of the movie do: their shifts, and the pictures at their ends."""

from __future__ import annotations

import numpy as np
import xarray as xr

from napari_thunder.registration.quality.verdict import LIMITS
from napari_thunder.reporting.before_after import projected
from napari_thunder.reporting.charts import Line, bar_chart
from napari_thunder.reporting.markup import Html, element, joined
from napari_thunder.reporting.pictures import around_zero, color_bar, figures, limits_of, picture

_DIFFERENCE = "vik"


def components(quality: xr.Dataset) -> Html:
    """PC shifts as bars, and the component that moves most as pictures."""
    title = element("h2", "Does anything still move?")
    if quality.sizes["component"] == 0:
        return joined(title, element("p", "There were too few frames to compute principal components."))
    said = (
        "The strongest patterns of change in the movie (principal components) are looked at one by one: the mean of "
        "the frames in which a pattern is strongest is laid over the mean of those in which it is weakest. Activity "
        "changes brightness; motion displaces the picture, and by how far is shown here."
    )
    by_stage = quality["pc_shift"].transpose("stage", "component")
    groups = [
        Line(stage, by_stage.sel(stage=stage).values, style) for stage, style in (("raw", "two"), ("registered", "one"))
    ]
    names = [str(int(c) + 1) for c in quality["component"].values]
    chart = bar_chart(names, groups, y_label="shift (voxel)", title="PC shift by component", limit=LIMITS.residual[0])
    note = f"By component, the strongest first. The dashed line is the limit of good, {LIMITS.residual[0]:g} voxel."
    return joined(title, element("p", said), chart, element("p", note, class_="dim"), _extremes(quality))


def _extremes(quality: xr.Dataset) -> Html:
    shift = quality["pc_shift"].transpose("stage", "component")
    parts: list[Html] = []
    pictures = quality.sizes["pc_z"] * quality.sizes["pc_y"] * quality.sizes["pc_x"]
    for stage in ("raw", "registered"):
        sizes = shift.sel(stage=stage).values
        if not np.isfinite(sizes).any() or pictures == 0:
            continue
        worst = int(np.nanargmax(sizes))
        low, high = (
            quality[name].sel(stage=stage).isel(component=worst).transpose("pc_z", "pc_y", "pc_x").values
            for name in ("pc_low", "pc_high")
        )
        parts.append(element("h3", f"{stage.capitalize()}: component {worst + 1} moves most, {sizes[worst]:.2f} voxel"))
        parts.append(_row(low, high, _pixel(quality)))
    return joined(*parts)


def _row(low: np.ndarray, high: np.ndarray, pixel: float) -> Html:
    change = high - low
    strongest = np.take_along_axis(change, np.nan_to_num(np.abs(change)).argmax(axis=0)[None], axis=0)[0]
    flat = projected(low, 0), projected(high, 0)
    limits, signed = limits_of(*flat), around_zero(strongest)
    shown = figures(
        [
            (picture(flat[0], limits, title="lowest scores", pixel=pixel), "Lowest scores"),
            (picture(flat[1], limits, title="highest scores", pixel=pixel), "Highest scores"),
            (
                picture(strongest, signed, title="difference", colors=_DIFFERENCE, pixel=pixel),
                "Difference: pairs of opposite edges mean motion, single blobs activity",
            ),
        ]
    )
    return joined(shown, color_bar(signed, _DIFFERENCE, "Difference"))


def _pixel(quality: xr.Dataset) -> float:
    y, x = (quality[name].values for name in ("pc_y", "pc_x"))
    return float((y[1] - y[0]) / (x[1] - x[0])) if len(y) > 1 and len(x) > 1 else 1.0
