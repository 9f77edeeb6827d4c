"""Series without negative values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import varies


def made_non_negative(series: Series, shift: str) -> Answer:
    """Shift series (t, voxels) in place; what was negative in them, and their sum of squares after."""
    least = series.min(axis=0)
    answer: Answer = {"n_negative": np.array((least < 0).sum()), "negative_squares": np.array(0.0)}
    if shift == "min":
        series -= least
    elif answer["n_negative"]:
        below = np.minimum(series, 0)
        answer["negative_squares"] = np.array(np.vdot(below, below))
        np.maximum(series, 0, out=series)
    return answer | {"total": np.array(np.vdot(series, series))}


def prepare_non_negative(series: Series, shift: str) -> tuple[NDArray[np.bool_], Answer]:
    """The same for series of which some take no part, which become 0; which do comes first."""
    valid = varies(series)
    if not valid.all():
        series[:, ~valid] = 0
    return valid, made_non_negative(series, shift)
