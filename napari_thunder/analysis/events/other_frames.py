"""What is known of a recording whose frames were made of those of another by weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import ThunderError
from napari_thunder.events import sample_signals

Values = NDArray[np.float64]


def with_other_frames(
    context: Context,
    weights: sparse.csr_array,
    keep: NDArray[np.bool_],
    frame_times: Values | None,
    events: pd.DataFrame | None,
) -> Context:
    """The context of frames that weights (kept frames afterwards, kept frames before) are of.

    Signals and motion are weighed as the series are. A signal that cannot be told at every frame (a gap, or times that
    do not cover the recording) is left behind.

    Parameters
    ----------
    context
        Before.
    weights
        Rows as many as `keep` has True.
    keep, frame_times, events
        Afterwards.
    """
    signals = None
    if context.signals is not None:
        known = {str(name): _weighed(context, str(name), weights, keep) for name in context.signals.columns}
        found = {name: values for name, values in known.items() if values is not None}
        signals = pd.DataFrame(found, index=pd.RangeIndex(len(keep), name="frame")) if found else None
    motion = None if context.motion is None else _filled(weights @ context.motion[context.keep], keep)
    return dataclasses.replace(
        context,
        n_frames=len(keep),
        keep=keep,
        frame_times=frame_times,
        events=events,
        signals=signals,
        motion=motion,
    )


def _weighed(context: Context, name: str, weights: sparse.csr_array, keep: NDArray[np.bool_]) -> Values | None:
    assert context.signals is not None
    try:
        sampled = sample_signals(context.signals[[name]], context.frame_times, context.n_frames)
    except ThunderError:
        return None
    return _filled(weights @ sampled[name].to_numpy(np.float64)[context.keep], keep)


def _filled(kept: Values, keep: NDArray[np.bool_]) -> Values:
    """Values of kept frames at all frames: those that are not kept have that of the kept one before (or after)."""
    place = np.clip(np.cumsum(keep) - 1, 0, None)
    filled: Values = kept[place]
    return filled
