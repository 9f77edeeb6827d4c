"""Decoding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from napari_thunder.analysis.decoding.population import PopulationDecoding
from napari_thunder.analysis.decoding.two_conditions import TwoConditions
from napari_thunder.analysis.decoding.voxels import VoxelDecoding
from tests.analysis.runner import compute, dataset, make_context
from tests.examples import Case

MADE = {
    "two_conditions": {"by": ("speed",), "n_bins": 2},
    "voxel_decoding": {"n_folds": 4, "n_features": 2, "n_permutations": 5},
}
OF_GROUPS = {"population_decoding": {"n_folds": 4, "n_permutations": 2, "over_time": True, "before": 0.5, "after": 1.0}}
ON_FISH = {
    "population_decoding": {"by": (), "rest": True, "n_folds": 4, "n_permutations": 10},
    "two_conditions": {"rest": True},
    "voxel_decoding": {"by": (), "rest": True, "n_folds": 4, "n_permutations": 10},
}


def _recording() -> tuple[Any, Any, Any, Any]:
    """45 trials of three kinds and 25 voxels that answer to them more or less; responses (trials, parts, voxels)."""
    rng = np.random.default_rng(3)
    kind = rng.permutation(np.repeat([0, 1, 2], [15, 14, 16]))
    start = 4 + 9 * np.arange(45)
    series = 100 + rng.normal(size=(420, 25))
    for k, s in zip(kind, start, strict=True):
        series[s : s + 4] += k * np.linspace(0, 1, 25)
    events = pd.DataFrame({"start_time": start.astype(float), "stop_time": start + 4.0, "kind": kind})
    context = make_context(420, frame_times=np.arange(420.0), events=events)
    ground = series[start[:, None] + np.arange(-2, 0)].mean(axis=1)
    parts = series[start[:, None] + np.arange(4)].reshape(45, 2, 2, 25).mean(axis=2)
    return context, series, kind, parts - ground[:, None]


def _folds(n: int) -> Any:
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(n, shuffle=True, random_state=7)


def _against_sklearn(n_features: int) -> float:
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.naive_bayes import GaussianNB

    context, series, kind, parts = _recording()
    found = compute(VoxelDecoding(("kind",), n_features=n_features, seed=7), context, series)
    features = parts if n_features == 2 else parts.mean(axis=1, keepdims=True)
    worst = 0.0
    for voxel in range(25):
        told = cross_val_predict(GaussianNB(), features[:, :, voxel], kind, cv=_folds(5))
        worst = max(worst, abs(found["accuracy"][voxel] - (told == kind).mean()))
        worst = max(worst, abs(found["balanced_accuracy"][voxel] - balanced_accuracy_score(kind, told)))
    return worst


def _against_cross_val_score() -> float:
    from sklearn.model_selection import cross_val_score
    from sklearn.naive_bayes import GaussianNB

    context, series, kind, parts = _recording()
    found = compute(VoxelDecoding(("kind",), n_folds=9, seed=7), context, series)["accuracy"]
    x = parts.mean(axis=1)
    scores = [cross_val_score(GaussianNB(), x[:, [v]], kind, cv=_folds(9)).mean() for v in range(25)]
    return float(np.abs(found - scores).max())


def _against_binomial() -> float:
    context, series, _, _ = _recording()
    found = compute(VoxelDecoding(("kind",)), context, series)
    right = np.round(45 * found["accuracy"]).astype(int)
    expected = [stats.binomtest(int(k), 45, 16 / 45, alternative="greater").pvalue for k in right]
    return float(np.abs(found["p"] / expected - 1).max())


def _against_ttest(test: str) -> float:
    context, series, kind, parts = _recording()
    found = compute(TwoConditions(("kind",), only=("kind=0|2",), n_bins=2, test=test), context, series)
    expected = stats.ttest_ind(parts[kind == 0], parts[kind == 2], equal_var=test == "student")
    return float(max(np.abs(found["t"] / expected.statistic - 1).max(), np.abs(found["p"] / expected.pvalue - 1).max()))


def _pipelines() -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.5, tol=1e-6)),
        "LDA": make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")),
        "linear SVM": make_pipeline(StandardScaler(), LinearSVC(C=0.5, random_state=7, max_iter=10_000)),
    }


def _against_pipelines() -> float:
    from sklearn.metrics import confusion_matrix
    from sklearn.model_selection import cross_val_predict

    context, series, kind, parts = _recording()
    worst = 0.0
    for name, pipeline in _pipelines().items():
        analysis = PopulationDecoding(("kind",), cells=1.0, classifier=name, strength=0.5, n_permutations=0, seed=7)
        found = compute(analysis, context, series)
        told = cross_val_predict(pipeline, parts.mean(axis=1), kind, cv=_folds(5))
        worst = max(worst, np.abs(found["confusion"] - confusion_matrix(kind, told, normalize="true")).max())
    return float(worst)


def _against_permutation_test_score() -> float:
    from sklearn.model_selection import permutation_test_score

    context, series, kind, parts = _recording()
    analysis = PopulationDecoding(("kind",), cells=1.0, classifier="LDA", n_permutations=20, n_folds=3, seed=7)
    found = dataset(analysis, context, series).attrs
    pipeline = _pipelines()["LDA"]
    score, null, p = permutation_test_score(
        pipeline, parts.mean(axis=1), kind, cv=_folds(3), n_permutations=20, random_state=7
    )
    # their permutations are others than ours, so only their mean can be compared
    return float(
        max(abs(found["accuracy"] - score), abs(found["p"] - p), 0.1 * abs(found["null_accuracy"] - null.mean()))
    )


def _against_closed_form() -> float:
    context, series, kind, parts = _recording()
    analysis = PopulationDecoding(("kind",), cells=1.0, classifier="LDA", n_permutations=0, only=("kind=0|2",))
    weight = compute(analysis, context, series)["weight"]
    x, y = parts.mean(axis=1)[kind != 1], kind[kind != 1]
    x = (x - x.mean(0)) / x.std(0)
    from sklearn.covariance import ledoit_wolf

    cov = sum((y == k).mean() * _shrunk(x[y == k], ledoit_wolf) for k in (0, 2))
    expected = np.linalg.solve(cov, x[y == 2].mean(0) - x[y == 0].mean(0))
    return float(np.abs(np.abs(weight[1] / expected) - np.abs(weight[1, 0] / expected[0])).max())


def _shrunk(x: Any, ledoit_wolf: Any) -> Any:
    spread = x.std(axis=0)
    return spread[:, None] * ledoit_wolf((x - x.mean(0)) / spread)[0] * spread


CASES = [
    Case("voxel_decoding", "sklearn GaussianNB, cross_val_predict", "3 kinds, 45 trials", lambda: _against_sklearn(1)),
    Case("voxel_decoding", "sklearn GaussianNB, cross_val_predict", "two features", lambda: _against_sklearn(2)),
    Case("voxel_decoding", "sklearn GaussianNB, cross_val_score", "9 equal folds", _against_cross_val_score),
    Case("voxel_decoding", "scipy.stats.binomtest", "binomial p of the accuracy", _against_binomial),
    Case("two_conditions", "scipy.stats.ttest_ind", "equal variances, two bins", lambda: _against_ttest("student")),
    Case("two_conditions", "scipy.stats.ttest_ind (Welch)", "two bins", lambda: _against_ttest("welch")),
    Case("population_decoding", "sklearn pipelines, confusion_matrix", "3 kinds of classifiers", _against_pipelines),
    Case(
        "population_decoding", "sklearn permutation_test_score", "accuracy and p", _against_permutation_test_score, 0.02
    ),
    Case("population_decoding", "closed form (numpy)", "weights of a shrunk discriminant", _against_closed_form, 1e-6),
]
