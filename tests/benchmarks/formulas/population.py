"""The states of a population, and rows in order."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import sparse
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.linalg import solve_sylvester
from scipy.spatial.distance import squareform

import napari_thunder as nt
from napari_thunder.analysis.groups import cells_of
from napari_thunder.analysis.population.raster import alike_next, usual_edge
from napari_thunder.pipeline import context_of
from tests.benchmarks.by_hand import Maps, Movie, Trials, Values, over_slabs, summed
from tests.benchmarks.task import Task


class _States:
    """Averages by direction and lag, softly scaled, and their principal components."""

    def __init__(self, movie: Movie, recording: nt.Recording, first: float, n_components: int, differ: bool) -> None:
        trials = Trials.of(recording)
        interval = recording.frame_times[1] - recording.frame_times[0]
        lags = np.arange(round(first / interval), round(8 / interval) + 1)
        self.lags, self.n_conditions = lags * interval, len(trials.groups)
        self.trial_weights = self._each(trials, lags)
        self.means = self._mean(trials)
        rng = np.random.default_rng(0)
        few = movie[:, np.sort(rng.choice(movie.shape[1], min(2000, movie.shape[1]), replace=False))].astype(float)
        self.soft = 0.05 * np.percentile(np.ptp(self.means @ (few - few.mean(0)), axis=0), 99)
        cross = summed(movie, self._cross)["cross"]
        n = movie.shape[1]
        rows = self.means.shape[0]
        self.centre = np.eye(rows) - 1 / rows
        if differ:
            each = np.eye(self.n_conditions) - 1 / self.n_conditions
            self.centre = self.centre @ np.kron(each, np.eye(len(lags)))
        covariance = self.centre @ (self.means @ cross) @ self.centre.T
        values, vectors = np.linalg.eigh(covariance)
        self.values, self.vectors = values[::-1][:n_components], vectors[:, ::-1][:, :n_components]
        self.ratio = self.values / values.sum()
        self.weights = (self.vectors * np.sqrt(n / self.values)).T @ self.centre
        self.trajectory = (self.vectors * np.sqrt(self.values / n)).reshape(self.n_conditions, len(lags), -1)
        self.time_courses = cross @ self.weights.T / n
        self.sem = self._resampled(trials, rng)

    def _each(self, trials: Trials, lags: Values) -> list[sparse.csr_array]:
        """Of each trial, (lags, t) weights minus its baseline; 0 where there is no such frame."""
        found = []
        for i, start in enumerate(trials.start):
            place = start + lags
            inside = (place >= 0) & (place < trials.n_frames)
            at = sparse.csr_array(
                (np.ones(inside.sum()), (np.flatnonzero(inside), place[inside])), (len(lags), trials.n_frames)
            )
            ground = sparse.kron(sparse.csr_array(inside[:, None].astype(float)), trials.ahead[[i]])
            found.append(sparse.csr_array(at - ground))
        self.there = np.array([(start + lags >= 0) & (start + lags < trials.n_frames) for start in trials.start])
        return found

    def _mean(self, trials: Trials) -> sparse.csr_array:
        parts = []
        for group in trials.groups:
            total = sum(self.trial_weights[i] for i in group)
            parts.append(sparse.diags_array(1 / self.there[group].sum(0)) @ total)
        return sparse.csr_array(sparse.vstack(parts))

    def _scaled(self, y: Values) -> Values:
        """Averages of series, which are centred and scaled in place."""
        y -= y.mean(0)
        average = self.means @ y
        scale = 1 / (np.ptp(average, axis=0) + self.soft)
        y *= scale
        return np.asarray(average * scale)

    def _cross(self, y: Values) -> Maps:
        average = self._scaled(y)
        return {"cross": y @ average.T}

    def loadings(self, movie: Movie, rotation: Values) -> Maps:
        weights = rotation.T @ self.weights
        return over_slabs(movie, lambda y: {"loadings": weights @ self._scaled(y)})

    def _resampled(self, trials: Trials, rng: np.random.Generator) -> Values:
        """Standard error of the trajectory over 200 resamples of the trials."""
        each = np.stack([weights @ self.time_courses for weights in self.trial_weights])
        drawn = []
        for _ in range(200):
            chosen = [rng.choice(group, len(group)) for group in trials.groups]
            with np.errstate(invalid="ignore"):
                mean = np.stack([each[c].sum(0) / self.there[c].sum(0)[:, None] for c in chosen])
            drawn.append(mean - np.nanmean(mean, axis=(0, 1)))
        return np.asarray(np.nanstd(drawn, axis=0, ddof=1))


def trajectories(movie: Movie, recording: nt.Recording) -> Maps:
    """Principal components of the averages of each direction."""
    states = _States(movie, recording, -2.0, 3, differ=False)
    maps = states.loadings(movie, np.eye(3))
    return maps | {"trajectory": states.trajectory, "explained_variance_ratio": states.ratio}


def jpca(movie: Movie, recording: nt.Recording) -> Maps:
    """The planes in which those turn."""
    states = _States(movie, recording, 0.0, 6, differ=True)
    x = states.trajectory
    change = (np.diff(x, axis=1) / np.diff(states.lags)[:, None]).reshape(-1, 6)
    here = x[:, :-1].reshape(-1, 6)
    gram, cross = here.T @ here, change.T @ here
    skew = solve_sylvester(gram, gram, cross - cross.T)
    skew = (skew - skew.T) / 2
    speeds, vectors = np.linalg.eigh(1j * skew)
    fast = np.argsort(-speeds)[:3]
    basis = np.concatenate([np.stack([v.real, v.imag], 1) * np.sqrt(2) for v in vectors[:, fast].T], axis=1)
    return states.loadings(movie, basis) | {"frequency": speeds[fast] / (2 * np.pi)}


def raster_order(movie: Movie, recording: nt.Recording) -> Maps:
    """Means of cells, their principal components, 100 k-means centres, and a tree's order of those."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    context = context_of(recording)
    cells = cells_of(context, usual_edge(context))
    z, y, x = (np.arange(n) // step for n, step in zip(cells.space, cells.steps, strict=True))
    of = ((z[:, None, None] * cells.shape[1] + y[:, None]) * cells.shape[2] + x).ravel()
    series = np.stack([np.bincount(of, frame) for frame in movie], 1) / np.bincount(of)[:, None]
    scores = series - series.mean(1, keepdims=True)
    scores /= scores.std(1, keepdims=True)
    few = PCA(100, random_state=0).fit_transform(scores - scores.mean(0))
    nodes = KMeans(100, n_init=1, random_state=0).fit(few).cluster_centers_
    apart = squareform(np.clip(1 - np.corrcoef(nodes), 0, 2), checks=False)
    nodes = nodes[leaves_list(optimal_leaf_ordering(linkage(apart, "average"), apart))]
    best = np.corrcoef(few, nodes)[: len(few), len(few) :].argmax(1)
    rows = scores[np.argsort(best, kind="stable")]
    return {"raster": np.stack([part.mean(0) for part in np.array_split(rows, min(500, len(rows)))])}


def _trajectories_agree(result: xr.Dataset, hand: Maps) -> None:
    """But for signs, and for the voxels that the softening was found from."""
    np.testing.assert_allclose(result["explained_variance_ratio"], hand["explained_variance_ratio"], rtol=0.02)
    _loadings_agree(result, hand)


def _loadings_agree(result: xr.Dataset, hand: Maps) -> None:
    ours = result["loadings"].to_numpy().reshape(len(hand["loadings"]), -1)
    alike = np.abs(np.corrcoef(ours, hand["loadings"])[: len(ours), len(ours) :])
    assert alike[0].max() > 0.95


def _turns_agree(result: xr.Dataset, hand: Maps) -> None:
    np.testing.assert_allclose(result["frequency"], hand["frequency"], rtol=0.05)


def _as_alike(result: xr.Dataset, hand: Maps) -> None:
    """Our neighbours are as alike as those of a tree."""
    assert result.attrs["likeness"] > alike_next(hand["raster"]) - 0.02


_BY = ("direction",)
TASKS = {
    "trajectories": Task(nt.Trajectories(by=_BY), trajectories, agree=_trajectories_agree),
    "jpca": Task(nt.JPCA(by=_BY, surrogates=0), jpca, agree=_turns_agree, note="without surrogates"),
    "raster_order": Task(
        nt.RasterOrder(), raster_order, agree=_as_alike, note="by hand in the order of a tree of k-means centres"
    ),
}
