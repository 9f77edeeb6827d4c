"""What is known of a recording, after its frames became fewer."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Context

Values = NDArray[np.float64]


def mean_of_runs(context: Context, length: int) -> Context:
    """For frames that are means of runs of so many frames, without the excluded ones; a shorter run at the end is gone.

    A run without any kept frame is an excluded frame. Frames begin when the first of their run does. Signals are
    sampled at the old frames, and they and the motion are averaged as the movie is. Events keep their times.
    """
    count = context.n_frames // length
    kept = _runs(context.keep, count, length).sum(axis=1)
    signals = signals_of_frames(context)
    return dataclasses.replace(
        context,
        n_frames=count,
        keep=kept > 0,
        frame_times=None if context.frame_times is None else context.frame_times[::length][:count],
        signals=context.signals if signals is None else _averaged(signals, context.keep, count, length),
        motion=None if context.motion is None else _mean(context.motion, context.keep, count, length),
    )


def every(context: Context, step: int) -> Context:
    """For every so many-th frame, from the first one on; signals are sampled at those, events keep their times."""
    signals = signals_of_frames(context)
    chosen = slice(None, None, step)
    keep = context.keep[chosen]
    return dataclasses.replace(
        context,
        n_frames=len(keep),
        keep=keep,
        frame_times=None if context.frame_times is None else context.frame_times[chosen],
        signals=context.signals if signals is None else _numbered(signals.iloc[chosen]),
        motion=None if context.motion is None else context.motion[chosen],
    )


def signals_of_frames(context: Context) -> pd.DataFrame | None:
    """Behaviour signals at each frame (t, n), indexed by frame, NaN where they have gaps or do not reach.

    None if there are none, or if they are given by time and the times of the frames are not known.
    """
    signals = context.signals
    if signals is None or (signals.index.name == "time" and context.frame_times is None):
        return None
    wanted = context.frame_times if signals.index.name == "time" else None
    wanted = np.arange(context.n_frames, dtype=np.float64) if wanted is None else wanted
    known = signals.index.to_numpy(np.float64)
    sampled = {
        name: np.interp(wanted, known, signals[name].to_numpy(np.float64), left=np.nan, right=np.nan)
        for name in signals.columns
    }
    return _numbered(pd.DataFrame(sampled))


def _averaged(signals: pd.DataFrame, keep: NDArray[np.bool_], count: int, length: int) -> pd.DataFrame:
    values = signals.to_numpy(np.float64)
    return _numbered(pd.DataFrame(_mean(values, keep, count, length), columns=signals.columns))


def _mean(values: Values, keep: NDArray[np.bool_], count: int, length: int) -> Values:
    """Means (count, n) of the kept ones of each run of values (t, n); of all of a run where none is kept."""
    weights = _runs(keep, count, length).astype(np.float64)
    weights[weights.sum(axis=1) == 0] = 1
    runs = _runs(values, count, length)
    weighted = np.where(weights[..., None] > 0, runs, 0).sum(axis=1)
    return np.asarray(weighted / weights.sum(axis=1)[:, None])


def _runs(values: NDArray[np.generic], count: int, length: int) -> NDArray[np.generic]:
    return values[: count * length].reshape(count, length, *values.shape[1:])


def _numbered(signals: pd.DataFrame) -> pd.DataFrame:
    return signals.set_axis(pd.RangeIndex(len(signals), name="frame"), axis=0)
