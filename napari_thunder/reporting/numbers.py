"""Tables of numbers: measures, planes, epochs."""

from __future__ import annotations

import numpy as np
import xarray as xr

from napari_thunder.judging.table import number, table_of
from napari_thunder.reporting.charts import Line, bar_chart
from napari_thunder.reporting.markup import Html, element, joined, table

_MOST_BARS = 60


def measures(quality: xr.Dataset) -> Html:
    """Each measure of the three movies, with what good means."""
    rows = [
        (element("strong", row.title) if row.decides else row.title, *row.texts, row.good) for row in table_of(quality)
    ]
    said = (
        "Measured side by side, inside the region that is in view in every frame: the raw movie, the raw movie sent "
        "through the same interpolator half a voxel away (control), and the registered movie. Smoothing alone improves "
        "correlation, tSNR and DVARS, so that only the gain over the control is the registration's. The verdict rests "
        "on the measures in bold, which tell where things are."
    )
    header = ("Measure", "Raw", "Control", "Registered", "Good is")
    return joined(element("h2", "Measures"), element("p", said), table(header, rows, numbers=(1, 2, 3)))


def by_plane(quality: xr.Dataset) -> Html:
    """Whether planes agree on the motion, and how alike each is to its mean."""
    agreement = quality["plane_agreement"].values
    if not np.isfinite(agreement).any():
        return Html("")
    said = (
        "The motion of each plane, estimated from it alone, is correlated with that of the others. Low values mean "
        "that a plane is too dim to be registered by itself, or that planes move differently. Planes that do not stay "
        "in view have no bar."
    )
    n = len(agreement)
    names = [str(z + 1) if n <= _MOST_BARS and (n <= 30 or z % 5 == 4) else "" for z in range(n)]
    chart = bar_chart(names, [Line("", agreement, "one")], y_label="agreement", title="agreement of planes")
    return joined(element("h2", "Plane by plane"), element("p", said), chart)


def by_epoch(quality: xr.Dataset) -> Html:
    """Each condition for itself."""
    if "epoch" not in quality.dims:
        return Html("")
    moved = quality["epoch_shift"].transpose("stage", "epoch")
    corr = quality["epoch_corr"].transpose("stage", "epoch").sel(stage="registered").values
    raw, registered = (moved.sel(stage=stage).values for stage in ("raw", "registered"))
    rows = []
    for i, name in enumerate(quality["epoch"].values):
        word = str(quality["epoch_word"].values[i])
        rows.append(
            (
                str(name),
                str(int(quality["epoch_frames"].values[i])),
                str(int(quality["epoch_outliers"].values[i])),
                _length(float(quality["epoch_jitter"].values[i])),
                number(float(corr[i])),
                _length(float(raw[i])),
                _length(float(registered[i])),
                element("b", word, class_=word) if word else "too few frames",
            )
        )
    said = (
        "The mean of each condition is laid over the mean of all other frames. A registration that fails when the "
        "animal moves shows here, and would pass for activity in any analysis that compares conditions."
    )
    header = (
        "Epoch", "Frames", "Outliers", "Jitter (voxel)", "Frame correlation", "Shift, raw (voxel)",
        "Shift, registered (voxel)", "Verdict",
    )  # fmt: skip
    return joined(
        element("h2", "Condition by condition"),
        element("p", said),
        table(header, rows, numbers=tuple(range(1, 7)), style="names"),
    )


def _length(value: float) -> str:
    """In voxels, to a hundredth: finer is noise."""
    return f"{value:.2f}" if np.isfinite(value) else "–"
