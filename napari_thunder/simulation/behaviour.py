"""What happens to the fish, and what it does: moving gratings and swimming."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.simulation.settings import STREAM_SWIM, STREAM_TRIALS, Settings

_TRIAL_SECONDS = 8.0
_BOUTS_PER_SECOND = 0.12


def frame_times(settings: Settings) -> NDArray[np.float64]:
    """Start of each frame (t,) in s."""
    return np.arange(settings.n_frames) / settings.frame_rate


def make_events(settings: Settings) -> pd.DataFrame:
    """Motion in each direction (degrees), in random order, as often as the recording has time for.

    A trial lasts about 8 s: a quarter rest, a half motion, a quarter rest, in whole frames.
    """
    n = settings.n_directions
    wanted = max(4, round(_TRIAL_SECONDS * settings.frame_rate))
    cycles = max(1, round(settings.n_frames / (n * wanted)))
    length = max(2, settings.n_frames // (n * cycles))
    rng = settings.rng(STREAM_TRIALS)
    order = np.concatenate([rng.permutation(n) for _ in range(cycles)])[: settings.n_frames // length]
    start = np.arange(len(order)) * length + length // 4
    stop = start + max(1, length // 2)
    return pd.DataFrame(
        {
            "start_time": start / settings.frame_rate,
            "stop_time": stop / settings.frame_rate,
            "direction": order * 360.0 / n,
        }
    )


def make_swim(settings: Settings) -> NDArray[np.float64]:
    """Swim vigour in each frame (t,), 0 between bouts; bouts come at random, whatever moves around the fish."""
    rng = settings.rng(STREAM_SWIM)
    bouts = rng.random(settings.n_frames) < 1 - np.exp(-_BOUTS_PER_SECOND / settings.frame_rate)
    return np.where(bouts, rng.lognormal(0, 0.3, settings.n_frames), 0.0)


def make_signals(settings: Settings) -> pd.DataFrame:
    """The behaviour as a table of signals, by `time` in s."""
    return pd.DataFrame({"swim": make_swim(settings)}, index=pd.Index(frame_times(settings), name="time"))
