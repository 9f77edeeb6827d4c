"""Tuning curves of many voxels together, for a plot beside the maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_thunder.analysis.protocol import Role
from napari_thunder.analysis.tuning.angles import Places, Values

if TYPE_CHECKING:
    import xarray as xr

_SIGNIFICANT = 0.05
_SPACE = ("z", "y", "x")


def with_population_curves(dataset: xr.Dataset, dim: str) -> xr.Dataset:
    """A result with the mean tuning curves of its significant voxels, told apart by their largest response.

    Adds `peak` (z, y, x), the number from 1 of the condition with the largest response of voxels with p_fdr < 0.05;
    `tuning_curve` (dim, peak_at), the mean curve of the voxels with each peak; `tuning_curve_sem`, its error over them;
    and `tuning_curve_voxels` (peak_at), how many they are.
    """
    response = dataset["response"].transpose(dim, *_SPACE).values
    chosen = (dataset["p_fdr"].values < _SIGNIFICANT) & np.isfinite(response).all(axis=0)
    curves = response[:, chosen].astype(np.float64)
    place = curves.argmax(axis=0)
    peak = np.full(chosen.shape, np.nan, np.float32)
    peak[chosen] = place + 1
    mean, error, count = _by_peak(curves, place)
    values = [f"{value:g}" for value in dataset[dim].values]
    about = {"long_name": "mean response by peak", "units": "a.u.", "plot": "lines", "voxels_by": "peak"}
    numbered = {"long_name": f"{dim} of the largest response", "role": str(Role.LABEL), "names": values}
    return dataset.assign_coords(peak_at=[f"peak at {value}" for value in values]).assign(
        peak=(_SPACE, peak, numbered),
        tuning_curve=((dim, "peak_at"), mean, about | {"error": "tuning_curve_sem"}),
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
