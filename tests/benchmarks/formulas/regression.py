"""Least squares of many kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Trials, Values, over_slabs, summed
from tests.benchmarks.task import Task, same


def regressors(n_frames: int) -> pd.DataFrame:
    """Eight smooth, independent regressors (t, 8)."""
    noise = np.random.default_rng(1).normal(size=(n_frames + 20, 8))
    smooth = np.apply_along_axis(lambda column: np.convolve(column, np.exp(-np.arange(20) / 4), "valid"), 0, noise)
    return pd.DataFrame(smooth[:n_frames], columns=[f"x{i}" for i in range(8)])


def _design(movie: Movie) -> Values:
    columns = regressors(len(movie)).to_numpy()
    return np.asarray(columns - columns.mean(0))


def regression(movie: Movie, recording: nt.Recording) -> Maps:
    """By QR, with t, p and R²."""
    x = _design(movie)
    q, r = np.linalg.qr(x)
    inverse = np.linalg.inv(r)
    spread = np.sqrt((inverse**2).sum(1))
    dof = len(movie) - x.shape[1] - 1

    def fit(y: Values) -> Maps:
        y -= y.mean(0)
        total = np.einsum("tv,tv->v", y, y)
        projected = q.T @ y
        residual = total - (projected**2).sum(0)
        beta = inverse @ projected
        t = beta / (spread[:, None] * np.sqrt(residual / dof))
        return {"beta": beta, "t": t, "p": 2 * special.stdtr(dof, -np.abs(t)), "r_squared": 1 - residual / total}

    return over_slabs(movie, fit)


def ridge_regression(movie: Movie, recording: nt.Recording) -> Maps:
    """For nine strengths and five folds with gaps, in closed form, and the best strength of each voxel."""
    x = _design(movie)
    x /= x.std(0)
    n = len(x)
    strengths = np.logspace(-3, 5, 9) * n
    folds = [_fold(x, test, strengths) for test in np.array_split(np.arange(n), 5)]
    whole = np.stack([np.linalg.solve(x.T @ x + s * np.eye(8), x.T) for s in strengths])

    def fit(y: Values) -> Maps:
        y -= y.mean(0)
        total = (y * y).sum(0)
        error, left = np.zeros((9, y.shape[1])), np.zeros(y.shape[1])
        for learn, test, solve, ahead in folds:
            level = y[learn].mean(0)
            beta = solve @ (y[learn] - level)
            seen = y[test] - level
            gram = ahead.T @ ahead
            square = (seen * seen).sum(0)
            error += square - 2 * (beta * (ahead.T @ seen)).sum(1) + (beta * (gram @ beta)).sum(1)
            left += square
        judged = 1 - error / left
        best = judged.argmax(0)
        voxel = np.arange(len(best))
        beta = (whole @ y)[best, :, voxel].T
        residual = total - 2 * (beta * (x.T @ y)).sum(0) + (beta * (x.T @ x @ beta)).sum(0)
        return {
            "beta": beta,
            "r_squared": 1 - residual / total,
            "cv_r_squared": judged[best, voxel],
            "strength": strengths[best],
        }

    return over_slabs(movie, fit)


def _fold(x: Values, test: Values, strengths: Values) -> tuple[Values, Values, Values, Values]:
    """Frames learnt from and left out, the solutions for each strength, and the regressors left out."""
    gap = int(np.ceil(0.02 * len(x)))
    learn = np.r_[0 : max(0, test[0] - gap), min(len(x), test[-1] + 1 + gap) : len(x)]
    mean = x[learn].mean(0)
    known = x[learn] - mean
    solve = np.stack([np.linalg.solve(known.T @ known + s * np.eye(8), known.T) for s in strengths])
    return learn, test, solve, x[test] - mean


def mean_regression(movie: Movie, recording: nt.Recording) -> Maps:
    """Mean in each condition and at rest, and the variance these explain."""
    shown = Trials.of(recording).shown()
    x = np.column_stack([shown, 1 - shown.sum(1)])
    weights = (x / x.sum(0)).T

    def fit(y: Values) -> Maps:
        mean = weights @ y
        residual = y - x @ mean
        y -= y.mean(0)
        return {"mean": mean, "r_squared": 1 - (residual * residual).sum(0) / (y * y).sum(0)}

    return over_slabs(movie, fit)


def bilinear_regression(movie: Movie, recording: nt.Recording) -> Maps:
    """The time course after events, then its size in each condition, by products with its square."""
    trials = Trials.of(recording)
    n_lags = round(6.0 / (recording.frame_times[1] - recording.frame_times[0])) + 1
    n = len(movie)
    since, which = np.zeros((n, n_lags)), np.zeros((n, len(trials.directions)))
    for begin, degree in zip(trials.start, trials.degrees, strict=True):
        lags = np.arange(min(n_lags, n - begin))
        since[begin + lags, lags] = 1
        which[begin + lags, np.searchsorted(trials.directions, degree)] = 1
    solve = np.linalg.pinv(since)
    pairs = np.einsum("tk,tl->klt", which, which).reshape(-1, n)

    def fit(y: Values) -> Maps:
        course = solve @ y
        course -= course.min(0)
        answer = since @ course
        y -= y.mean(0)
        sums, products = which.T @ answer, which.T @ (answer * y)
        gram = (pairs @ (answer * answer)).T.reshape(-1, len(sums), len(sums))
        gram -= sums.T[:, :, None] * sums.T[:, None] / n
        beta = np.linalg.solve(gram, products.T[..., None])[..., 0].T
        return {"beta": beta, "time_course": course, "r_squared": (beta * products).sum(0) / (y * y).sum(0)}

    return over_slabs(movie, fit)


def reduced_rank_regression(movie: Movie, recording: nt.Recording) -> Maps:
    """The leading eigenvectors of what the regressors explain, summed over the brain, and then the maps."""
    q, r = np.linalg.qr(_design(movie))

    def share(y: Values) -> Maps:
        y -= y.mean(0)
        scores = q.T @ y
        return {"square": scores @ scores.T, "total": (y * y).sum()}

    found = summed(movie, share)
    values, vectors = np.linalg.eigh(found["square"])
    u = vectors[:, ::-1][:, :2]
    courses, back = q @ u, np.linalg.solve(r, u)

    def fit(y: Values) -> Maps:
        y -= y.mean(0)
        scores = courses.T @ y
        return {
            "components": scores / np.sqrt(len(y)),
            "beta": back @ scores,
            "r_squared": (scores**2).sum(0) / (y * y).sum(0),
        }

    return over_slabs(movie, fit) | {"explained_variance_ratio": values[::-1][:2] / found["total"]}


def regression_with_pca(movie: Movie, recording: nt.Recording) -> Maps:
    """Principal components of the weights, from sums over the brain."""
    x = _design(movie)
    solve = np.linalg.pinv(x)

    def share(y: Values) -> Maps:
        y -= y.mean(0)
        w = solve @ y
        return {"w": w.sum(1), "square": w @ w.T, "cross": y @ w.T, "total": y.sum(1)}

    found, n = summed(movie, share), movie.shape[1]
    mean = found["w"] / n
    values, vectors = np.linalg.eigh(found["square"] - n * np.outer(mean, mean))
    c = vectors[:, ::-1][:, :2]
    trajectory = (found["cross"] - np.outer(found["total"], mean)) @ c / n

    def fit(y: Values) -> Maps:
        y -= y.mean(0)
        w = solve @ y
        return {"components": c.T @ (w - mean[:, None]), "r_squared": ((x @ w) ** 2).sum(0) / (y * y).sum(0)}

    ratio = values[::-1][:2] / values.sum()
    return over_slabs(movie, fit) | {"trajectory": trajectory, "explained_variance_ratio": ratio}


def _but_for_signs(result: xr.Dataset, hand: Maps) -> None:
    signed = {"components", "trajectory"} & hand.keys()
    same(result, {name: values for name, values in hand.items() if name not in signed})
    same(abs(result[list(signed)]), {name: np.abs(hand[name]) for name in signed})


def _nearly_tied(result: xr.Dataset, hand: Maps) -> None:
    """Strengths of the same R² left out may be told apart by rounding."""
    same(result, {"cv_r_squared": hand["cv_r_squared"]})
    equal = result["strength"].to_numpy().ravel() == hand["strength"]
    assert equal.mean() > 0.99
    assert np.allclose(result["r_squared"].to_numpy().ravel()[equal], hand["r_squared"][equal], atol=1e-5)


def tasks_of(n_frames: int) -> dict[str, Task]:
    """The tasks for a recording of so many frames."""
    table = regressors(n_frames)
    by = ("direction",)
    return {
        "regression": Task(nt.Regression(design=table), regression),
        "ridge_regression": Task(nt.RidgeRegression(design=table), ridge_regression, agree=_nearly_tied),
        "mean_regression": Task(nt.MeanRegression(events_by=by), mean_regression),
        "bilinear_regression": Task(nt.BilinearRegression(events_by=by, window=6.0), bilinear_regression),
        "reduced_rank_regression": Task(
            nt.ReducedRankRegression(design=table), reduced_rank_regression, agree=_but_for_signs
        ),
        "regression_with_pca": Task(nt.RegressionWithPCA(design=table), regression_with_pca, agree=_but_for_signs),
    }
