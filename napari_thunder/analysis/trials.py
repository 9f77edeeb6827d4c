"""Events as trials: which frames, with which weights, answer for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ROUNDING = 0.01
"""Share of a frame by which event times may be rounded."""


@dataclass(frozen=True, slots=True)
class Window:
    """Where the answer to an event is looked for, in s from its start.

    Parameters
    ----------
    baseline
        Length of the time before the start that is subtracted; 0 for none.
    delay
        Start of the response window.
    duration
        Length of the response window; None: as long as each event.
    before, after
        Further lags that are wanted, on either side of the start.
    """

    baseline: float
    delay: float
    duration: float | None
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Trials:
    """The weights that turn series of the kept frames (t, voxels) into what each trial answered.

    Parameters
    ----------
    responses
        (trials, t) mean over the response window minus mean over the baseline; 0 for a trial that is not usable.
    baselines
        (trials, t) mean over the baseline; 0 where there is none.
    usable
        (trials,) False for a trial with no frame in its response window or its baseline.
    lags
        (lags,) s from the start of the event, one (median) frame apart, with 0 among them.
    samples
        (trials · lags, t) the series at each lag.
    sampled
        (trials, lags) False where a lag lies outside the recording or touches an excluded frame; its weights are 0.
    in_response, in_baseline
        (trials, lags) which of the sampled lags lie in the response window, and in the baseline.
    """

    responses: sparse.csr_array
    baselines: sparse.csr_array
    usable: Flags
    lags: Values
    samples: sparse.csr_array
    sampled: Flags
    in_response: Flags
    in_baseline: Flags

    @property
    def warnings(self) -> list[str]:
        """What to tell about events that could not be used."""
        dropped = int((~self.usable).sum())
        text = f"{dropped} of {len(self.usable)} events left out: no kept frame in their response window or baseline."
        return [text] if dropped else []


def make_trials(events: pd.DataFrame, window: Window, context: Context, what: str) -> Trials:
    """Weights of frames for each event.

    The series are interpolated linearly between the starts of frames; windows are half open, [from, to), and hold one
    lag at least. An excluded frame is never interpolated from or across.

    Raises
    ------
    MissingMetadataError
        If the frame times are not known.
    AnalysisError
        If a window is longer than the recording, the baseline shorter than a frame, or no event is usable.
    """
    context.need_frames(2, what)
    times = context.need_frame_times(what)
    interval = float(np.median(np.diff(times)))
    _check_window(window, float(times[-1] - times[0]) + interval, context, what)
    start = events["start_time"].to_numpy(np.float64)
    lasts = events["stop_time"].to_numpy(np.float64) - start
    length = lasts if window.duration is None else np.full(len(start), window.duration)
    lags = _lags(window, float(length.max()), interval)
    samples, sampled = _interpolation(start[:, None] + lags, times, context.keep)

    slack = _ROUNDING * interval
    after_delay = lags - window.delay + slack
    in_response = (after_delay >= 0) & (after_delay < np.maximum(length, interval)[:, None]) & sampled
    in_baseline = (lags >= -window.baseline - slack) & (lags < -slack) & sampled
    answers, grounds = _Mean.over(in_response), _Mean.over(in_baseline)
    usable = answers.possible & (grounds.possible | (window.baseline == 0))
    if not usable.any():
        raise AnalysisError(
            f"{context.name}: {what}: none of the {len(start)} events has kept frames both in its response window and "
            f"in its baseline of {window.baseline:g} s (a frame: {interval:g} s). Change baseline, delay or duration."
        )
    only = sparse.diags_array(usable.astype(np.float64))
    baselines = only @ grounds.weights @ samples
    responses = only @ answers.weights @ samples - baselines
    return Trials(responses.tocsr(), baselines.tocsr(), usable, lags, samples, sampled, in_response, in_baseline)


def _check_window(window: Window, recorded: float, context: Context, what: str) -> None:
    """Refuse lengths that no recording of so many seconds has, before room is made for all their lags."""
    for name in ("baseline", "delay", "duration", "before", "after"):
        length = getattr(window, name)
        if length is not None and abs(length) > recorded:
            raise AnalysisError(
                f"{context.name}: {what}: {name}={length:g} s is longer than the recording, which lasts {recorded:g} s."
            )


def _lags(window: Window, longest: float, interval: float) -> Values:
    """Lags on the grid of frames that cover baseline, response and whatever else is wanted."""
    first = min(-window.baseline, -window.before, window.delay) / interval
    last = max(window.delay + max(longest, interval), window.after) / interval
    return interval * np.arange(np.ceil(first - _ROUNDING), np.floor(last + _ROUNDING) + 1)


def _interpolation(wanted: Values, times: Values, keep: Flags) -> tuple[sparse.csr_array, Flags]:
    """Weights (wanted.size, kept frames) of linear interpolation, and where it can be done (as `wanted`)."""
    place, last = _places(wanted.ravel(), times), len(times) - 1
    inside = (place >= 0) & (place <= last)
    low = np.where(inside, np.floor(place), 0).astype(np.intp)
    share = np.where(inside, place - low, 0.0)
    high = np.where(share > 0, low + 1, low)
    rows = np.flatnonzero(inside & keep[low] & keep[high])
    column = np.cumsum(keep) - 1
    weights = sparse.coo_array(
        (
            np.concatenate([1 - share[rows], share[rows]]),
            (np.concatenate([rows, rows]), np.concatenate([column[low[rows]], column[high[rows]]])),
        ),
        shape=(wanted.size, int(keep.sum())),
    ).tocsr()
    weights.eliminate_zeros()
    possible = np.zeros(wanted.size, bool)
    possible[rows] = True
    return weights, possible.reshape(wanted.shape)


def _places(wanted: Values, times: Values) -> Values:
    """Times as frame numbers with fractions, without what is rounding; -1 or the number of frames outside."""
    n = len(times)
    place = np.interp(wanted, times, np.arange(n), left=-1, right=n)
    slack = _ROUNDING * float(np.median(np.diff(times)))
    place[np.abs(wanted - times[0]) <= slack] = 0
    place[np.abs(wanted - times[-1]) <= slack] = n - 1
    whole = np.round(place)
    return np.where(np.abs(place - whole) <= _ROUNDING, whole, place)


@dataclass(frozen=True, slots=True)
class _Mean:
    """Weights (trials, trials · lags) of each trial's mean over chosen lags, and whether it has any."""

    weights: sparse.csr_array
    possible: Flags

    @classmethod
    def over(cls, chosen: Flags) -> _Mean:
        n_trials, n_lags = chosen.shape
        trial, lag = np.nonzero(chosen)
        count = chosen.sum(axis=1)
        place = (trial, trial * n_lags + lag)
        weights = sparse.coo_array((1 / count[trial], place), shape=(n_trials, n_trials * n_lags))
        return cls(weights.tocsr(), count > 0)


def averages(groups: Sequence[NDArray[np.intp]], n_trials: int) -> sparse.csr_array:
    """Weights (groups, trials) of the mean over each group's trials, of which each has one at least."""
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    values = np.concatenate([np.full(len(group), 1 / len(group)) for group in groups])
    weights = sparse.coo_array((values, (rows, np.concatenate(groups))), shape=(len(groups), n_trials))
    return weights.tocsr()
