"""Two models of your own: copy this file, change it, and choose it under Analyze, or run it from a terminal:

    napari-thunder run example_model.py RECORDING --function event_gain --set lag=2 --output gain.zarr

Delete what you do not need. A file with one function needs no --function.
"""

from typing import Literal

import numpy as np
from scipy.optimize import curve_fit


def event_gain(block, events, frame_times, lag: float = 0.0, baseline: Literal["mean", "median"] = "median"):
    """How much brighter each voxel is during events than between them.

    The function gets many voxels at once, as an array (time, voxels) of numbers, and gives back maps by name, each with
    one number for each voxel. `events` and `frame_times` are given because it names them; leave them out if you do not
    need them. What has a default is a field of the form, with its help from here.

    Parameters
    ----------
    lag
        Seconds that the response comes after the event
    baseline
        How the activity between events is averaged
    """
    during = np.zeros(len(block), bool)
    for _, event in events.iterrows():
        since = frame_times - lag
        during |= (since >= event["start_time"]) & (since < event["stop_time"])
    rest = np.median(block[~during], axis=0) if baseline == "median" else block[~during].mean(axis=0)
    gain = block[during].mean(axis=0) - rest
    return {"gain": gain, "relative_gain": gain / rest}


def decay(trace, frame_times, longest: float = 10.0):
    """How long activity outlasts itself: an exponential fitted to the autocorrelation of one voxel.

    The function gets the series of one voxel (time,), as one writes it for a single cell, and is run on all cores.
    Where it cannot say anything it gives NaN.

    Parameters
    ----------
    longest
        Seconds of the autocorrelation that are fitted
    """
    interval = np.median(np.diff(frame_times))
    lags = np.arange(1, max(4, int(longest / interval)))
    centred = trace - trace.mean()
    correlation = np.array([np.dot(centred[lag:], centred[:-lag]) for lag in lags]) / np.dot(centred, centred)
    try:
        (height, tau), _ = curve_fit(_exponential, lags * interval, correlation, p0=(0.5, longest / 4), maxfev=200)
    except RuntimeError:  # no curve fits
        return {"tau": np.nan, "height": np.nan}
    return {"tau": tau if 0 < tau < 10 * longest else np.nan, "height": height}


decay.per = "voxel"


def _exponential(lag, height, tau):
    return height * np.exp(-lag / tau)
