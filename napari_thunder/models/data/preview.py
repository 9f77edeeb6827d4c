"""A first look at events and signals: what may tell conditions apart, and how a signal goes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MANY = 24
"""Values of a column beyond which it is not taken for conditions by itself."""

Floats = NDArray[np.float64]


def condition_columns(events: pd.DataFrame) -> tuple[str, ...]:
    """The columns that may tell conditions apart."""
    return tuple(str(name) for name in events.columns if name not in ("start_time", "stop_time"))


def likely_conditions(events: pd.DataFrame) -> str:
    """The first column with a few different values, each of them more than once if possible; empty if there is none."""
    counts = {name: events[name].nunique() for name in condition_columns(events)}
    few = [name for name, n in counts.items() if 1 < n <= _MANY]
    repeated = [name for name in few if counts[name] < len(events)]
    return (repeated or few or [""])[0]


def envelope(values: Floats, n: int) -> tuple[Floats, Floats]:
    """The least and largest value in each of `n` equal stretches (n,), for a line drawn small; NaN where all is."""
    if not len(values):
        return np.full(n, np.nan), np.full(n, np.nan)
    firsts = np.minimum(np.linspace(0, len(values), n + 1).astype(np.intp)[:-1], len(values) - 1)
    known = np.where(np.isfinite(values), values, np.nan)
    return np.fmin.reduceat(known, firsts), np.fmax.reduceat(known, firsts)
