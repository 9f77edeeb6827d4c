"""Least squares with a penalty on weights, judged by cross-validation: Tikhonov's regularisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.regression.folds import Folds
from napari_thunder.analysis.regression.least_squares import prepare

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Penalised:
    """The fit of min ‖y − X b‖² + λ b' P b at many voxels, for each of several λ, and on folds.

    All that it needs of a series are its products with the design, segment by segment.

    Parameters
    ----------
    columns
        (c, t) design; with an intercept, centred and with a row of ones at the end.
    intercept
        Whether series are centred first.
    strengths
        (λ,).
    inverses
        (λ, c, c) (X'X + λ P)⁻¹.
    gram
        (c, c) X'X.
    folds
        Of frames.
    fold_inverses
        (folds, λ · c, c) the same as `inverses`, of the frames that are learnt from.
    fold_grams
        (folds, c, c) X'X of the frames that are tested on.
    n_learnt
        (folds,) frames that are learnt from.
    n_tested
        (folds,) frames that are tested on.
    """

    columns: Values
    intercept: bool
    strengths: Values
    inverses: Values
    gram: Values
    folds: Folds
    fold_inverses: Values
    fold_grams: Values
    n_learnt: Values
    n_tested: Values

    def __call__(self, series: Series) -> Answer:
        """Of series (t, voxels), which are overwritten: `beta` (c, voxels), `r_squared`, `cv_r_squared` and `strength`
        (voxels,) at the λ of the largest cross-validated R²."""
        products, squares, valid = self._products(series)
        with np.errstate(all="ignore"):
            judged = self._judged(products, squares)
            judged[:, ~valid] = np.nan
            best = np.argmax(np.where(np.isnan(judged), -np.inf, judged), axis=0)
            whole, total = products.sum(axis=0), squares.sum(axis=0)
            total[~valid] = np.nan
            beta = self._weights(best, whole)
            beta[:, ~valid] = np.nan
            residual = total - 2 * _dot(beta, whole) + _dot(beta, self.gram @ beta)
            chosen = np.take_along_axis(judged, best[None], axis=0)[0]
            strength = np.where(valid, self.strengths[best], np.nan)
            return {"beta": beta, "r_squared": 1 - residual / total, "cv_r_squared": chosen, "strength": strength}

    def judged(self, series: Series) -> tuple[Values, NDArray[np.bool_]]:
        """(λ, voxels) cross-validated R², and for which voxels."""
        products, squares, valid = self._products(series)
        with np.errstate(all="ignore"):
            return self._judged(products, squares), valid

    def _products(self, series: Series) -> tuple[Values, Values, NDArray[np.bool_]]:
        """(segments, c, voxels) X'y and (segments, voxels) y'y."""
        _, valid = prepare(series, self.intercept)
        if not valid.all():
            series[:, ~valid] = 0
        segments = self.folds.segments
        products = np.stack([self.columns[:, s] @ series[s] for s in segments])
        squares = np.stack([np.einsum("tv,tv->v", series[s], series[s]) for s in segments])
        return products, squares, valid

    def _weights(self, best: NDArray[np.intp], products: Values) -> Values:
        if len(self.strengths) == 1:
            only: Values = self.inverses[0] @ products
            return only
        each: Values = np.matmul(self.inverses[best], products.T[:, :, None])[:, :, 0].T
        return np.ascontiguousarray(each)

    def _judged(self, products: Values, squares: Values) -> Values:
        errors, total = np.zeros((len(self.strengths), squares.shape[1])), np.zeros(squares.shape[1])
        for fold, (test, train) in enumerate(zip(self.folds.test, self.folds.train, strict=True)):
            learnt, tested = products[train].sum(axis=0), products[test].sum(axis=0)
            weights = (self.fold_inverses[fold] @ learnt).reshape(len(self.strengths), *learnt.shape)
            size = squares[test].sum(axis=0)
            errors += size - 2 * _dot(weights, tested) + _dot(weights, self.fold_grams[fold] @ weights)
            total += size
            if self.intercept:
                mean = learnt[-1] / self.n_learnt[fold]
                total += self.n_tested[fold] * mean**2 - 2 * mean * tested[-1]
        judged: Values = 1 - errors / total
        return judged


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """A fit of series, and how well least squares predicts their frames left out.

    Parameters
    ----------
    fit
        Series (t, voxels), which are overwritten → an answer.
    judge
        With one strength.
    """

    fit: Callable[[Series], Answer]
    judge: Penalised

    def __call__(self, series: Series) -> Answer:
        """The answer with `cv_r_squared` (voxels,)."""
        judged, valid = self.judge.judged(series)
        return self.fit(series) | {"cv_r_squared": np.where(valid, judged[0], np.nan)}


def _dot(a: Values, b: Values) -> Values:
    """Sum over the second to last axis of a · b."""
    dot: Values = np.einsum("...cv,...cv->...v", a, b)
    return dot


def penalised(design: Design, penalty: Values, strengths: Values, folds: Folds) -> Penalised:
    """The fit of a design, with P (p, p) over its columns; the intercept has no penalty."""
    columns = design.centred
    if design.intercept:
        columns = np.concatenate([columns, np.ones((len(columns), 1))], axis=1)
        penalty = np.pad(penalty, (0, 1))
    grams = np.stack([columns[s].T @ columns[s] for s in folds.segments])
    whole = grams.sum(axis=0)
    learnt, tested = (np.einsum("fs,sab->fab", part.astype(np.float64), grams) for part in (folds.train, folds.test))
    inverses = _inverse(whole[None] + strengths[:, None, None] * penalty)
    by_fold = _inverse(learnt[:, None] + strengths[:, None, None] * penalty)
    lengths = np.diff(folds.cuts)
    return Penalised(
        np.ascontiguousarray(columns.T),
        design.intercept,
        strengths,
        inverses,
        whole,
        folds,
        by_fold.reshape(len(by_fold), -1, columns.shape[1]),
        tested,
        (folds.train * lengths).sum(axis=1).astype(np.float64),
        (folds.test * lengths).sum(axis=1).astype(np.float64),
    )


def _inverse(matrices: Values) -> Values:
    """Inverses of symmetric matrices (…, c, c), scaled first, so that columns of different size do not matter; of those
    that have none, as where a condition never comes up among the frames learnt from, the pseudo-inverse."""
    size = np.sqrt(np.maximum(np.diagonal(matrices, axis1=-2, axis2=-1), 1e-300))
    scale = size[..., :, None] * size[..., None, :]
    scaled = matrices / scale
    regular = np.linalg.eigvalsh(scaled)[..., 0] > 1e-12
    inverse: Values = np.empty_like(scaled)
    inverse[regular] = np.linalg.inv(scaled[regular])
    inverse[~regular] = np.linalg.pinv(scaled[~regular], 1e-10, hermitian=True)
    inverse /= scale
    return inverse
