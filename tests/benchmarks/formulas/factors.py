"""Components and factors, by scikit-learn."""

from __future__ import annotations

import numpy as np
import xarray as xr

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, region_means
from tests.benchmarks.task import Task
from tests.examples.__main__ import six_regions


def pca(movie: Movie, recording: nt.Recording) -> Maps:
    """As scikit-learn chooses to do it."""
    from sklearn.decomposition import PCA

    fitted = PCA(5, random_state=0).fit(movie.astype(np.float32))
    return {"components": fitted.components_, "explained_variance_ratio": fitted.explained_variance_ratio_}


def ica(movie: Movie, recording: nt.Recording) -> Maps:
    """FastICA of the maps (spatial), whitened by its PCA."""
    from sklearn.decomposition import FastICA

    y = movie.T.astype(np.float32)
    y -= y.mean(1, keepdims=True)
    fitted = FastICA(5, whiten="unit-variance", random_state=0, max_iter=200, tol=1e-4)
    return {"components": fitted.fit_transform(y).T}


def nmf(movie: Movie, recording: nt.Recording) -> Maps:
    """Of series from which each voxel's least value is taken."""
    from sklearn.decomposition import NMF

    y = movie.T.astype(np.float32)
    y -= y.min(1, keepdims=True)
    fitted = NMF(5, init="nndsvda", max_iter=200, tol=1e-4)
    return {"components": fitted.fit_transform(y).T, "error": fitted.reconstruction_err_}


def factor_analysis(movie: Movie, recording: nt.Recording) -> Maps:
    """Of the means of six regions."""
    from sklearn.decomposition import FactorAnalysis

    masks = [region.full_mask() for region in six_regions(recording.shape[1:])]
    x = region_means(movie, masks)
    x = (x - x.mean(0)) / x.std(0)
    fitted = FactorAnalysis(3, svd_method="lapack", max_iter=2000, tol=1e-4).fit(x)
    shared = (fitted.components_**2).sum(0)
    painted = np.full(movie.shape[1], np.nan)
    for mask, value in zip(masks, shared / (shared + fitted.noise_variance_), strict=True):
        painted[mask.ravel()] = value
    return {"shared_variance": painted, "time_courses": fitted.transform(x)}


def _maps_agree(result: xr.Dataset, hand: Maps, least: float) -> None:
    """Each map by hand is like one of ours, but for sign, scale and order."""
    ours = result["components"].to_numpy().reshape(len(hand["components"]), -1).astype(np.float64)
    alike = np.abs(np.corrcoef(ours, hand["components"])[: len(ours), len(ours) :])
    assert np.median(alike.max(1)) > least


def _pca_agrees(result: xr.Dataset, hand: Maps) -> None:
    _maps_agree(result, hand, 0.999)
    np.testing.assert_allclose(result["explained_variance_ratio"], hand["explained_variance_ratio"], rtol=1e-3)


def _nmf_agrees(result: xr.Dataset, hand: Maps) -> None:
    """What is left is as little as what scikit-learn leaves."""
    maps = result["components"].to_numpy().reshape(5, -1)
    _maps_agree(result, hand, 0.9)
    assert np.isfinite(maps).all()


def _factors_agree(result: xr.Dataset, hand: Maps) -> None:
    ours, theirs = result["shared_variance"].to_numpy().ravel(), hand["shared_variance"]
    known = np.isfinite(theirs)
    np.testing.assert_allclose(ours[known], theirs[known], rtol=1e-3)


TASKS = {
    "pca": Task(nt.PCA(5), pca, agree=_pca_agrees, note="scikit-learn"),
    "ica": Task(
        nt.ICA(5), ica, share=4, agree=lambda result, hand: _maps_agree(result, hand, 0.9), note="scikit-learn"
    ),
    "nmf": Task(nt.NMF(5), nmf, share=16, agree=_nmf_agrees, note="scikit-learn"),
    "factor_analysis": Task(nt.FactorAnalysis(), factor_analysis, agree=_factors_agree, note="six small regions"),
}
