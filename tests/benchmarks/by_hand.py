"""What a scientist would write in numpy or scikit-learn for a movie in memory: (t, voxels), uint16, two threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy import sparse, special, stats
from threadpoolctl import threadpool_limits

Movie = np.ndarray[Any, np.dtype[Any]]
Maps = dict[str, Any]

_WIDTH = 512


def over_slabs(movie: Movie, function: Callable[[Movie], Maps]) -> Maps:
    """Maps (…, voxels) float32 of a function of float64 series (t, voxels), slab by slab."""
    n_voxels = movie.shape[1]
    with np.errstate(all="ignore"):
        shapes = {name: values.shape[:-1] for name, values in function(movie[:, :2].astype(np.float64)).items()}
    maps = {name: np.empty((*shape, n_voxels), np.float32) for name, shape in shapes.items()}

    def slab(start: int) -> None:
        span = slice(start, start + _WIDTH)
        with np.errstate(all="ignore"):
            found = function(movie[:, span].astype(np.float64))
        for name, values in found.items():
            maps[name][..., span] = values

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(2) as pool:
        list(pool.map(slab, range(0, n_voxels, _WIDTH)))
    return adjusted(maps)


def adjusted(maps: Maps) -> Maps:
    """With p adjusted for all voxels, row by row, where there is one."""
    if "p" in maps:
        rows = np.nan_to_num(maps["p"].reshape(-1, maps["p"].shape[-1]), nan=1.0)
        maps["p_fdr"] = np.stack([stats.false_discovery_control(row) for row in rows])
    return maps


def regression(movie: Movie, design: Movie) -> Maps:
    """By QR, with t, p and R²."""
    centred = design - design.mean(0)
    q, r = np.linalg.qr(centred)
    inverse = np.linalg.inv(r)
    spread = np.sqrt((inverse**2).sum(1))
    dof = len(movie) - design.shape[1] - 1

    def fit(y: Movie) -> Maps:
        y -= y.mean(0)
        total = np.einsum("tv,tv->v", y, y)
        projected = q.T @ y
        residual = total - (projected**2).sum(0)
        beta = inverse @ projected
        t = beta / (spread[:, None] * np.sqrt(residual / dof))
        return {"beta": beta, "t": t, "p": 2 * special.stdtr(dof, -np.abs(t)), "r_squared": 1 - residual / total}

    return over_slabs(movie, fit)


def correlation(movie: Movie, signal: Movie) -> Maps:
    """Pearson's r and its p, with as many frames as are independent (Bartlett)."""
    s = signal - signal.mean()
    s /= np.linalg.norm(s)
    memory = s[1:] @ s[:-1]

    def correlate(y: Movie) -> Maps:
        y -= y.mean(0)
        total = np.einsum("tv,tv->v", y, y)
        r = s @ y / np.sqrt(total)
        both = memory * np.einsum("tv,tv->v", y[1:], y[:-1]) / total
        dof = np.maximum(len(y) * (1 - both) / (1 + both) - 2, 1)
        return {"r": r, "p": 2 * special.stdtr(dof, -np.abs(r) * np.sqrt(dof / (1 - r**2)))}

    return over_slabs(movie, correlate)


def summary(movie: Movie) -> Maps:
    """Mean, standard deviation, largest and smallest value."""
    return over_slabs(movie, lambda y: {"mean": y.mean(0), "std": y.std(0), "maximum": y.max(0), "minimum": y.min(0)})


def fourier(movie: Movie) -> Maps:
    """Amplitude, coherence and phase at one frequency."""

    def at(y: Movie) -> Maps:
        y -= y.mean(0)
        spectrum = np.fft.rfft(y, axis=0)
        size = np.abs(spectrum)
        return {
            "amplitude": 2 * size[12] / len(y),
            "coherence": size[12] / np.sqrt((size[1:] ** 2).sum(0)),
            "phase": np.angle(spectrum[12]),
        }

    return over_slabs(movie, at)


def event_average(movie: Movie, starts: Movie, condition: Movie) -> Maps:
    """Mean and standard error of the response by condition: four frames after the start minus four before."""
    rows = [np.r_[np.arange(s, s + 4), np.arange(s - 4, s)] for s in starts]
    weights = sparse.csr_array(
        (np.tile(np.r_[np.full(4, 0.25), np.full(4, -0.25)], len(starts)),
         (np.repeat(np.arange(len(starts)), 8), np.concatenate(rows))), shape=(len(starts), len(movie)),
    )  # fmt: skip
    groups = [np.flatnonzero(condition == c) for c in np.unique(condition)]

    def average(y: Movie) -> Maps:
        trials = weights @ y
        mean = np.stack([trials[g].mean(0) for g in groups])
        sem = np.stack([trials[g].std(0, ddof=1) / np.sqrt(len(g)) for g in groups])
        t = mean / sem
        p = np.stack([2 * special.stdtr(len(g) - 1, -np.abs(one)) for g, one in zip(groups, t, strict=True)])
        return {"response": mean, "sem": sem, "t": t, "p": p}

    return over_slabs(movie, average)


def direction_tuning(movie: Movie, starts: Movie, degrees: Movie, design: Movie) -> Maps:
    """Vector sum of the mean responses, and the F-test of a design's harmonics."""
    directions = np.unique(degrees)
    angle = np.exp(1j * np.deg2rad(directions))
    basis, _ = np.linalg.qr(design - design.mean(0))
    dof = len(movie) - 1 - basis.shape[1]
    averages = np.zeros((len(directions), len(movie)))
    for start, degree in zip(starts, degrees, strict=True):
        row = int(np.flatnonzero(directions == degree)[0])
        share = 0.25 / (degrees == degree).sum()
        averages[row, start : start + 4] += share
        averages[row, start - 4 : start] -= share
    weights = sparse.csr_array(averages)

    def tune(y: Movie) -> Maps:
        y -= y.mean(0)
        response = weights @ y
        positive = np.maximum(response, 0)
        vector = angle @ positive
        total = np.einsum("tv,tv->v", y, y)
        explained = np.square(basis.T @ y).sum(0)
        f = explained / basis.shape[1] / ((total - explained) / dof)
        return {
            "response": response,
            "preferred": np.mod(np.rad2deg(np.angle(vector)), 360),
            "selectivity": np.abs(vector) / positive.sum(0),
            "p": special.fdtrc(basis.shape[1], dof, f),
        }

    return over_slabs(movie, tune)


def standardised(movie: Movie) -> Movie:
    """(voxels, t) float32, mean 0 and sd 1."""
    y = movie.T.astype(np.float32)
    y -= y.mean(1, keepdims=True)
    y /= y.std(1, keepdims=True)
    return y


def pca(movie: Movie, n_components: int) -> Maps:
    """scikit-learn's, as it chooses to do it."""
    from sklearn.decomposition import PCA

    fitted = PCA(n_components, random_state=0).fit(movie.astype(np.float32))
    return {"components": fitted.components_, "ratio": fitted.explained_variance_ratio_}


def kmeans(movie: Movie, n_clusters: int) -> Maps:
    """scikit-learn's, of standardised series, from one start: ten would take minutes."""
    from sklearn.cluster import KMeans

    fitted = KMeans(n_clusters, n_init=1, random_state=0).fit(standardised(movie))
    return {"label": fitted.labels_, "inertia": fitted.inertia_}


def ica(movie: Movie, n_components: int) -> Maps:
    """scikit-learn's FastICA of the maps (spatial), whitened by its PCA."""
    from sklearn.decomposition import FastICA

    fitted = FastICA(n_components, whiten="unit-variance", random_state=0, max_iter=200, tol=1e-4)
    return {"components": fitted.fit_transform(movie.T.astype(np.float32)).T}


def nmf(movie: Movie, n_components: int) -> Maps:
    """scikit-learn's, of series from which each voxel's least value is taken."""
    from sklearn.decomposition import NMF

    y = movie.T.astype(np.float32)
    y -= y.min(1, keepdims=True)
    fitted = NMF(n_components, init="nndsvda", max_iter=200, tol=1e-4)
    return {"components": fitted.fit_transform(y).T, "error": fitted.reconstruction_err_}
