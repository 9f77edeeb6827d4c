"""Frames in bins of one or two signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError
from napari_thunder.events import sample_signals

Values = NDArray[np.float64]

_MOST_NAMED = 12


def signals_at_frames(context: Context, names: Sequence[str], what: str) -> pd.DataFrame:
    """Signals at all frames; without names, the only signal there is.

    Raises
    ------
    MissingMetadataError
        If there are no signals.
    AnalysisError
        If there is no such signal, or there are several to choose from.
    """
    signals = context.need_signals(what)
    has = ", ".join(map(str, signals.columns[:_MOST_NAMED]))
    unknown = [name for name in names if name not in signals.columns]
    if unknown:
        raise AnalysisError(f"{context.name}: {what}: there is no signal {unknown[0]!r}. There is: {has}.")
    if not names and signals.shape[1] > 1:
        raise AnalysisError(f"{context.name}: {what}: choose a signal. There is: {has}.")
    return sample_signals(signals[list(names or signals.columns)], context.frame_times, context.n_frames)


def edges_of(values: Values, n_bins: int, equal_count: bool, low: float | None, high: float | None) -> Values:
    """Edges (bins + 1,) that rise; of bins of equal count, those that coincide are one."""
    start = values.min() if low is None else low
    stop = values.max() if high is None else high
    if not equal_count:
        return np.linspace(start, stop, n_bins + 1)
    inside = values[(values >= start) & (values <= stop)]
    return np.unique(np.quantile(inside, np.linspace(0, 1, n_bins + 1))) if len(inside) else np.empty(0)


@dataclass(frozen=True, slots=True)
class FeatureBins:
    """Frames in bins, of one signal or of all combinations of bins of two.

    Parameters
    ----------
    edges
        Of each signal; a bin holds values from one edge to below the next, the last one also its upper edge.
    bin_of_frame
        (t,) number of the bin of each kept frame, in C order; -1 for none.
    least
        Frames that a bin needs.
    """

    edges: tuple[Values, ...]
    bin_of_frame: NDArray[np.intp]
    least: int

    @classmethod
    def of(cls, features: Values, edges: Sequence[Values], least: int) -> FeatureBins:
        """Of signals (t, signals) at the kept frames."""
        number, inside = np.zeros(len(features), np.intp), np.ones(len(features), bool)
        for values, along in zip(features.T, edges, strict=True):
            place = np.searchsorted(along, values, side="right") - 1
            place[values == along[-1]] = len(along) - 2
            inside &= (place >= 0) & (place < len(along) - 1)
            number = number * (len(along) - 1) + place
        return cls(tuple(edges), np.where(inside, number, -1), least)

    @property
    def shape(self) -> tuple[int, ...]:
        """Bins of each signal."""
        return tuple(len(along) - 1 for along in self.edges)

    @property
    def middles(self) -> list[Values]:
        """Of the bins of each signal."""
        return [(along[1:] + along[:-1]) / 2 for along in self.edges]

    @property
    def occupancy(self) -> NDArray[np.intp]:
        """(all bins,) frames in each."""
        return np.bincount(self.bin_of_frame[self.bin_of_frame >= 0], minlength=int(np.prod(self.shape)))

    @property
    def used(self) -> NDArray[np.intp]:
        """Numbers of the bins with enough frames."""
        return np.flatnonzero(self.occupancy >= self.least)

    @property
    def indicator(self) -> sparse.csr_array:
        """(used bins, t) 1 where a frame is in a bin."""
        used = self.used
        frame = np.flatnonzero(np.isin(self.bin_of_frame, used))
        row = np.searchsorted(used, self.bin_of_frame[frame])
        shape = (len(used), len(self.bin_of_frame))
        return sparse.csr_array(sparse.coo_array((np.ones(len(frame)), (row, frame)), shape=shape))
