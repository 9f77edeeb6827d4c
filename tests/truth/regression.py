"""How far p of regressions can be trusted, and what they find.

`python -m tests.truth.regression` prints the figures that the docstring of `Regression` and its warnings quote.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import lfilter

import napari_thunder as nt
from tests.analysis.runner import compute, dataset, make_context

Values = NDArray[np.float64]

INFERENCES = ("ols", "ar1", "hac", "circular_shift")

_FRAMES, _VOXELS, _DESIGNS, _DECAY = 600, 400, 12, 10.0
_NOISES = {"white": (None, 0.0), "calcium": (0.0, 0.0), "slow rise": (3.0, 0.0), "calcium + white": (0.0, 1.0)}
"""Rise time in frames of what activity is convolved with, and sd of white noise beside it."""


def calcium_noise(rise: float | None, white: float, n_voxels: int, rng: np.random.Generator) -> Values:
    """Series (600, voxels) of spontaneous activity seen through an indicator of 10 frames of decay, and white noise."""
    if rise is None:
        return rng.normal(size=(_FRAMES, n_voxels))
    before = 200
    bursts = rng.poisson(0.05, (_FRAMES + before, n_voxels)) * rng.exponential(size=(_FRAMES + before, n_voxels))
    time = np.arange(10 * _DECAY)
    kernel = np.exp(-time / _DECAY) - (np.exp(-time / rise) if rise else 0)
    series = lfilter(kernel, [1.0], bursts, axis=0)[before:]
    noisy: Values = series + white * series.std() * rng.normal(size=series.shape)
    return noisy


def false_positive_rates(noise: str, n_designs: int = _DESIGNS, n_voxels: int = _VOXELS) -> dict[str, float]:
    """Share of voxels without any answer that have p < 0.05, by inference, over designs of 12 events at random."""
    found: dict[str, list[float]] = {name: [] for name in INFERENCES}
    for seed in range(n_designs):
        rng = np.random.default_rng(seed)
        series = calcium_noise(*_NOISES[noise], n_voxels, rng)
        start = 20 + np.sort(rng.choice(540, 12, replace=False)).astype(float)
        events = pd.DataFrame({"start_time": start, "stop_time": start + 10})
        context = make_context(_FRAMES, frame_times=np.arange(_FRAMES) * 1.0, events=events)
        for name in INFERENCES:
            analysis = nt.Regression(events_by=(), decay=_DECAY, inference=name, family_wise=False)
            found[name].append(float((compute(analysis, context, series)["p"] < 0.05).mean()))
    return {name: float(np.mean(rates)) for name, rates in found.items()}


def all_false_positives() -> dict[str, float]:
    """For each kind of noise and inference."""
    return {
        f"{noise}: {inference}": rate for noise in _NOISES for inference, rate in false_positive_rates(noise).items()
    }


def family_wise_errors() -> dict[str, float]:
    """Share of 100 recordings of calcium noise without any answer in which a voxel of 50 has p_fwer < 0.05."""
    wrong = 0
    for seed in range(100):
        rng = np.random.default_rng(1000 + seed)
        series = calcium_noise(0.0, 0.3, 50, rng)
        start = 20 + np.sort(rng.choice(540, 12, replace=False)).astype(float)
        events = pd.DataFrame({"start_time": start, "stop_time": start + 10})
        context = make_context(_FRAMES, frame_times=np.arange(_FRAMES) * 1.0, events=events)
        analysis = nt.Regression(events_by=(), decay=_DECAY, inference="circular_shift", n_shifts=200)
        wrong += bool((compute(analysis, context, series)["p_fwer"] < 0.05).any())
    return {"recordings with a false voxel": wrong / 100}


def false_clusters() -> dict[str, float]:
    """Share of 60 recordings of calcium noise, smooth over 16 × 16 voxels, in which a cluster has p_cluster < 0.05."""
    wrong = 0
    for seed in range(60):
        rng = np.random.default_rng(2000 + seed)
        noise = calcium_noise(0.0, 0.3, 256, rng).reshape(_FRAMES, 1, 16, 16)
        series = gaussian_filter(noise, (0, 0, 1.2, 1.2)).reshape(_FRAMES, -1)
        start = 20 + np.sort(rng.choice(540, 12, replace=False)).astype(float)
        context = make_context(
            _FRAMES, frame_times=np.arange(_FRAMES) * 1.0, voxel_size=(1.0, 1.0, 1.0),
            events=pd.DataFrame({"start_time": start, "stop_time": start + 10}),
        )  # fmt: skip
        analysis = nt.Regression(
            events_by=(), decay=_DECAY, inference="circular_shift", n_shifts=200, family_wise=False, cluster_p=0.02
        )
        wrong += bool((dataset(analysis, context, series, (1, 16, 16))["p_cluster"] < 0.05).any())
    return {"recordings with a false cluster": wrong / 60}


def detection() -> dict[str, float]:
    """On the simulated fish: share of swim cells' voxels found at an adjusted p of 0.05, and of the found ones that
    belong to no swim cell."""
    fish = nt.simulate(shape=(600, 8, 64, 96), seed=3)
    truth = nt.ground_truth(fish)
    swims = truth["swim_weight"].to_numpy() != 0
    brain = truth["brain"].to_numpy().astype(bool)
    found: dict[str, float] = {}
    for name in INFERENCES:
        analysis = nt.Regression(
            events_by=("direction",), signals=("swim",), kernel="GCaMP6s", inference=name, family_wise=False,
            drift_order=3,
        )  # fmt: skip
        result = nt.run(analysis, fish, mask=brain)
        called = result["p_fdr"].sel(regressor="swim").to_numpy() <= 0.05
        called &= result["beta"].sel(regressor="swim").to_numpy() > 0
        found[f"{name}: sensitivity"] = float(called[brain & swims].mean())
        found[f"{name}: false among the found"] = float((called & ~swims).sum() / max(called.sum(), 1))
    return found


FIGURES = {
    "share of voxels without any answer that have p < 0.05": all_false_positives,
    "false voxels over the brain by the largest statistic (p_fwer < 0.05)": family_wise_errors,
    "false clusters over the brain by the largest one (p_cluster < 0.05)": false_clusters,
    "swim cells at an adjusted p of 0.05": detection,
}


if __name__ == "__main__":
    for title, figure in FIGURES.items():
        print(title)
        for name, value in figure().items():
            print(f"    {name:<40}{value:.3f}")
