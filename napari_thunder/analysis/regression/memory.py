"""How many frames activity is remembered for."""

from __future__ import annotations

import numpy as np

from napari_thunder.analysis.protocol import Context
from napari_thunder.events import Kernel
from napari_thunder.events.frame_span import frame_duration

_DECAYS = 5.0
"""Decay times after which an indicator has nearly forgotten."""


def in_frames(seconds: float, context: Context, what: str) -> int:
    """So many frames are as long as that, or longer.

    Raises
    ------
    MissingMetadataError
        If the frame times are not known.
    """
    return int(np.ceil(seconds / frame_duration(context.need_frame_times(what)) - 1e-6))


def remembered(kernel: Kernel | None, context: Context) -> int:
    """Frames until an indicator has nearly forgotten; 0 if that is not known."""
    if kernel is None or context.frame_times is None:
        return 0
    return in_frames(_DECAYS * kernel.decay, context, "")


def share_of(context: Context, share: float) -> int:
    """Frames of a share of the recording."""
    return int(np.ceil(share * context.n_frames))
