"""Linear classifiers, trained and tested in folds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.decoding.discriminant import discriminant

Values = NDArray[np.float64]
Places = NDArray[np.intp]

NAMES = ("logistic regression", "LDA", "linear SVM")

_MOST_ITERATIONS = 10_000


def _logistic(features: Values, labels: Places, strength: float, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=_MOST_ITERATIONS, tol=1e-6).fit(features, labels)


def _discriminant(features: Values, labels: Places, strength: float, seed: int) -> Any:
    found = discriminant(features, labels)
    if found is not None:
        return found
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(features, labels)


def _machine(features: Values, labels: Places, strength: float, seed: int) -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC(C=strength, max_iter=_MOST_ITERATIONS, random_state=seed).fit(features, labels)


_TRAINERS: dict[str, Callable[[Values, Places, float, int], Any]] = dict(
    zip(NAMES, (_logistic, _discriminant, _machine), strict=True)
)


@dataclass(frozen=True, slots=True)
class Classifier:
    """A linear classifier of standardised features.

    Parameters
    ----------
    name
        One of `NAMES`.
    strength
        Inverse of the regularisation, where it has one.
    seed
        Of its optimiser, where that has one.
    """

    name: str
    strength: float
    seed: int

    def predicted(self, features: Values, labels: Places, fold: Places) -> Places:
        """(samples,) the class of each, told by a classifier trained on the other folds.

        Parameters
        ----------
        features
            (samples, features).
        labels, fold
            (samples,) class, and fold in which each is tested.
        """
        found = np.empty(len(labels), np.intp)
        for number in np.unique(fold):
            tested = fold == number
            mean, spread = _scale(features[~tested])
            trained = self._trained((features[~tested] - mean) / spread, labels[~tested])
            found[tested] = trained.predict((features[tested] - mean) / spread)
        return found

    def weights(self, features: Values, labels: Places) -> Values:
        """(classes, features) of a classifier trained on everything; of two classes one is minus the other."""
        mean, spread = _scale(features)
        found = np.asarray(self._trained((features - mean) / spread, labels).coef_, np.float64)
        return np.concatenate([-found, found]) if len(found) == 1 else found

    def _trained(self, features: Values, labels: Places) -> Any:
        with warnings.catch_warnings():
            # a classifier that has not quite converged is tested like any other
            warnings.simplefilter("ignore")
            return _TRAINERS[self.name](features, labels, self.strength, self.seed)


def _scale(features: Values) -> tuple[Values, Values]:
    """Mean and sd (features,); an sd of 1 where it is 0."""
    spread = features.std(axis=0)
    return features.mean(axis=0), np.where(spread > 0, spread, 1.0)


def patterns(features: Values, weights: Values) -> Values:
    """(classes, features) covariance of each standardised feature with what the weights make of all of them.

    Haufe et al. 2014, NeuroImage 87:96: where a class shows, as weights alone do not tell.
    """
    mean, spread = _scale(features)
    standard = (features - mean) / spread
    scores = standard @ weights.T
    found: Values = (scores - scores.mean(axis=0)).T @ standard / len(standard)
    return found
