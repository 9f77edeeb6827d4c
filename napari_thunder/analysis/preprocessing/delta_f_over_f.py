"""The series as change relative to a baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.preprocessing.baseline_settings import BaselineSettings
from napari_thunder.analysis.preprocessing.baselines import Denominator
from napari_thunder.analysis.protocol import Context, Series


@dataclass(frozen=True, slots=True)
class DeltaFOverF(BaselineSettings):
    """Express each voxel as ΔF/F = (F − F0) / max(F0 + offset, floor), F0 its baseline.

    Parameters
    ----------
    baseline
        `percentile`: one F0 for the whole recording, the `percentile` over time, interpolated between values.
        `mean`: one F0, the mean over time. `event`: one F0, the mean over the frames that lie within `before` s before
        any event and within none. `rolling`: the `percentile` over a window of `window` s around each frame. `maximin`:
        smoothed along time by a Gaussian of `smoothing` frames, then the least value over `window` s, then the largest
        value of that over `window` s.
    percentile
        0 to 100.
    window
        In s. `rolling`: the window of a frame at time τ holds the kept frames from τ − window/2 to τ + window/2; at the
        ends of the recording it is cut off, not mirrored, and percentiles are interpolated among what is left.
        `maximin`: so many whole frames; at the ends the recording is mirrored, as in suite2p.
    smoothing
        In frames, for `maximin`.
    before
        In s, for `event`.
    offset
        Added to F0 in the denominator only, in units of F. Thunder added 0.1.
    floor
        Least denominator, in what `floor_unit` says; 0 for none.
    floor_unit
        `movie`: units of F, the same for all voxels. `noise`: standard deviations of each voxel's noise, found from its
        steps from frame to frame (1.4826 · median of abs(ΔF) / √2).

    Notes
    -----
    A voxel whose denominator is not above 0 (anywhere, if F0 changes along time) becomes NaN: it has no usable
    baseline. Subtract the camera's offset first, or ΔF/F is too small; at a baseline near 0 it blows up, which `floor`
    prevents. The analysis `Baseline` shows F0 and where the floor was hit. Excluded frames are in no window;
    for `maximin`, which needs even frames, they are filled in by straight lines. Thunder's `window-exact` with an even
    width w took w + 1 frames, as this does with window = w frames; its faster `window` (a rank without interpolation,
    edge values repeated) is not offered.

    References
    ----------
    Freeman et al. 2014, Nat. Methods 11:941 (percentile 20). Rolling: suite2p takes percentile 8 over 60 s,
    voluseg 10 over 300 s. Maximin: Pachitariu et al. 2017, bioRxiv 061507 (suite2p: 10 frames, 60 s).
    """

    title: ClassVar[str] = "ΔF/F"
    summary: ClassVar[str] = "Express each voxel as change relative to its baseline"

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        return partial(_relative_change, denominator=self.denominator(context))


def _relative_change(series: Series, denominator: Denominator) -> Series:
    with np.errstate(all="ignore"):
        f0, below, floor = denominator(series)
        np.maximum(below, floor, out=below)
        series -= f0
        series /= below
        unusable = ~((below if below.ndim == 1 else below.min(axis=0)) > 0)
        if unusable.any():
            series[:, unusable] = np.nan
    return series
