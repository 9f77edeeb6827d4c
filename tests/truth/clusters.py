"""How well clusters and rasters find what a recording was made of."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import spearmanr
from sklearn.cluster import KMeans as Oracle
from sklearn.metrics import adjusted_rand_score

import napari_thunder as nt
from tests.analysis.runner import compute, make_context
from tests.examples.raster import waves

Values = NDArray[np.float64]

_CHAIN = ("detrend", "delta_f_over_f percentile=20")
_SHAPE = (300, 3, 30, 40)
_GROUPS = 8
_ANSWERS = 0.15
"""Peak ΔF/F from which a voxel of the simulated fish counts as one that answers."""


@cache
def _planted(noise: float) -> tuple[nt.Recording, NDArray[np.intp]]:
    """A recording whose voxels each follow one of eight calcium courses in noise of so many times its sd; and which."""
    rng = np.random.default_rng(2)
    fired = rng.poisson(0.05, (_SHAPE[0], _GROUPS)) * rng.exponential(size=(_SHAPE[0], _GROUPS))
    courses = lfilter([1], [1, -0.85], fired, axis=0)
    courses /= courses.std(axis=0)
    of = rng.integers(0, _GROUPS, int(np.prod(_SHAPE[1:])))
    movie = 500 + 20 * (courses[:, of] + noise * rng.normal(size=(_SHAPE[0], len(of))))
    return nt.Recording.from_array(movie.reshape(_SHAPE).astype(np.float32), frame_rate=2.0), of


def planted_clusters(noise: float) -> dict[str, float]:
    """Agreement with the truth, beside that of scikit-learn on all voxels."""
    recording, of = _planted(noise)
    movie = np.stack([recording.read_volume(t) for t in range(_SHAPE[0])])
    series = movie.reshape(_SHAPE[0], -1).astype(np.float64)
    scored = (series - series.mean(axis=0)) / series.std(axis=0)
    found = nt.run(nt.KMeans(_GROUPS, distance="standardized"), recording)
    oracle = Oracle(_GROUPS, n_init=10, random_state=0).fit(scored.T)
    tree = nt.run(nt.HierarchicalClustering(_GROUPS), recording)
    chosen = nt.run(nt.KMeans(None, compare=(6, 8, 10)), recording)
    return {
        "k-means, adjusted Rand index with the truth": adjusted_rand_score(of, found["label"].values.ravel()),
        "scikit-learn's of all voxels": adjusted_rand_score(of, oracle.labels_),
        "inertia over scikit-learn's": found.attrs["inertia"] / float(oracle.inertia_),
        "tree cut at 8, adjusted Rand index": adjusted_rand_score(of, tree["label"].values.ravel()),
        "number with the best silhouette (8 are there)": float(chosen.sizes["cluster"]),
    }


@cache
def _fish() -> tuple[nt.Recording, xr.Dataset]:
    import tempfile

    path = f"{tempfile.mkdtemp()}/fish.zarr"
    return nt.simulate(path, shape=(400, 4, 48, 72), seed=7), nt.ground_truth(path)


def clusters_of_the_fish() -> dict[str, float]:
    """Clusters of the simulated fish's voxels that answer: is it to a quarter of directions, or to swimming?"""
    recording, truth = _fish()
    tuned, swims = truth["tuning_amplitude"].values, truth["swim_weight"].values
    answers = np.maximum(tuned, swims) > _ANSWERS
    quarter = np.nan_to_num(truth["preferred_direction"].values + 45) % 360 // 90
    kind = np.where(swims > tuned, 4, quarter)[answers]
    label = nt.run(nt.KMeans(5), recording, preprocess=_CHAIN, mask=answers)["label"].values[answers]
    cell = truth["cell"].values[answers]
    same = [np.bincount(label[cell == c].astype(int)).max() / (cell == c).sum() for c in np.unique(cell[cell > 0])]
    return {
        "voxels that answer": float(answers.sum()),
        "adjusted Rand index with five kinds (directions are continuous)": adjusted_rand_score(kind, label),
        "adjusted Rand index of chance": adjusted_rand_score(np.random.default_rng(0).permutation(kind), label),
        "share of a cell's voxels that are in one cluster": float(np.mean(same)),
    }


def sequences() -> dict[str, float]:
    """Spearman's ρ of the raster's order and when each of 300 rows is active, by the noise in them."""
    context = make_context(300, frame_times=np.arange(300.0))
    found = {}
    for noise in (0.5, 1.0, 2.0):
        series, place = waves(noise=noise)
        position = compute(nt.RasterOrder(edge=1.0, n_nodes=50), context, series)["position"]
        found[f"noise of sd {noise:g}, peaks of 1 to 4"] = float(spearmanr(position, place).statistic)
    return found


FIGURES = {
    "8 planted clusters, noise 2 times the sd of the signal": lambda: planted_clusters(2.0),
    "8 planted clusters, noise 5 times the sd of the signal": lambda: planted_clusters(5.0),
    "clusters of the simulated fish": clusters_of_the_fish,
    "sequences in a raster": sequences,
}
