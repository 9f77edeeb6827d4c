"""A first look at events and signals: which conditions there are, how often, and when."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.display.colormaps import palette

_MANY = 24
"""Values of a column beyond which it is not taken for conditions by itself."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class EventPreview:
    """Events as a strip of time shows them.

    Parameters
    ----------
    labels
        The conditions, in natural order; one without a name if events are not told apart.
    counts
        How many events each has.
    starts, stops, codes
        Of each event (n,): when, in s, and the place of its condition in `labels`.
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    starts: Floats
    stops: Floats
    codes: NDArray[np.intp]

    @property
    def colors(self) -> tuple[str, ...]:
        """Of each condition, as `#rrggbb`; readable for colour-blind people, and repeating after eight."""
        return tuple("#{:02x}{:02x}{:02x}".format(*rgb) for rgb in palette(len(self.labels)))


def condition_columns(events: pd.DataFrame) -> tuple[str, ...]:
    """The columns that may tell conditions apart."""
    return tuple(str(name) for name in events.columns if name not in ("start_time", "stop_time"))


def likely_conditions(events: pd.DataFrame) -> str:
    """The first column with a few different values, each of them more than once if possible; empty if there is none."""
    counts = {name: events[name].nunique() for name in condition_columns(events)}
    few = [name for name, n in counts.items() if 1 < n <= _MANY]
    repeated = [name for name in few if counts[name] < len(events)]
    return (repeated or few or [""])[0]


def preview_events(events: pd.DataFrame, column: str) -> EventPreview:
    """Events by the values of a column; all alike if it is empty."""
    starts = events["start_time"].to_numpy(np.float64)
    stops = events["stop_time"].to_numpy(np.float64)
    if column not in events.columns:
        return EventPreview(("",), (len(events),), starts, stops, np.zeros(len(events), np.intp))
    codes, values = pd.factorize(events[column], sort=True, use_na_sentinel=False)
    counts = np.bincount(codes, minlength=len(values))
    return EventPreview(tuple(map(_label, values)), tuple(map(int, counts)), starts, stops, codes.astype(np.intp))


def envelope(values: Floats, n: int) -> tuple[Floats, Floats]:
    """The least and largest value in each of `n` equal stretches (n,), for a line drawn small; NaN where all is."""
    edges = np.linspace(0, len(values), n + 1).astype(np.intp)
    low, high = np.full(n, np.nan), np.full(n, np.nan)
    for i, (a, b) in enumerate(pairwise(edges)):
        known = values[a : max(b, a + 1)]
        known = known[np.isfinite(known)]
        if known.size:
            low[i], high[i] = known.min(), known.max()
    return low, high


def _label(value: Any) -> str:
    if pd.isna(value):
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
