"""Which condition was it?"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import special, stats
from threadpoolctl import threadpool_limits

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Trials, Values, over_slabs, region_means
from tests.benchmarks.task import Task
from tests.examples.__main__ import six_regions


def two_conditions(movie: Movie, recording: nt.Recording) -> Maps:
    """Welch's t-test of events and what was before them."""
    trials = Trials.of(recording)
    during, ahead = trials.during, trials.ahead

    def of(y: Values) -> Maps:
        on, off = during @ y, ahead @ y
        difference = on.mean(0) - off.mean(0)
        t, p = stats.ttest_ind(on, off, equal_var=False)
        spread = np.sqrt((on.var(0, ddof=1) + off.var(0, ddof=1)) / 2)
        return {"difference": difference, "t": t, "p": p, "d_prime": difference / spread}

    return over_slabs(movie, of)


def _folds(label: Values) -> list[tuple[Values, Values]]:
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(5, shuffle=True, random_state=0).split(label[:, None], label))


def voxel_decoding(movie: Movie, recording: nt.Recording) -> Maps:
    """Gaussian naive Bayes of each voxel, in five folds."""
    trials = Trials.of(recording)
    label = np.searchsorted(trials.directions, trials.degrees)
    weights, folds, counts = trials.responses, _folds(label), np.bincount(label)
    n, chance = len(label), counts.max() / len(label)
    p_of = np.r_[1.0, special.bdtrc(np.arange(n), n, chance)]

    def of(y: Values) -> Maps:
        right = np.zeros((len(counts), y.shape[1]))
        r = weights @ (y - y.mean(0))
        for train, test in folds:
            score = np.empty((len(counts), len(test), y.shape[1]))
            smooth = 1e-9 * r[train].var(0)
            for k in range(len(counts)):
                own = r[train[label[train] == k]]
                mean, variance = own.mean(0), own.var(0) + smooth
                prior = np.log(len(own) / len(train)) - 0.5 * np.log(2 * np.pi * variance)
                score[k] = prior - (r[test] - mean) ** 2 / (2 * variance)
            np.add.at(right, label[test], score.argmax(0) == label[test][:, None])
        total = right.sum(0)
        balanced = (right / counts[:, None]).mean(0)
        return {"accuracy": total / n, "balanced_accuracy": balanced, "p": p_of[total.astype(int)]}

    return over_slabs(movie, of)


def population_decoding(movie: Movie, recording: nt.Recording) -> Maps:
    """Logistic regression of six regions in five folds, and of shuffles."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    trials = Trials.of(recording)
    label = np.searchsorted(trials.directions, trials.degrees)
    series = region_means(movie, [region.full_mask() for region in six_regions(recording.shape[1:])])
    x, folds = trials.responses @ (series - series.mean(0)), _folds(label)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=10_000, tol=1e-6))
    rng = np.random.default_rng(0)
    with threadpool_limits(1, user_api="blas"):
        told = cross_val_predict(pipeline, x, label, cv=folds)
        null = [
            (cross_val_predict(pipeline, x[order], label, cv=folds) == label).mean()
            for order in (rng.permutation(len(label)) for _ in range(_SHUFFLES))
        ]
        alone = [(cross_val_predict(GaussianNB(), one[:, None], label, cv=folds) == label).mean() for one in x.T]
        weight = pipeline.fit(x, label)[-1].coef_
    return {"accuracy": (told == label).mean(), "null": np.mean(null), "alone": alone, "weight": weight}


def _decoders_agree(result: xr.Dataset, hand: Maps) -> None:
    assert abs(result.attrs["accuracy"] - hand["accuracy"]) < 1e-9
    assert abs(result.attrs["null_accuracy"] - hand["null"]) < 0.05


_SHUFFLES = 20
TASKS = {
    "two_conditions": Task(nt.TwoConditions(rest=True), two_conditions),
    "voxel_decoding": Task(nt.VoxelDecoding(), voxel_decoding),
    "population_decoding": Task(
        nt.PopulationDecoding(n_permutations=_SHUFFLES),
        population_decoding,
        agree=_decoders_agree,
        note=f"six small regions, {_SHUFFLES} shuffles",
    ),
}
