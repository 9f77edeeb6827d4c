"""How well tuning is found in a simulated zebrafish, and how many of the voxels found are not tuned.

`python -m tests.truth tuning` prints the figures.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

import napari_thunder as nt
from napari_thunder.analysis.statistics import adjust_p

Flags = NDArray[np.bool_]

_CHAIN = ("detrend", "delta_f_over_f percentile=20")
_WEAK, _STRONG = 0.15, 1.0
"""Activity of cells, beside that of real ones."""

_TESTS = {
    "F over frames": ("frames", "p"),
    "F over frames, indicator known": ("indicator", "p"),
    "analysis of variance over trials": ("trials", "p"),
    "permutation of trials": ("trials", "p_permutation"),
    "Hotelling's T² over repeats": ("trials", "p_hotelling"),
}


@cache
def _fish(activity: float) -> tuple[Any, xr.Dataset]:
    """Six trials of each of eight directions, 26 880 voxels."""
    recording = nt.simulate(shape=(768, 6, 56, 80), seed=1, n_directions=8, activity=activity)
    return recording, nt.ground_truth(recording)


@cache
def _found(analysis: Any, activity: float) -> xr.Dataset:
    return nt.run(analysis, _fish(activity)[0], preprocess=_CHAIN)


def _of(test: str) -> Any:
    if test == "trials":
        return nt.TuningReliability(n_permutations=2000, n_bootstrap=0, hotelling=True)
    return nt.DirectionTuning(kernel="GCaMP6s" if test == "indicator" else None)


def direction_error(analysis: Any, activity: float) -> dict[str, float]:
    """Degrees between preferred and true direction, over the voxels of tuned cells with p (FDR) < 0.05."""
    truth, found = _fish(activity)[1], _found(analysis, activity)
    off = found["preferred_direction"].values - truth["preferred_direction"].values
    off = np.abs((off + 180) % 360 - 180)[found["p_fdr"].values < 0.05]
    off = off[np.isfinite(off)]
    return {"median (°)": float(np.median(off)), "95 % below (°)": float(np.quantile(off, 0.95)), "voxels": len(off)}


def detection(activity: float) -> dict[str, float]:
    """Share of the voxels of tuned cells that are found at a false discovery rate of 5 %, and of false ones in all."""
    truth = _fish(activity)[1]
    brain, tuned = truth["brain"].values, np.isfinite(truth["preferred_direction"].values)
    null = brain & (truth["tuning_amplitude"].values == 0)
    numbers = {}
    for test, (kind, name) in _TESTS.items():
        p = _found(_of(kind), activity)[name].values
        significant = adjust_p(np.where(tuned | null, p, np.nan)) < 0.05
        numbers |= _shares(test, significant, tuned, null)
    return numbers


def _shares(test: str, significant: Flags, tuned: Flags, null: Flags) -> dict[str, float]:
    false = significant & null
    return {
        f"{test}: sensitivity": float(significant[tuned].mean()),
        f"{test}: realised false discoveries": float(false.sum() / max(1, significant.sum())),
    }


def interval_coverage() -> dict[str, float]:
    """Share of tuned voxels whose 95 % bootstrap interval holds the true direction, and its median width."""
    truth, found = _fish(_STRONG)[1], _found(nt.TuningReliability(n_permutations=0), _STRONG)
    chosen = (found["p_fdr"].values < 0.05) & np.isfinite(truth["preferred_direction"].values)
    from_low = (truth["preferred_direction"].values - found["ci_low"].values) % 360
    inside = from_low <= found["ci_width"].values
    return {
        "holds the truth": float(inside[chosen].mean()),
        "median width (°)": float(np.median(found["ci_width"].values[chosen])),
    }


FIGURES = {
    "preferred direction by the vector sum": lambda: direction_error(nt.DirectionTuning(), _STRONG),
    "preferred direction by a von Mises fit": lambda: direction_error(nt.VonMisesTuning(cross_validate=False), _STRONG),
    "preferred direction by the vector sum, weak activity": lambda: direction_error(nt.DirectionTuning(), _WEAK),
    "bootstrap interval": interval_coverage,
    "tuned voxels at 5 % FDR": lambda: detection(_STRONG),
    "tuned voxels at 5 % FDR, weak activity": lambda: detection(_WEAK),
}  # fmt: skip
