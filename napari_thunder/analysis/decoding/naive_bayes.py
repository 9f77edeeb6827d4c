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
            # centred, so that means of squares lose nothing when squares of means are taken from them
            features -= features.mean(axis=1, keepdims=True)
            valid &= np.einsum("fsv,fsv->fv", features, features).max(axis=0) > 0
            if not valid.all():
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

    def correct(self, features: Values, order: Places | None = None) -> Values:
        """(classes, voxels) samples of each class that are told right, of centred features (features, samples, voxels).

        Sums and sums of squares of each class in each fold are taken once; what trains the classifier of a fold are
        those of all folds minus its own. With an `order`, sample order[i] stands for sample i.
        """
        labels = self.samples.labels
        fold = np.zeros(len(labels), np.intp) if self.fold is None else self.fold
        if order is not None:
            back = np.argsort(order)
            labels, fold = labels[back], fold[back]
        n_classes = len(self.samples.classes)
        folds = _Moments.of(features, labels, fold, n_classes)
        whole = folds.whole()
        found = np.zeros((n_classes, features.shape[2]))
        for number in range(len(folds.counts)):
            tested = np.flatnonzero(fold == number)
            classifier = (whole if self.fold is None else whole.without(folds, number)).classifier()
            right = classifier.right(features[:, tested], labels[tested])
            found += (labels[tested] == np.arange(n_classes)[:, None]).astype(np.float64) @ right
        return found

    def _p(self, features: Values, right: Values) -> Values:
        n = len(self.samples.labels)
        if not len(self.orders):
            # the chance of so many right or more, by how many
            chance = np.append(1.0, special.bdtrc(np.arange(n), n, self.samples.chance))
            return np.asarray(chance[right.astype(np.intp)])
        as_many = np.zeros_like(right)
        for order in self.orders:
            as_many += self.correct(features, order).sum(axis=0) >= right
        p: Values = (1 + as_many) / (1 + len(self.orders))
        return p


@dataclass(frozen=True, slots=True)
class _Moments:
    """How many samples, their sums and sums of squares: of each fold and class, or of classes.

    Parameters
    ----------
    counts
        (…, classes).
    sums, squares
        (…, features, classes, voxels).
    """

    counts: Values
    sums: Values
    squares: Values

    @classmethod
    def of(cls, features: Values, labels: Places, fold: Places, n_classes: int) -> _Moments:
        """Of features (features, samples, voxels), for each fold and class."""
        n_folds = int(fold.max()) + 1
        belongs = np.zeros((n_folds * n_classes, len(labels)))
        belongs[fold * n_classes + labels, np.arange(len(labels))] = 1
        shape = (len(features), n_folds, n_classes, features.shape[2])
        sums, squares = (
            np.moveaxis((belongs @ values).reshape(shape), 0, 1) for values in (features, np.square(features))
        )
        return cls(belongs.sum(axis=1).reshape(n_folds, n_classes), sums, squares)

    def whole(self) -> _Moments:
        """Of all folds."""
        return _Moments(self.counts.sum(axis=0), self.sums.sum(axis=0), self.squares.sum(axis=0))

    def without(self, folds: _Moments, number: int) -> _Moments:
        """Of what is not in a fold."""
        return _Moments(
            self.counts - folds.counts[number], self.sums - folds.sums[number], self.squares - folds.squares[number]
        )

    def classifier(self) -> _Classifier:
        """Trained on these, of classes."""
        n = self.counts.sum()
        mean = self.sums / self.counts[:, None]
        variance = np.maximum(self.squares / self.counts[:, None] - np.square(mean), 0)
        total = self.squares.sum(axis=1) / n - np.square(self.sums.sum(axis=1) / n)
        variance += _SMOOTHING * total.max(axis=0)
        level = np.log(self.counts / n)[:, None] - 0.5 * np.log(2 * np.pi * variance).sum(axis=0)
        return _Classifier(mean, np.sqrt(0.5 / variance), level)


@dataclass(frozen=True, slots=True)
class _Classifier:
    """Log posteriors of classes but for a constant: a − Σ [w (x − μ)]².

    Parameters
    ----------
    mean, weight
        μ and w (features, classes, voxels).
    level
        a (classes, voxels).
    """

    mean: Values
    weight: Values
    level: Values

    def right(self, features: Values, labels: Places) -> Values:
        """(samples, voxels) 1 where the own class has the largest posterior, else 0; of equal ones the first counts."""
        best = np.full(features.shape[1:], -np.inf)
        right, own = np.zeros_like(best), np.empty_like(best)
        score, part = np.empty_like(best), np.empty_like(best)
        for k, level in enumerate(self.level):
            score[:] = level
            for values, mean, weight in zip(features, self.mean[:, k], self.weight[:, k], strict=True):
                np.subtract(values, mean, out=part)
                part *= weight
                part *= part
                score -= part
            mine = np.flatnonzero(labels == k)
            own[mine] = score[mine]
            right[mine] = own[mine] > best[mine]
            np.maximum(best, score, out=best)
        right *= own >= best
        return right
