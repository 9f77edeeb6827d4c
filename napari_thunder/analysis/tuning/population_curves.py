"""Tuning curves of many voxels together, for a plot beside the maps."""

from __future__ import annotations

import numpy as np
import xarray as xr

from napari_thunder.analysis.tuning.angles import Places, Values

_SIGNIFICANT = 0.05
_SPACE = ("z", "y", "x")


def with_population_curves(dataset: xr.Dataset, dim: str) -> xr.Dataset:
    """A result with the mean tuning curves of its significant voxels, told apart by their largest response.

    Adds `tuning_curve` (dim, peak_at) of the voxels with p_fdr < 0.05 whose largest response is at each condition,
    `tuning_curve_sem`, the same over voxels, and `tuning_curve_voxels` (peak_at), how many they are.
    """
    response = dataset["response"].transpose(dim, *_SPACE).values
    chosen = dataset["p_fdr"].values < _SIGNIFICANT
    curves = response[:, chosen].astype(np.float64)
    curves = curves[:, np.isfinite(curves).all(axis=0)]
    peak = curves.argmax(axis=0)
    mean, error, count = _by_peak(curves, peak)
    labels = [f"peak at {value:g}" for value in dataset[dim].values]
    about = {"long_name": "mean response of significant voxels, by where it is largest", "units": "a.u."}
    return dataset.assign_coords(peak_at=labels).assign(
        tuning_curve=((dim, "peak_at"), mean, about | {"plot": "lines", "error": "tuning_curve_sem"}),
        tuning_curve_sem=(
            (dim, "peak_at"), error, {"long_name": "standard error over voxels, as if independent", "units": "a.u."}
        ),
        tuning_curve_voxels=(("peak_at",), count, {"long_name": "significant voxels with their largest response here"}),
    )  # fmt: skip


def _by_peak(curves: Values, peak: Places) -> tuple[Values, Values, Places]:
    """Mean and standard error (conditions, conditions) of curves with each peak, and how many (conditions,)."""
    n = len(curves)
    mean: Values = np.full((n, n), np.nan)
    error: Values = np.full((n, n), np.nan)
    count = np.bincount(peak, minlength=n)
    for place in np.flatnonzero(count):
        own = curves[:, peak == place]
        mean[:, place] = own.mean(axis=1)
        if count[place] > 1:
            error[:, place] = own.std(axis=1, ddof=1) / np.sqrt(count[place])
    return mean, error, count
