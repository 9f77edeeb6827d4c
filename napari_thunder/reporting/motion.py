"""How the brain moved, and how alike the frames are: lines over time."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.reporting.charts import Line, line_chart
from napari_thunder.reporting.markup import Html, element, joined

Values = NDArray[np.floating]

_AXES = {"x": "x", "y": "y", "z": "z (depth)"}
_ALIKE = (
    "How alike each frame is to the mean of its movie. Interpolation alone raises this (control); what the "
    "registration adds lies above the control. Single dips are frames to look at."
)
_STEADY = "How much the picture changes from one frame to the next. Lower is steadier, but blurring lowers it too."
_BY_FRAME = {"frame_corr": ("correlation", _ALIKE), "dvars": ("DVARS", _STEADY)}
_STYLES = (("raw", "plain"), ("control", "two"), ("registered", "one"))


def motion(registration: xr.Dataset, quality: xr.Dataset | None) -> Html:
    """Shift traces along each axis: drift and jitter."""
    said = "How far the brain lay from its place in the template, frame by frame; registration takes it away."
    if quality is None:
        mean = registration["shift"].mean(("grid_z", "grid_y", "grid_x")).transpose("frame", "axis").values
        charts = _charts(mean, None, *time_of(registration), "voxel", [])
        return joined(element("h2", "Motion"), element("p", said), *charts)
    um = "shift_um" in quality
    shift, drift = (
        quality[f"{name}_um" if um else name].transpose("frame", "axis").values for name in ("shift", "drift")
    )
    x, label = time_of(quality)
    marked = x[quality.attrs["outlier_frames"]] if quality.attrs["outlier_frames"] else []
    charts = _charts(shift, drift, x, label, "µm" if um else "voxel", list(marked))
    marks = [element("p", "▼ marks outliers, which should be excluded.", class_="dim")] if len(marked) else []
    said += " The thick line is slow drift, the thin one all of the motion."
    return joined(element("h2", "Motion"), element("p", said), *charts, *marks, _sizes(quality, um))


def frames(quality: xr.Dataset) -> Html:
    """Correlation of each frame with the mean of its movie, and the change from frame to frame."""
    x, label = time_of(quality)
    marked = [float(x[t]) for t in quality.attrs["outlier_frames"]]
    parts = [element("h2", "Frame by frame")]
    for name, (y_label, sentence) in _BY_FRAME.items():
        by_stage = quality[name].transpose("stage", "frame")
        lines = [Line(stage, by_stage.sel(stage=stage).values, style) for stage, style in _STYLES]
        parts.append(element("p", sentence))
        parts.append(line_chart(lines, x, x_label=label, y_label=y_label, marks=marked, title=f"{y_label} over time"))
    return joined(*parts)


def time_of(dataset: xr.Dataset) -> tuple[Values, str]:
    """The axis of time, and what it is called."""
    if "time" in dataset.coords:
        return dataset["time"].values, "time (s)"
    return np.arange(dataset.sizes["frame"], dtype=np.float64), "frame"


def _charts(shift: Values, drift: Values | None, x: Values, label: str, unit: str, marks: list[float]) -> list[Html]:
    charts: list[Html] = []
    for axis, name in _AXES.items():
        values = shift[:, "zyx".index(axis)]
        if not np.nan_to_num(values).any():
            continue
        lines = [Line("shift", values, "one thin" if drift is not None else "one")]
        if drift is not None:
            lines.append(Line("drift", drift[:, "zyx".index(axis)], "one bold"))
        title, first = f"motion along {name} over time", not charts
        shown = lines if first else [Line("", line.values, line.style) for line in lines]
        charts.append(
            line_chart(shown, x, x_label=label, y_label=f"{axis} ({unit})", marks=marks, title=title, height=150)
        )
    return charts or [element("p", "No motion was found along any axis.")]


def _sizes(quality: xr.Dataset, um: bool) -> Html:
    suffix, unit = ("_um", "µm") if um else ("", "voxel")
    drift, jitter = (quality[name + suffix].transpose("frame", "axis").values for name in ("drift", "jitter"))
    along = []
    for i, axis in enumerate("zyx"):
        known = drift[:, i][np.isfinite(drift[:, i])]
        quick = jitter[:, i][np.isfinite(jitter[:, i])]
        if len(known) and np.abs(known).max() + np.abs(quick).max() > 0:
            along.append(
                f"{axis}: drift over {np.ptp(known):.2f} {unit}, jitter {np.sqrt(np.mean(quick**2)):.2f} {unit}"
            )
    return element("p", "In all, " + "; ".join(along) + " (root mean square).", class_="dim") if along else Html("")
