"""Preprocessing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage, signal, stats

import napari_thunder as nt
from napari_thunder.analysis.registry import make_step
from napari_thunder.passes import Passes
from napari_thunder.pipeline import context_of, default_engine
from tests.examples import Case

Values = NDArray[np.float64]

STEPS: dict[str, dict[str, Any]] = {
    "remove_signals": {"signals": ("swim",)},
    "spatial_smoothing": {"units": "voxels", "sigma": 1.0},
}

ONE_TO_FIVE = np.arange(1.0, 6.0)


def stepped(name: str, movie: Any, **given: Any) -> Values:
    """A movie (t, z, y, x), or series (t,) or (t, voxels), after a step, through an engine."""
    known = given.pop("known", {"frame_rate": 1.0})
    movie = np.asarray(movie, float)
    shape = (len(movie), *(1,) * (4 - movie.ndim), *movie.shape[1:])
    recording = nt.Recording.from_array(movie.reshape(shape), **known)
    passes = Passes(recording, default_engine(), nt.Job("step"), None, context_of(recording))
    passes.bind([make_step(name, given)])
    blocks, series = passes.blocks()
    found = np.full((passes.context.n_kept, *shape[1:]), np.nan)
    for block in blocks:
        read = movie.reshape(shape)[(slice(None), *block.padded)]
        part = np.full((len(found), block.n_voxels), np.nan)
        for columns, slab in series.slabs(read, block):
            part[:, columns] = slab
        found[(slice(None), *block.box)] = part.reshape(-1, *block.box_shape)
    return found.reshape(len(found), *movie.shape[1:])


def _series() -> Values:
    rng = np.random.default_rng(0)
    return 100 + rng.normal(size=(120, 6)) + rng.normal(size=(120, 6)).cumsum(axis=0) / 4


def _movie() -> Values:
    return np.random.default_rng(1).normal(100, 5, (12, 5, 14, 17))


def _apart(found: Values, expected: Any) -> float:
    expected = np.asarray(expected, float)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _smoothed(movie: Values, sigma: tuple[float, float, float]) -> Values:
    """Scipy's Gaussian over the whole movie, over what it makes of a movie of ones: what is outside does not count."""
    weight = ndimage.gaussian_filter(np.ones(movie.shape[1:]), sigma, mode="constant")
    return np.stack([ndimage.gaussian_filter(volume, sigma, mode="constant") / weight for volume in movie])


def _filtered(series: Values) -> Values:
    sections = signal.butter(2, (0.05, 0.2), "bandpass", fs=1.0, output="sos")
    return np.asarray(signal.sosfiltfilt(sections, series - series.mean(0), axis=0, padlen=15)) + series.mean(0)


def _maximin(series: Values) -> Values:
    f0 = ndimage.gaussian_filter1d(series, 10, axis=0)
    f0 = ndimage.maximum_filter1d(ndimage.minimum_filter1d(f0, 60, axis=0), 60, axis=0)
    return np.asarray((series - f0) / f0)


def _without_cosines(series: Values) -> Values:
    """As nilearn's `_cosine_drift` has them: cos(π / n (k (τ + 1/2))), k up to 2 n dt / period."""
    n = len(series)
    drift = np.stack([np.cos(np.pi / n * k * (np.arange(n) + 0.5)) for k in range(1, int(2 * n / 50) + 1)], axis=1)
    centred = series - series.mean(0)
    return series - drift @ np.linalg.lstsq(drift, centred, rcond=None)[0]


def _without_mean(movie: Values) -> Values:
    mean = movie.mean(axis=(1, 2, 3))
    design = np.stack([np.ones(len(mean)), mean], axis=1)
    flat = movie.reshape(len(movie), -1)
    weights = np.linalg.lstsq(design, flat, rcond=None)[0]
    return (flat - np.outer(mean - mean.mean(), weights[1])).reshape(movie.shape)


def _known(name: str, expected: Any, number: int, what: str, **given: Any) -> Case:
    series = given.pop("series", ONE_TO_FIVE)
    return Case(
        name, f"Thunder's known answer {number}", what, lambda: _apart(stepped(name, series, **given), expected), 1e-6
    )


CASES = [
    _known("convolve", [4, 10, 16, 22, 22], 13, "1…5 with 1, 2, 3", weights=(1, 2, 3), ends="zero"),
    _known("detrend", [1, 1, 1, 1, 1], 14, "1…5, level of the start", keep="start"),
    _known("delta_f_over_f", [-8 / 19, 2 / 19, 12 / 19, 22 / 19, 32 / 19], 15, "percentile 20, offset 0.1", offset=0.1),
    _known(
        "delta_f_over_f",
        [-20 / 31, -10 / 31, 0, 10 / 31, 20 / 31],
        16,
        "mean, offset 0.1",
        baseline="mean",
        offset=0.1,
    ),
    *(
        _known(
            "delta_f_over_f",
            ONE_TO_FIVE / np.array(f0) - 1,
            17,
            f"rolling window of {window} frames",
            baseline="rolling",
            window=window,
        )
        for window, f0 in ((2, [1.2, 1.4, 2.4, 3.4, 4.2]), (6, [1.6, 1.8, 1.8, 1.8, 2.6]))
    ),
    *(
        _known("downsample", expected, 21, f"0…{n - 1} by {factor}", series=np.arange(n), factor=factor)
        for n, factor, expected in ((8, 2, [0.5, 2.5, 4.5, 6.5]), (8, 4, [1.5, 5.5]), (9, 2, [0.5, 2.5, 4.5, 6.5]))
    ),
    Case(
        "z_score",
        "scipy.stats.zscore",
        "random walks",
        lambda: _apart(stepped("z_score", _series()), stats.zscore(_series(), axis=0)),
    ),
    Case(
        "detrend",
        "scipy.signal.detrend",
        "random walks, order 1",
        lambda: _apart(stepped("detrend", _series(), keep="nothing"), signal.detrend(_series(), axis=0)),
    ),
    Case(
        "detrend",
        "nilearn's cosines by numpy.linalg.lstsq",
        "random walks, period 50 s",
        lambda: _apart(stepped("detrend", _series(), method="cosine", period=50), _without_cosines(_series())),
    ),
    Case(
        "delta_f_over_f",
        "scipy.ndimage filters as in suite2p",
        "random walks, maximin",
        lambda: _apart(stepped("delta_f_over_f", _series(), baseline="maximin"), _maximin(_series())),
    ),
    Case(
        "temporal_filter",
        "scipy.signal.sosfiltfilt",
        "random walks, 0.05–0.2 Hz",
        lambda: _apart(stepped("temporal_filter", _series(), low=0.05, high=0.2), _filtered(_series())),
    ),
    Case(
        "convolve",
        "scipy.ndimage.convolve1d",
        "random walks, nearest value outside",
        lambda: _apart(
            stepped("convolve", _series(), weights=(1, 3, 2, 0, 5)),
            ndimage.convolve1d(_series(), (1, 3, 2, 0, 5), axis=0, mode="nearest"),
        ),
    ),
    Case(
        "remove_global_signal",
        "numpy.linalg.lstsq",
        "noise",
        lambda: _apart(stepped("remove_global_signal", _movie()), _without_mean(_movie())),
    ),
    Case(
        "spatial_smoothing",
        "scipy.ndimage.gaussian_filter",
        "voxels of 3 × 1 × 0.8 µm",
        lambda: _apart(
            stepped("spatial_smoothing", _movie(), sigma=1.5, known={"voxel_size": (3, 1, 0.8)}),
            _smoothed(_movie(), (0.5, 1.5, 1.875)),
        ),
    ),
    Case("subsample", "numpy", "random walks", lambda: _apart(stepped("subsample", _series(), step=3), _series()[::3])),
    Case(
        "squelch",
        "numpy",
        "random walks, as in Thunder's known answer 24",
        lambda: _apart(stepped("squelch", _series(), threshold=103), _series() * (_series().max(0) >= 103)),
    ),
    Case(
        "remove_signals",
        "numpy.linalg.lstsq",
        "the first of six random walks and a constant",
        lambda: _apart(_without_signal(), _regressed(_series())),
    ),
]


def _without_signal() -> Values:
    table = pd.DataFrame({"swim": _series()[:, 0]})
    known = {"frame_rate": 1.0, "signals": table}
    return stepped("remove_signals", _series()[:, 1:], signals=("swim",), known=known)


def _regressed(series: Values) -> Values:
    design = np.stack([np.ones(len(series)), series[:, 0]], axis=1)
    weights = np.linalg.lstsq(design, series[:, 1:], rcond=None)[0]
    return series[:, 1:] - np.outer(series[:, 0] - series[:, 0].mean(), weights[1])
