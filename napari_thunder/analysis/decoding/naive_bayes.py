"""Gaussian naive Bayes of many voxels at once, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from napari_thunder.analysis.decoding.samples import Samples
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_SMOOTHING = 1e-9
"""Share of the largest variance of the features that is added to all variances, as scikit-learn does."""


@dataclass(frozen=True, slots=True)
class NaiveBayes:
    """Accuracy of telling classes apart by the features of one voxel.

    Parameters
    ----------
    samples
        Features and classes.
    fold
        (samples,) fold in which each is tested; None: trained and tested on all.
    orders
        Of the samples, for p by permutation; without any, p is that of the binomial distribution.
    """

    samples: Samples
    fold: Places | None
    orders: Sequence[Places] = ()

    def __call__(self, series: Series) -> Answer:
        """accuracy, balanced_accuracy and, if tested on others, p (voxels,) of series (t, voxels), overwritten."""
        _, _, valid = centre(series)
        with np.errstate(all="ignore"):
            features = self.samples.features(series)
            valid &= np.var(features, axis=1).max(axis=0) > 0
            features[..., ~valid] = 0
            correct = self.correct(features)
            counts = self.samples.counts
            accuracy = correct.sum(axis=0) / counts.sum()
            answer = {"accuracy": accuracy, "balanced_accuracy": (correct / counts[:, None]).mean(axis=0)}
            if self.fold is not None:
                answer["p"] = self._p(features, correct.sum(axis=0))
        for values in answer.values():
            values[~valid] = np.nan
        return answer

    def correct(self, features: Values) -> Values:
        """(classes, voxels) samples of each class that are told right, of features (features, samples, voxels)."""
        labels, n_classes = self.samples.labels, len(self.samples.classes)
        found = np.zeros((n_classes, features.shape[2]))
        everything = np.ones(len(labels), bool)
        fold = np.zeros(len(labels), np.intp) if self.fold is None else self.fold
        for number in range(int(fold.max()) + 1):
            tested = fold == number
            predicted = self._predict(features, everything if self.fold is None else ~tested, tested)
            right = predicted == labels[tested, None]
            for k in range(n_classes):
                found[k] += right[labels[tested] == k].sum(axis=0)
        return found

    def _predict(self, features: Values, trained: NDArray[np.bool_], tested: NDArray[np.bool_]) -> Places:
        """(tested samples, voxels) the class of largest posterior."""
        labels = self.samples.labels
        known, asked = features[:, trained], features[:, tested]
        smoothing = _SMOOTHING * known.var(axis=1).max(axis=0)
        best = np.full(asked.shape[1:], -np.inf)
        predicted = np.zeros(asked.shape[1:], np.intp)
        for k in range(len(self.samples.classes)):
            own = known[:, labels[trained] == k]
            mean = own.mean(axis=1)
            variance = np.square(own - mean[:, None]).mean(axis=1) + smoothing
            score = np.log(own.shape[1] / trained.sum()) - 0.5 * np.log(2 * np.pi * variance).sum(axis=0)
            off = asked - mean[:, None]
            score = score - 0.5 * np.einsum("fsv,fsv,fv->sv", off, off, 1 / variance)
            larger = score > best
            best[larger] = score[larger]
            predicted[larger] = k
        return predicted

    def _p(self, features: Values, right: Values) -> Values:
        n = len(self.samples.labels)
        if not len(self.orders):
            # the chance of so many right or more, by how many
            chance = np.append(1.0, special.bdtrc(np.arange(n), n, self.samples.chance))
            return np.asarray(chance[right.astype(np.intp)])
        as_many = np.zeros_like(right)
        for order in self.orders:
            as_many += self.correct(features[:, order]).sum(axis=0) >= right
        p: Values = (1 + as_many) / (1 + len(self.orders))
        return p
