"""Regression."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.linalg import toeplitz
from scipy.signal import lfilter
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score

from napari_thunder.analysis import BilinearRegression, MeanRegression, Regression, RidgeRegression
from tests.analysis.runner import compute, dataset, make_context
from tests.examples import Case

_TASK = {"events_by": ("direction",), "signals": ("swim",), "kernel": "GCaMP6s"}

MADE = {
    "regression": _TASK,
    "ridge_regression": _TASK,
    "mean_regression": {"events_by": ("direction",)},
    "bilinear_regression": {"events_by": ("direction",), "window": 6.0},
}
ON_FISH = MADE

_CONTRASTS = ("left - 0.5 right, up + 2*down", "left; right - up")
_ROWS_T = np.array([[0, 1, -0.5, 0, 0], [0, 0, 0, 1, 2]])
_ROWS_F = np.array([[0, 1, 0, 0, 0], [0, 0, 1, -1, 0]])


@cache
def _made():
    """A design of four columns of very different size, and series of 6 voxels with noise that remembers."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(200, 4)) * [1, 10, 100, 1] + 3, columns=["left", "right", "up", "down"])
    series = lfilter([1], [1, -0.6], rng.normal(size=(200, 6)), axis=0) + 50 + 0.3 * table[["left"]].to_numpy()
    return table, series


def relative(found, expected):
    """Largest difference, relative to the size of the numbers."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    return float(np.max(np.abs(found - expected) / np.maximum(np.abs(expected), 1e-300)))


def _against(fit_of, **given):
    table, series = _made()
    found = compute(Regression(design=table, contrasts=_CONTRASTS, **given), make_context(200), series)
    largest = 0.0
    for voxel, y in enumerate(series.T):
        fit = fit_of(y, sm.add_constant(table.to_numpy()), found.get("rho", np.zeros(6))[voxel])
        by_t, by_f = fit.t_test(_ROWS_T), fit.f_test(_ROWS_F)
        pairs = {"beta": fit.params[1:], "t": fit.tvalues[1:], "p": fit.pvalues[1:]}
        pairs |= {"contrast_beta": by_t.effect, "contrast_t": by_t.tvalue, "contrast_p": by_t.pvalue}
        pairs |= {"f": by_f.fvalue, "f_p": by_f.pvalue}
        largest = max(largest, *(relative(found[name][:, voxel], value) for name, value in pairs.items()))
    return largest


def _newey_west():
    """With excluded frames: over time, in which they have no residuals."""
    table, series = _made()
    keep = np.ones(200, bool)
    keep[[40, 41, 42, 90]] = False
    analysis = Regression(design=table, contrasts=_CONTRASTS, inference="hac", noise_memory=12.0)
    largest = 0.0
    for kept in (np.ones(200, bool), keep):
        context = make_context(200, keep=kept, frame_times=np.arange(200.0))
        found = compute(analysis, context, series)
        factor = 1 - 13 / 200 + (13 / 200) ** 2 / 3
        exog = sm.add_constant(table.to_numpy())
        for voxel, y in enumerate(series.T):
            covariance = _newey_west_of(y, exog, kept) / factor
            b = sm.OLS(y[kept], exog[kept]).fit().params
            t = b / np.sqrt(np.diag(covariance))
            rows_t = _ROWS_T @ b / np.sqrt(np.diag(_ROWS_T @ covariance @ _ROWS_T.T))
            f = _ROWS_F @ b @ np.linalg.inv(_ROWS_F @ covariance @ _ROWS_F.T) @ _ROWS_F @ b / 2
            dof = round(1.5 * 200 / 13)
            pairs = {"t": t[1:], "p": 2 * stats.t.sf(np.abs(t[1:]), dof), "contrast_t": rows_t, "f": f}
            pairs["f_p"] = stats.f.sf(f * (dof - 1) / dof, 2, dof - 1)
            largest = max(largest, *(relative(np.squeeze(found[n][:, voxel]), v) for n, v in pairs.items()))
    return largest


def _newey_west_of(y, exog, kept):
    if kept.all():
        how = {"maxlags": 12, "use_correction": True}
        return sm.OLS(y, exog).fit(cov_type="HAC", cov_kwds=how, use_t=True).cov_params()
    fit = sm.OLS(y[kept], exog[kept]).fit()
    scores = np.zeros_like(exog)
    scores[kept] = exog[kept] * fit.resid[:, None]
    weights = toeplitz(np.maximum(1 - np.arange(len(y)) / 13, 0))
    bread = np.linalg.inv(exog[kept].T @ exog[kept])
    return bread @ scores.T @ weights @ scores @ bread * kept.sum() / fit.df_resid


def _predicted():
    """Fold by fold, with gaps of 8 frames."""
    table, series = _made()
    values, context = table.to_numpy(), make_context(200, frame_times=np.arange(200.0))
    analysis = Regression(design=table, cross_validate=True, gap=8.0, n_folds=4)
    errors, total = np.zeros(6), np.zeros(6)
    for test in np.split(np.arange(200), 4):
        learnt = np.setdiff1d(np.arange(200), np.arange(test[0] - 8, test[-1] + 9))
        fit = LinearRegression().fit(values[learnt], series[learnt])
        errors += ((series[test] - fit.predict(values[test])) ** 2).sum(axis=0)
        total += ((series[test] - series[learnt].mean(axis=0)) ** 2).sum(axis=0)
    return relative(compute(analysis, context, series)["cv_r_squared"], 1 - errors / total)


def _unique():
    table, series = _made()
    found = compute(Regression(design=table, unique=True), make_context(200), series)
    largest = 0.0
    exog = sm.add_constant(table.to_numpy())
    for voxel, y in enumerate(series.T):
        whole = sm.OLS(y, exog).fit()
        without = [sm.OLS(y, np.delete(exog, k, axis=1)).fit() for k in range(1, 5)]
        delta = [whole.rsquared - fit.rsquared for fit in without]
        part = [1 - whole.ssr / fit.ssr for fit in without]
        largest = max(largest, relative(found["delta_r_squared"][:, voxel], delta))
        largest = max(largest, relative(found["partial_r_squared"][:, voxel], part))
    return largest


def _shifted():
    """p of shifts done one by one."""
    table, series = _made()
    analysis = Regression(design=table, contrasts=_CONTRASTS, inference="circular_shift", n_shifts=40)
    found = compute(analysis, make_context(200), series)
    lags = np.sort(np.random.default_rng(0).choice(np.arange(10, 191), 40, replace=False))

    def statistics(values):
        fits = [sm.OLS(y, sm.add_constant(values)).fit() for y in series.T]
        rows = [[*f.tvalues[1:] ** 2, *f.t_test(_ROWS_T).tvalue ** 2, f.f_test(_ROWS_F).fvalue] for f in fits]
        return np.array(rows, float).T

    observed = statistics(table.to_numpy())
    chance = np.stack([statistics(np.roll(table.to_numpy(), lag, axis=0)) for lag in lags])
    p = (1 + (chance >= observed).sum(axis=0)) / 41
    p_fwer = (1 + (chance.max(axis=2)[:, :, None] >= observed).sum(axis=0)) / 41
    each = np.concatenate([found["p"], found["contrast_p"], found["f_p"]])
    brain = np.concatenate([found["p_fwer"], found["contrast_p_fwer"], found["f_p_fwer"]])
    return max(relative(each, p), relative(brain, p_fwer))


def _clusters_by_shift():
    """p of clusters along a row of 30 voxels, whose statistics are computed and ranked shift by shift."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"x": lfilter([1], [1, -0.5], rng.normal(size=200))})
    noise = lfilter([1], [1, -0.6], rng.normal(size=(200, 30)), axis=0)
    series = noise + np.roll(noise, 1, axis=1) + np.roll(noise, 2, axis=1)
    series[:, 4:12] += 0.9 * table.to_numpy()
    analysis = Regression(design=table, inference="circular_shift", n_shifts=99, family_wise=False, cluster_p=0.1)
    found = dataset(analysis, make_context(200, voxel_size=(1.0, 1.0, 2.0)), series)
    lags = np.sort(np.random.default_rng(0).choice(np.arange(10, 191), 99, replace=False))
    x = np.stack([np.roll(table["x"], lag) for lag in (0, *lags)])
    r = np.array([[np.corrcoef(a, y)[0, 1] for y in series.T] for a in x])
    p = (np.abs(r)[None] >= np.abs(r)[:, None]).sum(axis=1) / 100
    runs = [_runs(np.where(p_ <= 0.1, np.sign(r_), 0)) for p_, r_ in zip(p, r, strict=True)]
    chance = np.array([run.max() for run in runs[1:]])
    expected = np.where(runs[0] > 0, (1 + (chance[:, None] >= runs[0]).sum(axis=0)) / 100, np.nan)
    assert np.isfinite(expected).any()
    sizes = np.where(runs[0] > 0, 2.0 * runs[0], np.nan)
    same = [(found["p_cluster"].values[0, 0, 0], expected), (found["cluster_size"].values[0, 0, 0], sizes)]
    return max(float(np.abs(np.nan_to_num(a, nan=-1) - np.nan_to_num(b, nan=-1)).max()) for a, b in same)


def _runs(signs):
    """How long the run of one sign is that each place belongs to; 0 where the sign is 0."""
    numbers = np.cumsum(np.diff(signs, prepend=signs[0]) != 0)
    return np.where(signs != 0, np.bincount(numbers)[numbers], 0)


def _gls(y, exog, rho):
    return sm.GLS(y, exog, sigma=toeplitz(rho ** np.arange(len(y)))).fit()


def _ridge():
    table, series = _made()
    found = compute(
        RidgeRegression(design=table, strength=7.5, standardize=False, gap=0),
        make_context(200, frame_times=np.arange(200.0)),
        series,
    )
    values = table.to_numpy()
    fit = Ridge(alpha=7.5, solver="cholesky").fit(values, series)
    score = r2_score(series, fit.predict(values), multioutput="raw_values")
    return max(relative(found["beta"], fit.coef_.T), relative(found["r_squared"], score))


def _cross_validated():
    """Fold by fold, with gaps of 8 frames."""
    table, series = _made()
    given = {"design": table, "gap": 8.0, "n_folds": 4}
    context, values = make_context(200, frame_times=np.arange(200.0)), table.to_numpy()
    found = compute(RidgeRegression(**given), context, series)
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    scores = []
    for alpha in np.logspace(-3, 5, 9) * 200:
        errors, total = np.zeros(6), np.zeros(6)
        for test in np.split(np.arange(200), 4):
            learnt = np.setdiff1d(np.arange(200), np.arange(test[0] - 8, test[-1] + 9))
            fit = Ridge(alpha=alpha, solver="cholesky").fit(scaled[learnt], series[learnt])
            errors += ((series[test] - fit.predict(scaled[test])) ** 2).sum(axis=0)
            total += ((series[test] - series[learnt].mean(axis=0)) ** 2).sum(axis=0)
        scores.append(1 - errors / total)
    best = np.argmax(scores, axis=0)
    strengths = np.logspace(-3, 5, 9)[best] * 200
    return max(
        relative(found["cv_r_squared"], np.max(scores, axis=0)),
        relative(found["strength"], strengths),
        *(
            relative(found["beta"][:, v], Ridge(alpha=a, solver="cholesky").fit(scaled, series[:, v]).coef_)
            for v, a in enumerate(strengths)
        ),
    )


def _events_of_200():
    start = 5.0 + 10 * np.arange(19)
    events = pd.DataFrame({"start_time": start, "stop_time": start + 4, "side": np.resize(["left", "right", "up"], 19)})
    return make_context(200, frame_times=np.arange(200.0), events=events)


def _means():
    _, series = _made()
    found = compute(MeanRegression(events_by=("side",)), _events_of_200(), series)
    inside = (np.arange(200) - 5) % 10 < 4
    inside[195:] = False
    side = np.where(inside, np.resize(np.repeat(["left", "right", "up"], 10), 205)[(np.arange(200) - 5) % 205], "rest")
    table = pd.DataFrame(series).groupby(side)
    predicted = table.transform("mean").to_numpy()
    mean = table.mean().loc[["left", "right", "up", "rest"]].to_numpy()
    return max(
        relative(found["mean"], mean),
        relative(found["r_squared"], r2_score(series, predicted, multioutput="raw_values")),
    )


def _bilinear():
    _, series = _made()
    context = _events_of_200()
    found = compute(BilinearRegression(events_by=("side",), window=7.0), context, series)
    since = np.full(200, -1)
    side = np.full(200, -1)
    for k, start in enumerate(range(5, 195, 10)):
        since[start : start + 8], side[start : start + 8] = np.arange(8), k % 3
    first, second = (np.equal.outer(a, np.arange(n)).astype(float) for a, n in ((since, 8), (side, 3)))
    largest = 0.0
    for voxel, y in enumerate(series.T):
        course = np.linalg.lstsq(first, y, rcond=None)[0]
        course -= course.min()
        fit = sm.OLS(y, sm.add_constant(second * (first @ course)[:, None])).fit()
        largest = max(largest, relative(found["beta"][:, voxel], fit.params[1:]))
        largest = max(largest, relative(found["r_squared"][voxel], fit.rsquared))
    return largest


CASES = [
    Case(
        "regression",
        "statsmodels.OLS",
        "β, t, p, contrasts by t and F",
        lambda: _against(lambda y, exog, _: sm.OLS(y, exog).fit()),
    ),
    Case("regression", "statsmodels.GLS", "inference=ar1: β, t, p, contrasts", lambda: _against(_gls, inference="ar1")),
    Case("regression", "statsmodels.OLS, cov_type='HAC'", "inference=hac: t, p, contrasts", _newey_west),
    Case("regression", "sklearn.linear_model.LinearRegression", "R² of 4 blocked folds", _predicted),
    Case("regression", "statsmodels.OLS", "partial and unique R²", _unique),
    Case("regression", "statsmodels.OLS, shift by shift", "inference=circular_shift: p, p_fwer", _shifted),
    Case("regression", "numpy.corrcoef, shift by shift", "p of clusters along a row", _clusters_by_shift, 1e-6),
    Case("ridge_regression", "sklearn.linear_model.Ridge", "β, R² at a given strength", _ridge),
    Case("ridge_regression", "sklearn.linear_model.Ridge", "strength by 4 blocked folds", _cross_validated),
    Case("mean_regression", "pandas.groupby, sklearn.metrics.r2_score", "3 conditions and rest", _means),
    Case("bilinear_regression", "numpy.linalg.lstsq, statsmodels.OLS", "8 lags, 3 conditions", _bilinear),
]
