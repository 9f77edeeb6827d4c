"""How well factors and trajectories find what a recording was made of."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment
from scipy.signal import lfilter

import napari_thunder as nt
from napari_thunder.analysis.population.jpca import JPCA
from tests.analysis.runner import dataset
from tests.examples.trajectories import turning

Values = NDArray[np.float64]

_CHAIN = ("detrend", "delta_f_over_f percentile=20")
_SPACE = (8, 64, 96)
_SETS = 30


@cache
def _planted() -> tuple[nt.Recording, Values, Values]:
    """A recording of five overlapping groups of cells with calcium transients of their own: courses and maps."""
    rng = np.random.default_rng(1)
    fired = rng.random((500, 5)) < 0.04
    courses = lfilter([1], [1, -0.85], fired * rng.exponential(size=fired.shape), axis=0)
    maps = np.zeros((5, *_SPACE))
    for one in maps:
        one[tuple(rng.integers(0, n, 150) for n in _SPACE)] = rng.gamma(2, 30, 150)
    maps = np.stack([gaussian_filter(one, (0.7, 1.5, 1.5)) for one in maps])
    movie = 200 + np.tensordot(courses, maps, 1) + 4 * rng.normal(size=(500, *_SPACE))
    return nt.Recording.from_array(movie.astype(np.float32), frame_rate=2.0), courses, maps.reshape(5, -1)


def _matched(found: Values, truth: Values) -> Values:
    """abs(correlation) of signals (k, n) with what was found, each used once."""
    size = np.abs(np.corrcoef(found, truth)[: len(found), len(found) :])
    return size[linear_sum_assignment(-size)]


def _recovery(analysis: nt.PCA | nt.ICA | nt.NMF) -> dict[str, float]:
    recording, courses, maps = _planted()
    found = nt.run(analysis, recording)
    of_maps = _matched(found["components"].values.reshape(analysis.n_components, -1).astype(np.float64), maps)
    of_courses = _matched(found["time_courses"].values.T, courses.T)
    return {
        "maps, median abs(r) with the true ones": float(np.median(of_maps)),
        "maps, least": float(of_maps.min()),
        "time courses, median abs(r)": float(np.median(of_courses)),
        "time courses, least": float(of_courses.min()),
    }


@cache
def _fish() -> tuple[nt.Recording, xr.Dataset]:
    recording = nt.simulate(shape=(600, 6, 64, 96), seed=3)
    return recording, nt.ground_truth(recording)


def _explained(truth: Values, maps: Values, where: NDArray[np.bool_]) -> float:
    """Share of the variance of a true map over some voxels that several maps span."""
    design = np.column_stack([maps[:, where].T, np.ones(where.sum())])
    wanted = truth[where]
    left = wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
    return float(1 - left.var() / wanted.var())


def _tuning_in(analysis: nt.PCA | nt.ICA | nt.Trajectories, name: str) -> dict[str, float]:
    recording, truth = _fish()
    brain = truth["brain"].values
    found = nt.run(analysis, recording, preprocess=_CHAIN, mask=brain)
    maps = found[name].values.reshape(len(found[name]), -1).astype(np.float64)
    where = truth["is_cell"].values.ravel() & brain.ravel() & np.isfinite(maps).all(axis=0)
    size = truth["tuning_amplitude"].values.ravel()
    angle = np.deg2rad(np.nan_to_num(truth["preferred_direction"].values.ravel()))
    return {
        "of amplitude · cos(direction)": _explained(size * np.cos(angle), maps, where),
        "of amplitude · sin(direction)": _explained(size * np.sin(angle), maps, where),
    }


def _swimming_in_ica() -> dict[str, float]:
    recording, truth = _fish()
    found = nt.run(nt.ICA(8), recording, preprocess=_CHAIN, mask=truth["brain"].values)
    where = truth["is_cell"].values.ravel() & truth["brain"].values.ravel()
    swims = truth["swim_weight"].values.ravel()[where]
    r = [np.corrcoef(one.ravel()[where], swims)[0, 1] for one in found["components"].values]
    return {"largest abs(r) of a map with the true weights of swimming": float(np.nanmax(np.abs(r)))}


def _ring_of_directions() -> dict[str, float]:
    """Do the states of opposite directions lie opposite, those of neighbours beside each other?"""
    recording, truth = _fish()
    analysis = nt.Trajectories(by=("direction",), n_components=2, after=6.0, subtract_mean=True, smoothing=0.5)
    found = nt.run(analysis, recording, preprocess=_CHAIN, mask=truth["is_cell"].values)
    lag = found["lag"].values
    state = found["trajectory"].values[:, (lag > 1) & (lag < 5)].mean(axis=1)
    angle = np.arctan2(state[:, 1], state[:, 0])
    direction = np.deg2rad([float(name.split("=")[1]) for name in found["condition"].values])
    alike = [abs(np.mean(np.exp(1j * (angle - way * direction)))) for way in (1, -1)]
    return {"order of the 8 directions around the origin (1 is perfect)": float(max(alike))}


def _false_rotations() -> dict[str, float]:
    context, series, _ = turning()
    rng, kernel = np.random.default_rng(0), np.exp(-np.arange(30) / 6)
    made = JPCA(("kind",), n_components=4, after=7.0, surrogates=99, resamples=0)
    p, r2 = [], []
    for _ in range(_SETS):
        white = rng.normal(size=(len(series) + 29, 60))
        noise = np.stack([np.convolve(one, kernel, "valid") for one in white.T], axis=1)
        result = dataset(made, context, noise)
        p.append(result.attrs["p"])
        r2.append(result.attrs["r2_skew"])
    return {
        f"share of {_SETS} data sets of calcium noise with p ≤ 0.05": float(np.mean(np.array(p) <= 0.05)),
        "R² of the rotations in them, median": float(np.median(r2)),
    }


def _true_rotations() -> dict[str, float]:
    made = JPCA(("kind",), n_components=4, after=7.0, surrogates=99, resamples=0)
    context, series, _ = turning(noise=1.5)
    result = dataset(made, context, series)
    return {"frequency, true 0.2 Hz": float(result["frequency"].values[0]), "p": float(result.attrs["p"])}


FIGURES = {
    "Principal components of five groups of cells": lambda: _recovery(nt.PCA(5)),
    "Independent maps of five groups of cells": lambda: _recovery(nt.ICA(5)),
    "Independent time courses of five groups of cells": lambda: _recovery(nt.ICA(5, "time courses")),
    "Six non-negative factors (one takes the level) of five groups of cells": lambda: _recovery(nt.NMF(6)),
    "Share of the tuning of cells that 5 principal components span": lambda: _tuning_in(nt.PCA(5), "components"),
    "Share of the tuning of cells that 3 components of trajectories span": lambda: _tuning_in(
        nt.Trajectories(by=("direction",), after=6.0, subtract_mean=True, softening=None), "loadings"
    ),
    "Swimming among 8 independent maps": _swimming_in_ica,
    "Trajectories by direction": _ring_of_directions,
    "Rotations (jPCA) of noise without any": _false_rotations,
    "Rotations (jPCA) of a turning population": _true_rotations,
}
