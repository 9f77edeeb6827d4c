"""Correlation with signals, regions, neighbours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import ndimage, special
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Values, adjusted, over_slabs, region_means, swim
from tests.benchmarks.task import Task
from tests.examples.__main__ import six_regions


def correlation(movie: Movie, recording: nt.Recording) -> Maps:
    """Pearson's r with a signal, and p."""
    s = _unit(swim(recording))

    def of(y: Values) -> Maps:
        r, n = _r_and_frames(s, y)
        return {"r": r, "p": _p(r, n)}

    return over_slabs(movie, of)


def seed_correlation(movie: Movie, recording: nt.Recording) -> Maps:
    """The same with the mean of a region; voxels within 10 µm of it left out."""
    inside = six_regions(recording.shape[1:])[0].full_mask()
    s = _unit(region_means(movie, [inside])[:, 0])

    def of(y: Values) -> Maps:
        r, n = _r_and_frames(s, y)
        return {"r": r, "p": _p(r, n), "z_score": np.arctanh(r) * np.sqrt(np.maximum(n - 3, 1))}

    maps = over_slabs(movie, of)
    near = ndimage.distance_transform_edt(~inside, sampling=recording.voxel_size) <= 10
    for values in maps.values():
        values[near.ravel()] = np.nan
    return adjusted(maps)


def _unit(signal: Values) -> Values:
    s = signal - signal.mean()
    return np.asarray(s / np.linalg.norm(s))


def _r_and_frames(s: Values, y: Values) -> tuple[Values, Values]:
    """r, and as many frames as are independent (Bartlett)."""
    y -= y.mean(0)
    total = (y * y).sum(0)
    both = (s[1:] @ s[:-1]) * (y[1:] * y[:-1]).sum(0) / total
    return s @ y / np.sqrt(total), len(y) * (1 - both) / (1 + both)


def _p(r: Values, n: Values) -> Values:
    dof = np.maximum(n - 2, 1)
    return np.asarray(2 * special.stdtr(dof, -np.abs(r) * np.sqrt(dof / (1 - r**2))))


def correlation_matrix(movie: Movie, recording: nt.Recording) -> Maps:
    """r of the means of regions, in the order of a tree."""
    series = region_means(movie, [region.full_mask() for region in six_regions(recording.shape[1:])])
    r = np.corrcoef(series.T)
    apart = squareform(np.clip(1 - r, 0, 2), checks=False)
    order = leaves_list(optimal_leaf_ordering(linkage(apart, "average"), apart))
    return {"r": r[np.ix_(order, order)], "mean_series": series[:, order]}


def local_correlation(movie: Movie, recording: nt.Recording) -> Maps:
    """Mean correlation with the eight neighbours in the plane."""
    planes = movie.reshape(recording.shape)
    found = np.empty(recording.shape[1:])

    def of(z: int) -> None:
        u = planes[:, z].astype(np.float64)
        u -= u.mean(0)
        u /= np.sqrt((u * u).sum(0))
        total, count = np.zeros(u.shape[1:]), np.zeros(u.shape[1:])
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
            here = (slice(0, u.shape[1] - dy), slice(max(0, -dx), u.shape[2] - max(0, dx)))
            there = (slice(dy, None), slice(max(0, dx), u.shape[2] + min(0, dx)))
            r = np.einsum("tyx,tyx->yx", u[:, *here], u[:, *there])
            for place in (here, there):
                total[place] += r
                count[place] += 1
        found[z] = total / count

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(of, range(planes.shape[1])))
    return {"local_correlation": found}


TASKS = {
    "correlation": Task(nt.Correlation(signals=("swim",)), correlation),
    "seed_correlation": Task(nt.SeedCorrelation(), seed_correlation),
    "correlation_matrix": Task(nt.CorrelationMatrix(), correlation_matrix, note="of six small regions"),
    "local_correlation": Task(nt.LocalCorrelation(), local_correlation, neighbours=True),
}
