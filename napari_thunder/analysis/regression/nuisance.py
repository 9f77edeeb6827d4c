"""Regressors that stand beside those of interest: slow drift and motion."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.polynomial import legendre

from napari_thunder.analysis.design import Values
from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError, MissingMetadataError


def drift_regressors(context: Context, period: float | None, order: int, what: str) -> pd.DataFrame:
    """Cosines slower than a period, and polynomials, over all frames (t, n); n may be 0.

    Parameters
    ----------
    period
        s. Cosines of half periods k = 1 … floor(2 T / period) over the recording's length T, as in SPM and nilearn;
        None for none.
    order
        Legendre polynomials of degree 1 to this.

    Raises
    ------
    MissingMetadataError
        If a period is given and the frame times are not known.
    AnalysisError
        If a period is longer than twice the recording, so that no cosine is that slow, or shorter than two frames.
    """
    n = context.n_frames
    made = {f"drift {k}": legendre.legval(np.linspace(-1, 1, n), np.eye(order + 1)[k]) for k in range(1, order + 1)}
    place = (2 * np.arange(n) + 1) / (2 * n)
    for k in range(1, _n_cosines(context, period, what) + 1):
        made[f"drift cos {k}"] = np.cos(np.pi * k * place)
    return pd.DataFrame(made, index=pd.RangeIndex(n, name="frame"))


def _n_cosines(context: Context, period: float | None, what: str) -> int:
    if period is None:
        return 0
    interval = float(np.median(np.diff(context.need_frame_times(f"{what} with drift_period"))))
    length = context.n_frames * interval
    if not 2 * interval < period <= 2 * length:
        raise AnalysisError(
            f"{context.name}: {what}: drift_period={period:g} s must lie between two frames ({2 * interval:g} s) and "
            f"twice the length of the recording ({2 * length:g} s)."
        )
    return int(np.floor(2 * length / period * (1 + 1e-9)))


def motion_regressors(context: Context, what: str) -> pd.DataFrame:
    """How the brain moved, in voxels, and how fast, over all frames (t, up to 6): axes it did not move along are out.

    Raises
    ------
    MissingMetadataError
        If the motion is not known.
    """
    if context.motion is None:
        raise MissingMetadataError(
            f"{context.name}: {what}: motion needs the shifts of the frames, which are not known. Register the "
            "recording (Motion), or leave motion out."
        )
    moved = np.stack([_filled(along) for along in context.motion.T])
    made: dict[str, Values] = {}
    for axis, along in zip("zyx", moved, strict=True):
        made[f"motion {axis}"] = along
        made[f"motion d{axis}"] = np.gradient(along) if len(along) > 1 else np.zeros(1)
    varying = {name: v for name, v in made.items() if np.ptp(v[context.keep]) > 1e-9}
    return pd.DataFrame(varying, index=pd.RangeIndex(context.n_frames, name="frame"))


def _filled(along: Values) -> Values:
    """With frames of unknown motion, which are excluded ones, filled in from those beside them."""
    known = np.isfinite(along)
    frames = np.arange(len(along))
    return np.interp(frames, frames[known], along[known]) if known.any() else np.zeros(len(along))
