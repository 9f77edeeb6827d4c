"""What is measured: an analysis, the same by hand, and that both give the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from tests.benchmarks.by_hand import ByHand, Maps, Movie

_STRETCH = 64
Agree = Callable[[xr.Dataset, Maps], None]


def same(result: xr.Dataset, hand: Maps) -> None:
    """All numbers by hand are those of the result, but for the rounding of float32."""
    for name, values in hand.items():
        found = result[name].to_numpy().astype(np.float64)
        wanted = np.asarray(values, np.float64).reshape(found.shape)
        known = np.isfinite(found) & np.isfinite(wanted)
        assert known.any(), name
        assert np.isfinite(found).sum() == known.sum() or name.endswith("_fdr"), name
        scale = np.abs(wanted[known]).max()
        np.testing.assert_allclose(found[known], wanted[known], rtol=1e-4, atol=1e-5 * scale, err_msg=name)


@dataclass(frozen=True)
class Task:
    """An analysis, and the same by hand.

    Parameters
    ----------
    analysis
        As it is run.
    by_hand
        Of a movie (t, voxels) and what is known of the recording. What it gives has the names of the result, as far as
        it is the same quantity.
    preprocess
        Steps before the analysis.
    share
        By hand one voxel of so many is computed, and the seconds are scaled up, where all would take minutes.
    agree
        That result and formula agree; the default holds every number that has a name of the result.
    note
        What to know of the comparison.
    moving
        Whether the recording must be one whose motion is undone.
    neighbours
        Whether blocks are read with their neighbours, so that a first run finds none of them read already.
    """

    analysis: Any
    by_hand: ByHand
    preprocess: tuple[str, ...] = ()
    share: int = 1
    agree: Agree = same
    note: str = ""
    moving: bool = False
    neighbours: bool = False


def some_voxels(movie: Movie, share: int) -> Movie:
    """One voxel of so many, in stretches, as in the whole."""
    if share == 1:
        return movie
    starts = np.arange(0, movie.shape[1], share * _STRETCH)
    return np.concatenate([movie[:, start : start + _STRETCH] for start in starts], axis=1)


def angles_agree(found: NDArray[Any], wanted: NDArray[Any], period: float = 360.0, within: float = 0.1) -> None:
    """Angles in degrees agree, but for those of hardly any length."""
    off = np.abs(np.mod(found.ravel() - wanted.ravel() + period / 2, period) - period / 2)
    assert np.nanquantile(off, 0.99) < within
