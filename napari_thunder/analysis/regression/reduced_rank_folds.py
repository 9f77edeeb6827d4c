"""How well regressions of each rank predict frames that are left out, over the brain, in one pass."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.factors.subspace import LEAST_VOXELS, prepare
from napari_thunder.analysis.groups import add
from napari_thunder.analysis.protocol import Answer, Reduce, Series
from napari_thunder.analysis.regression.folds import Folds

Values = NDArray[np.float64]


def judged_ranks(design: Values, folds: Folds, standardize: bool) -> Generator[Reduce, Answer, Values]:
    """Ask for a pass that tells which share of the variance of frames left out each rank 1, 2, … predicts."""
    parts = [_Fold.of(design, folds, i) for i in range(len(folds.test))]
    share = partial(_predictions, folds=parts, standardize=standardize)
    summed = yield Reduce(share, add, "leaving frames out", LEAST_VOXELS)
    p = design.shape[1]
    error = np.zeros(p)
    for part, square, cross in zip(parts, summed["square"], summed["cross"], strict=True):
        vectors = np.linalg.eigh(square)[1][:, ::-1]
        predicted = vectors.T @ cross @ vectors
        size, kept = vectors.T @ (part.ahead.T @ part.ahead) @ vectors, vectors.T @ square @ vectors
        for k in range(1, p + 1):
            error[k - 1] += np.sum(size[:k, :k] * kept[:k, :k]) - 2 * np.trace(predicted[:k, :k])
    return np.asarray(-error / summed["left"].sum(), np.float64)


@dataclass(frozen=True, slots=True)
class _Fold:
    """Frames learnt from, and frames left out.

    Parameters
    ----------
    learnt, left
        Numbers of those frames.
    basis
        (learnt, p) Q of the centred design of the frames learnt from.
    ahead
        (left, p) what basis is at the frames left out.
    """

    learnt: NDArray[np.intp]
    left: NDArray[np.intp]
    basis: Values
    ahead: Values

    @classmethod
    def of(cls, design: Values, folds: Folds, number: int) -> _Fold:
        pieces = [np.arange(s.start, s.stop) for s in folds.segments]
        learnt = np.concatenate([piece for piece, is_in in zip(pieces, folds.train[number], strict=True) if is_in])
        left = np.concatenate([piece for piece, is_in in zip(pieces, folds.test[number], strict=True) if is_in])
        mean = design[learnt].mean(axis=0)
        u, s, v = np.linalg.svd(design[learnt] - mean, full_matrices=False)
        inverse = np.where(s > 1e-10 * s[0], 1 / np.where(s > 0, s, 1), 0)
        return cls(learnt, left, u, (design[left] - mean) @ (v.T * inverse))


def _predictions(series: Series, folds: list[_Fold], standardize: bool) -> Answer:
    prepare(series, standardize)
    squares, crosses, left = [], [], []
    for fold in folds:
        scores = fold.basis.T @ series[fold.learnt]
        unseen = series[fold.left] - series[fold.learnt].mean(axis=0)
        squares.append(scores @ scores.T)
        crosses.append((fold.ahead.T @ unseen) @ scores.T)
        left.append(np.vdot(unseen, unseen))
    return {"square": np.array(squares), "cross": np.array(crosses), "left": np.array(left)}
