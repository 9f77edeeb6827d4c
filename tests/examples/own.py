"""Maps of a result as the input of another analysis."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

import napari_thunder as nt
from tests.examples import Case


def _fitted() -> tuple[xr.Dataset, Any]:
    """Three maps in which voxels are of four kinds, some of them NaN; and what scikit-learn gets of them."""
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 4, (2, 20, 30))
    maps = rng.normal(size=(4, 3))[kind] * [5.0, 50.0, 0.5] + rng.normal(size=(2, 20, 30, 3)) * [0.1, 1.0, 0.01]
    maps[0, 0, :5] = np.nan
    maps = maps.astype(np.float32)
    provenance = {"analysis": "regression", "recording": {"voxel_size": None}}
    result = xr.Dataset({name: (("z", "y", "x"), maps[..., i]) for i, name in enumerate(("beta", "t", "r2"))})
    points = maps.reshape(-1, 3).astype(np.float64)
    return result.assign_attrs(provenance=json.dumps(provenance)), points[np.isfinite(points).all(axis=1)]


def _against_clusters() -> float:
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    result, points = _fitted()
    chained = nt.maps_as_recording(result, "beta,t,r2", standardize=True)
    labels = nt.run(nt.KMeans(4, distance="euclidean"), chained)["label"].values.ravel()
    scaled = StandardScaler().fit_transform(points)
    found = labels[np.isfinite(labels)]
    centres = np.stack([scaled[found == k].mean(axis=0) for k in np.unique(found)])
    oracle = KMeans(4, n_init=10, random_state=0).fit(scaled).cluster_centers_
    distance = np.abs(centres[:, None] - oracle[None]).max(axis=-1)
    return float(distance.min(axis=1).max())


def _against_components() -> float:
    from sklearn.decomposition import PCA

    result, points = _fitted()
    found = nt.run(nt.PCA(2), nt.maps_as_recording(result, "beta,t,r2"))["singular_values"].values
    oracle = PCA(2).fit(points.T).singular_values_
    return float(np.abs(found / oracle - 1).max())


CASES = [
    Case("k_means", "sklearn.cluster.KMeans", "three standardized maps of a result, stacked", _against_clusters, 1e-6),
    Case("pca", "sklearn.decomposition.PCA", "three maps of a result, stacked", _against_components, 1e-6),
]
