"""What a classifier of regions gets right: on the whole, and at each lag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.decoding.classifiers import Classifier
from napari_thunder.analysis.decoding.samples import REST, Samples, chances
from napari_thunder.analysis.events.course import Course

Values = NDArray[np.float64]
Places = NDArray[np.intp]
Curves = dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]]


def tested(
    classifier: Classifier, samples: Samples, fold: Places, features: Values, n_permutations: int
) -> tuple[Curves, dict[str, Any]]:
    """Curves and attributes of what is decoded of features (samples, features).

    Parameters
    ----------
    fold
        (samples,) fold in which each is tested.
    n_permutations
        Of trials, for p; 0 for none.
    """
    labels, n_classes = samples.labels, len(samples.classes)
    decoded = classifier.predicted(features, labels, fold)
    confusion = np.zeros((n_classes, n_classes))
    np.add.at(confusion, (labels, decoded), 1)
    confusion /= samples.counts[:, None]
    right = decoded == labels
    of_fold = np.array([right[fold == k].mean() for k in np.unique(fold)])
    about = {"long_name": "share of trials decoded as", "plot": "matrix", "scale": "plain"}
    curves: Curves = {
        "confusion": (("condition", "decoded"), confusion, about),
        "accuracy_of_fold": (("fold",), of_fold, {"long_name": "accuracy of each fold", "plot": "bars"}),
        "n_trials": (("condition",), samples.counts, {"long_name": "trials used", "plot": "bars"}),
    }
    facts = chances(samples) | {
        "accuracy": float(right.mean()),
        "accuracy_sem": float(of_fold.std(ddof=1) / np.sqrt(len(of_fold))),
        "balanced_accuracy": float(np.diag(confusion).mean()),
    }
    if n_permutations:
        orders = samples.shuffled(n_permutations, classifier.seed)
        null = np.array([(classifier.predicted(features[order], labels, fold) == labels).mean() for order in orders])
        p = (1 + (null >= right.mean()).sum()) / (1 + n_permutations)
        facts |= {"p": float(p), "null_accuracy": float(null.mean())}
    return curves, facts


def tested_over_time(classifier: Classifier, course: Course, samples: Samples, fold: Places, series: Values) -> Curves:
    """Curves of the accuracy at each lag, beside chance; parameters as in `accuracy_over_time`."""
    accuracy, sem = accuracy_over_time(classifier, course, samples, fold, series)
    chance = np.full_like(accuracy, samples.chance)
    about = {"long_name": "accuracy", "plot": "lines", "error": "accuracy_at_lag_sem"}
    lines, errors = np.stack([accuracy, chance], axis=1), np.stack([sem, np.zeros_like(sem)], axis=1)
    return {
        "accuracy_at_lag": (("lag", "line"), lines, about),
        "accuracy_at_lag_sem": (("lag", "line"), errors, {"long_name": "standard error of the accuracy over folds"}),
    }


def accuracy_over_time(
    classifier: Classifier, course: Course, samples: Samples, fold: Places, series: Values
) -> tuple[Values, Values]:
    """Accuracy at each lag and its standard error over folds (lags,); NaN where a class or a fold has no trial.

    Parameters
    ----------
    course
        Of the trials of the samples, in their order. What was before events (`rest`) is the same at every lag.
    samples, fold
        Classes, and the fold in which each is tested.
    series
        (t, features) whose mean is 0.
    """
    answers = (course.weights @ series).reshape(*course.there.shape, -1)
    rest = samples.features(series)[0][len(answers) :] if REST in samples.classes else answers[:0, 0]
    found = np.full((2, len(course.lags)), np.nan)
    for lag, there in enumerate(course.there.T):
        used = np.concatenate([there, there[: len(rest)]])
        features = np.concatenate([answers[:, lag], rest])[used]
        if _testable(samples.labels[used], fold[used], samples, fold):
            found[:, lag] = _accuracy(classifier, features, samples.labels[used], fold[used])
    return found[0], found[1]


def _testable(labels: Places, fold: Places, samples: Samples, whole: Places) -> bool:
    """Whether each fold has trials, and the others all classes."""
    folds = np.unique(whole)
    return all((fold == k).any() and len(np.unique(labels[fold != k])) == len(samples.classes) for k in folds)


def _accuracy(classifier: Classifier, features: Values, labels: Places, fold: Places) -> tuple[float, float]:
    right = classifier.predicted(features, labels, fold) == labels
    each = [right[fold == k].mean() for k in np.unique(fold)]
    return float(right.mean()), float(np.std(each, ddof=1) / np.sqrt(len(each)))
