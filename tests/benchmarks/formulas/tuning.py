"""Tuning to directions, and to behaviour."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xarray as xr
from scipy import optimize, special, stats
from threadpoolctl import threadpool_limits

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Trials, Values, over_slabs, swim
from tests.benchmarks.task import Agree, Task, angles_agree, same


def angular(folds: int) -> Callable[[Movie, nt.Recording], Maps]:
    """Vector sum of mean responses, index of the peak, and F of two harmonics; folds 1 direction, 2 orientation."""

    def by_hand(movie: Movie, recording: nt.Recording) -> Maps:
        trials = Trials.of(recording)
        weights, angle = trials.mean_responses, np.deg2rad(trials.directions)
        test = _Harmonics(trials, folds)
        turned = np.argmin(np.abs(np.mod(trials.directions[:, None] + 180 / folds, 360) - trials.directions), axis=1)
        back = np.argmin(np.abs(np.mod(trials.directions[:, None] - 180 / folds, 360) - trials.directions), axis=1)
        wave = np.exp(1j * folds * angle)

        def of(y: Values) -> Maps:
            y -= y.mean(0)
            response = weights @ y
            positive = np.maximum(response, 0)
            vector = wave @ positive
            peak = positive.argmax(0)
            voxel = np.arange(len(peak))
            high = positive[peak, voxel]
            low = (positive[turned[peak], voxel] + positive[back[peak], voxel]) / 2
            return {
                "response": response,
                ("preferred_direction", "preferred_orientation")[folds - 1]: np.mod(
                    np.rad2deg(np.angle(vector)) / folds, 360 / folds
                ),
                "selectivity": np.abs(vector) / positive.sum(0),
                ("dsi", "osi")[folds - 1]: (high - low) / (high + low),
                **test(y),
            }

        maps = over_slabs(movie, of)
        return maps | _curves_by_peak(maps)

    return by_hand


class _Harmonics:
    """F of regressors that are cosines and sines of the direction that is shown, beside others."""

    def __init__(self, trials: Trials, folds: int) -> None:
        angle = np.deg2rad(trials.directions)[:, None]
        waves = [np.hstack([np.cos(k * angle), np.sin(k * angle)]) for k in (1, 2, 4)]
        tested = waves[0:2] if folds == 1 else waves[1:3]
        beside = [np.ones_like(angle)] + ([waves[0]] if folds == 2 else [])
        self._fit(trials.shown(), np.hstack(beside), np.hstack(tested))

    def _fit(self, shown: Values, beside: Values, tested: Values) -> None:
        self.base = _basis(shown @ beside)
        columns = shown @ tested
        columns = columns - columns.mean(0)
        self.added = _basis(columns - self.base @ (self.base.T @ columns))
        self.dof = len(shown) - 1 - self.base.shape[1] - self.added.shape[1]

    def __call__(self, y: Values) -> Maps:
        total, explained = (y * y).sum(0), ((self.added.T @ y) ** 2).sum(0)
        residual = total - explained - ((self.base.T @ y) ** 2).sum(0)
        q = self.added.shape[1]
        f = explained / q / (residual / self.dof)
        return {"f_statistic": f, "p": special.fdtrc(q, self.dof, f), "r_squared": 1 - residual / total}


class _EachCondition(_Harmonics):
    """F of a regressor for each condition, beside one for all."""

    def __init__(self, trials: Trials) -> None:
        shown = trials.shown()
        self._fit(shown, np.ones((shown.shape[1], 1)), np.eye(shown.shape[1]))


def _basis(columns: Values) -> Values:
    u, s, _ = np.linalg.svd(columns - columns.mean(0), full_matrices=False)
    return np.asarray(u[:, s > 1e-8 * s[0]])


def _curves_by_peak(maps: Maps) -> Maps:
    """Mean curves of the significant voxels, by their peak."""
    curves = maps["response"][:, maps["p_fdr"] < 0.05].astype(np.float64)
    peak = curves.argmax(0)
    mean = [curves[:, peak == k].mean(1) if (peak == k).any() else np.full(len(curves), np.nan) for k in range(8)]
    return {"tuning_curve": np.stack(mean, 1)}


def tuning_moments(movie: Movie, recording: nt.Recording) -> Maps:
    """Mean angle and concentration of the responses above the least."""
    trials = Trials.of(recording)
    weights, wave = trials.mean_responses, np.exp(1j * np.deg2rad(trials.directions))

    def of(y: Values) -> Maps:
        response = weights @ (y - y.mean(0))
        response -= response.min(0)
        vector = wave @ (response / response.sum(0))
        v = np.abs(vector)
        low, middle = 2 * v + v**3 + 5 * v**5 / 6, -0.4 + 1.39 * v + 0.43 / (1 - v)
        kappa = np.where(v < 0.53, low, np.where(v < 0.85, middle, 1 / (v**3 - 4 * v**2 + 3 * v)))
        return {"center": np.mod(np.rad2deg(np.angle(vector)), 360), "spread": kappa}

    return over_slabs(movie, of)


def behaviour_modulation(movie: Movie, recording: nt.Recording) -> Maps:
    """Welch's t-test of frames with and without swimming."""
    active = swim(recording) >= 0.01

    def of(y: Values) -> Maps:
        a, b = y[active], y[~active]
        high, low = a.mean(0), b.mean(0)
        t, p = stats.ttest_ind(a, b, equal_var=False)
        return {
            "active": high,
            "quiet": low,
            "modulation": (high - low) / np.abs(np.where(high > low, high, low)),
            "t": t,
            "p": p,
        }

    return over_slabs(movie, of)


def feature_tuning(movie: Movie, recording: nt.Recording) -> Maps:
    """Means in four bins of the signal, and their analysis of variance."""
    signal = swim(recording)
    edges = np.linspace(signal.min(), signal.max(), 5)
    at = np.clip(np.digitize(signal, edges) - 1, 0, 3)
    used = [k for k in range(4) if (at == k).sum() >= 2]
    middle = (edges[1:] + edges[:-1]) / 2
    frames = [np.flatnonzero(at == k) for k in used]
    n = sum(map(len, frames))

    def of(y: Values) -> Maps:
        parts = [y[rows] for rows in frames]
        means = np.stack([part.mean(0) for part in parts])
        whole = y[np.concatenate(frames)] if n < len(y) else y
        within = sum(((part - m) ** 2).sum(0) for part, m in zip(parts, means, strict=True))
        total = ((whole - whole.mean(0)) ** 2).sum(0)
        f = (total - within) / (len(used) - 1) / (within / (n - len(used)))
        tuning = np.full((4, y.shape[1]), np.nan)
        tuning[used] = means
        p = special.fdtrc(len(used) - 1, n - len(used), f)
        preferred = middle[used][means.argmax(0)]
        return {"tuning": tuning, "preferred": preferred, "f_statistic": f, "p": p, "r_squared": 1 - within / total}

    return over_slabs(movie, of)


def gaussian_tuning(movie: Movie, recording: nt.Recording) -> Maps:
    """A Gaussian of the mean responses by scipy, voxel by voxel, and again for each repeat that is left out."""
    trials = Trials.of(recording)
    x = (trials.directions - trials.directions[0]) / 45
    bounds = ([-np.inf, 0, -1, 1 / 3], [np.inf, np.inf, x[-1] + 1, x[-1]])

    def curve(x: Values, b: float, a: float, place: float, width: float) -> Values:
        return b + a * np.exp(-((x - place) ** 2) / (2 * width**2))

    def start(r: Values) -> list[float]:
        return [r.min(), np.ptp(r) + 1e-9, float(x[r.argmax()]), 1.0]

    return _fitted(movie, trials, _EachCondition(trials), x, curve, start, bounds)


def von_mises_tuning(movie: Movie, recording: nt.Recording) -> Maps:
    """Two opposite von Mises peaks, likewise."""
    trials = Trials.of(recording)
    x = np.deg2rad(trials.directions)
    bounds = ([0, 0, 0, -np.inf, 0.1], [np.inf, np.inf, np.inf, np.inf, 20])

    def curve(x: Values, b: float, a: float, second: float, place: float, k: float) -> Values:
        away = np.cos(x - place)
        return b + a * np.exp(k * (away - 1)) + second * np.exp(k * (-away - 1))

    def start(r: Values) -> list[float]:
        height = np.ptp(r) + 1e-9
        return [max(r.min(), 0), height, height / 2, float(x[r.argmax()]), 1.0]

    return _fitted(movie, trials, _Harmonics(trials, 1), x, curve, start, bounds)


def _fitted(
    movie: Movie,
    trials: Trials,
    test: _Harmonics,
    x: Values,
    curve: Callable[..., Values],
    start: Callable[[Values], list[float]],
    bounds: tuple[list[float], list[float]],
) -> Maps:
    """The test of all voxels, and R² of the fit of those with p < 0.05, with that of trials left out."""
    responses, groups = trials.responses, trials.groups
    tested = over_slabs(movie, lambda y: test(y - y.mean(0)))
    chosen = np.flatnonzero(tested["p"] < 0.05)
    r_squared, predicted = (np.full(movie.shape[1], np.nan) for _ in range(2))

    def fit(r: Values, given: Values | None = None) -> Values:
        try:
            return optimize.curve_fit(curve, x, r, start(r) if given is None else given, bounds=bounds)[0]
        except RuntimeError:
            return np.array(start(r))

    def of(voxel: int) -> None:
        each = responses @ movie[:, voxel].astype(np.float64)
        repeats = np.stack([each[g] for g in groups])
        r = repeats.mean(1)
        best = fit(r)
        r_squared[voxel] = 1 - ((r - curve(x, *best)) ** 2).sum() / ((r - r.mean()) ** 2).sum()
        error = total = 0.0
        for k in range(repeats.shape[1]):
            others = np.delete(repeats, k, axis=1)
            error += ((repeats[:, k] - curve(x, *fit(others.mean(1), best))) ** 2).sum()
            total += ((repeats[:, k] - others.mean()) ** 2).sum()
        predicted[voxel] = 1 - error / total

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(2) as pool:
        list(pool.map(of, chosen))
    return {name: tested[name] for name in ("f_statistic", "p")} | {"r_squared": r_squared, "cv_r_squared": predicted}


def _fits_agree(result: xr.Dataset, hand: Maps) -> None:
    """The test is the same; our fit is as good as scipy's nearly everywhere, which may stop at a lesser optimum."""
    same(result, {name: hand[name] for name in ("f_statistic", "p")})
    ours, theirs = result["r_squared"].to_numpy().ravel(), hand["r_squared"]
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.sum() > 10
    assert np.quantile(ours[both] - theirs[both], 0.05) > -1e-4
    assert np.mean(np.abs(ours[both] - theirs[both]) < 1e-3) > 0.7


def tuning_reliability(movie: Movie, recording: nt.Recording) -> Maps:
    """Analysis of variance, 100 shuffles, 100 resamples, correlation between trials."""
    trials = Trials.of(recording)
    order = np.concatenate(trials.groups)
    weights, ahead = trials.responses[order], trials.ahead
    counts = np.array([len(g) for g in trials.groups])
    label = np.repeat(np.arange(len(counts)), counts)
    average = (label == np.arange(len(counts))[:, None]) / counts[:, None]
    wave = np.exp(1j * np.deg2rad(trials.directions))
    rng = np.random.default_rng(0)
    shuffles = [average[:, rng.permutation(len(label))] for _ in range(100)]
    draws = [_drawn(average, label, rng) for _ in range(100)]
    courses = trials.start[order][:, None] + np.arange(int((trials.stop - trials.start).min()))
    inside = np.concatenate([np.arange(max(s - trials.before, 0), s) for s in trials.start])
    of_trial = np.repeat(np.arange(len(trials.start)), trials.start - np.maximum(trials.start - trials.before, 0))

    def of(y: Values) -> Maps:
        y -= y.mean(0)
        r = weights @ y
        means = average @ r
        f = stats.f_oneway(*[r[label == k] for k in range(len(counts))])
        vector = wave @ np.maximum(means, 0)
        shuffled = np.stack([np.abs(wave @ np.maximum(s @ r, 0)) for s in shuffles])
        angles = np.stack([np.angle((wave @ np.maximum(d @ r, 0)) / vector) for d in draws])
        low, high = np.rad2deg(np.percentile(angles, [2.5, 97.5], axis=0))
        peak = means.argmax(0)
        noise = np.sqrt(((y[inside] - (ahead @ y)[of_trial]) ** 2).sum(0) / (len(inside) - len(trials.start)))
        positive = np.maximum(means, 0)
        n = len(counts)
        return {
            "f_statistic": f.statistic,
            "p": f.pvalue,
            "preferred_direction": np.mod(np.rad2deg(np.angle(vector)), 360),
            "selectivity": np.abs(vector) / positive.sum(0),
            "p_permutation": (1 + (shuffled >= np.abs(vector) * (1 - 1e-9)).sum(0)) / 101,
            "ci_width": high - low,
            "reliability": _alike(y[courses], label, peak),
            "response_reliability": _above(r, 2 * noise, average, peak),
            "lifetime_sparseness": (1 - positive.sum(0) ** 2 / (n * (positive**2).sum(0))) / (1 - 1 / n),
        }

    return over_slabs(movie, of)


def _drawn(average: Values, label: Values, rng: np.random.Generator) -> Values:
    """Weights of means of trials drawn with replacement within each condition."""
    columns = np.concatenate([rng.choice(np.flatnonzero(label == k), (label == k).sum()) for k in np.unique(label)])
    return np.stack([np.bincount(columns, row, len(label)) for row in average])


def _above(r: Values, threshold: Values, average: Values, peak: Values) -> Values:
    """Share of the trials at the peak that are above a threshold."""
    return np.asarray((average @ (r > threshold))[peak, np.arange(len(peak))])


def _alike(courses: Values, label: Values, peak: Values) -> Values:
    """Mean correlation of all pairs of courses (trials, lags, voxels) at the peak."""
    unit = courses - courses.mean(1, keepdims=True)
    unit /= np.sqrt((unit * unit).sum(1, keepdims=True))
    found = np.empty((label.max() + 1, len(peak)))
    for k in range(len(found)):
        own = unit[label == k]
        found[k] = ((own.sum(0) ** 2).sum(0) - len(own)) / (len(own) * (len(own) - 1))
    return np.asarray(found[peak, np.arange(len(peak))])


def _nearly(result: xr.Dataset, hand: Maps) -> None:
    """What is not random is the same, but at voxels with two equal peaks; the rest on average."""
    chance, of_peak = ("p_permutation", "ci_width"), ("reliability", "response_reliability")
    angle = "preferred_direction"
    same(result, {name: v for name, v in hand.items() if name not in (*chance, *of_peak, angle)})
    angles_agree(result[angle].to_numpy(), hand[angle])
    for name in of_peak:
        assert np.mean(np.isclose(result[name].to_numpy().ravel(), hand[name], atol=1e-4)) > 0.99
    for name in chance:
        known = np.isfinite(result[name].to_numpy().ravel())
        ours, theirs = result[name].to_numpy().ravel()[known], hand[name][known]
        assert abs(ours.mean() - theirs.mean()) < 0.05 * theirs.mean()
        assert np.corrcoef(ours, theirs)[0, 1] > 0.8


def _with_angle(name: str, period: float) -> Agree:
    """All the same, but for an angle, which may lie on either side of its period."""

    def agree(result: xr.Dataset, hand: Maps) -> None:
        same(result, {key: values for key, values in hand.items() if key != name})
        angles_agree(result[name].to_numpy(), hand[name], period)

    return agree


_LOOP = "by hand with scipy's curve_fit, a voxel at a time"
TASKS = {
    "direction_tuning": Task(nt.DirectionTuning(), angular(1), agree=_with_angle("preferred_direction", 360)),
    "orientation_tuning": Task(nt.OrientationTuning(), angular(2), agree=_with_angle("preferred_orientation", 180)),
    "tuning_moments": Task(nt.TuningMoments(), tuning_moments, agree=_with_angle("center", 360)),
    "behaviour_modulation": Task(nt.BehaviourModulation(threshold=0.01), behaviour_modulation),
    "feature_tuning": Task(nt.FeatureTuning(n_bins=4, least_frames=2), feature_tuning),
    "gaussian_tuning": Task(
        nt.GaussianTuning(column="direction"), gaussian_tuning, share=1728, agree=_fits_agree, note=_LOOP
    ),
    "von_mises_tuning": Task(nt.VonMisesTuning(), von_mises_tuning, share=1728, agree=_fits_agree, note=_LOOP),
    "tuning_reliability": Task(
        nt.TuningReliability(n_permutations=100, n_bootstrap=100),
        tuning_reliability,
        share=8,
        agree=_nearly,
        note="100 shuffles and 100 resamples",
    ),
}
