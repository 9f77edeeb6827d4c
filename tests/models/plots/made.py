"""Results made by hand, with one curve of each kind, and maps that the rows of some belong to."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.cluster.hierarchy import linkage

SPACE = (3, 24, 32)
N_CLUSTERS = 4
N_FRAMES = 60


def clusters() -> xr.Dataset:
    """As of k-means: labels, centres, shares, a tree of the centres."""
    rng = np.random.default_rng(3)
    labels = rng.integers(1, N_CLUSTERS + 1, SPACE).astype(np.float32)
    labels[0, 0] = np.nan
    centres = np.cumsum(rng.normal(size=(N_FRAMES, N_CLUSTERS)), axis=0)
    by = {"voxels_by": "label"}
    curves = {
        "centres": (("frame", "cluster"), centres, {"plot": "lines", "long_name": "centre", **by}),
        "n_voxels": (("cluster",), np.bincount(labels[labels > 0].astype(int))[1:], {"plot": "bars", **by}),
        "linkage": (("merge", "column"), linkage(centres.T, "average"), {"plot": "tree", **by}),
    }
    return _result(curves, {"label": (labels, "label")}, {"palette": ["#e69f00", "#56b4e9", "#009e73", "#f0e442"]})


def raster(n_rows: int = 30) -> xr.Dataset:
    """As of an ordering: one row for each group of voxels."""
    rng = np.random.default_rng(4)
    rows = np.repeat(np.arange(1, n_rows + 1), -(-np.prod(SPACE) // n_rows))[: np.prod(SPACE)].reshape(SPACE)
    shown = rng.normal(size=(n_rows, N_FRAMES)) + np.sin(np.arange(N_FRAMES) / 4 + np.arange(n_rows)[:, None] / 5)
    curves = {"raster": (("row", "frame"), shown, {"plot": "raster", "scale": "signed", "voxels_by": "row_of"})}
    return _result(curves, {"row_of": (rows.astype(np.float32), "label")})


def population() -> xr.Dataset:
    """As of population analyses: trajectories, points, correlations of regions, accuracies with chance."""
    rng = np.random.default_rng(5)
    time = np.arange(20)
    turn = time / 3 + np.arange(4)[:, None]
    paths = np.stack([np.cos(turn), np.sin(turn), np.broadcast_to(time / 10, turn.shape)], axis=-1)
    names = ["tectum", "hindbrain", "cerebellum"]
    found = np.corrcoef(rng.normal(size=(3, 50)))
    curves = {
        "trajectories": (("condition", "lag", "component"), paths, {"plot": "trajectory"}),
        "embedding": (("unit", "axis"), rng.normal(size=(40, 2)), {"plot": "points", "voxels_by": "unit_of"}),
        "correlation": (("region", "other"), found, {"plot": "matrix", "scale": "signed", "long_name": "correlation"}),
        "accuracy": (("condition",), rng.uniform(0.2, 0.9, 4), {"plot": "bars", "chance": 0.25, "error": "spread"}),
        "spread": (("condition",), np.full(4, 0.05), {}),
        "design": (("frame", "regressor"), rng.uniform(size=(N_FRAMES, 3)), {"plot": "matrix"}),
        "n_trials": ((), np.array(7), {}),
    }
    coords = {
        "condition": [f"direction={d}" for d in (0, 90, 180, 270)],
        "lag": ("lag", time * 0.5, {"units": "s"}),
        "region": names,
        "other": names,
    }
    units = rng.integers(1, 41, SPACE).astype(np.float32)
    return _result(curves, {"unit_of": (units, "label")}, coords=coords)


def components() -> xr.Dataset:
    """As of PCA: two maps of one kind, and no word of how its curves are drawn."""
    rng = np.random.default_rng(6)
    curves = {
        "time_courses": (("frame", "component"), rng.normal(size=(N_FRAMES, 2)), {"long_name": "time course"}),
        "explained_variance_ratio": (("component",), np.array([0.6, 0.2]), {"plot": "bars"}),
    }
    made = _result(curves, {}, coords={"component": ["component 1", "component 2"]})
    maps = rng.normal(size=(2, *SPACE)).astype(np.float32)
    maps[:, 2, 5] = np.nan
    made["components"] = (("component", "z", "y", "x"), maps, {"role": "factor", "long_name": "component"})
    return made


def _result(curves, maps, attrs=None, coords=None) -> xr.Dataset:
    frames = {"frame": np.arange(N_FRAMES), "time": ("frame", np.arange(N_FRAMES) * 0.5, {"units": "s"})}
    space = {axis: (axis, np.arange(n) * 2.0, {"units": "um"}) for axis, n in zip("zyx", SPACE, strict=True)}
    made = xr.Dataset(coords={**space, **frames, **(coords or {})}, attrs={"analysis": "by_hand", **(attrs or {})})
    for name, (values, role) in maps.items():
        made[name] = (("z", "y", "x"), values, {"role": role, "long_name": name})
    for name, curve in curves.items():
        made[name] = curve
    return made
