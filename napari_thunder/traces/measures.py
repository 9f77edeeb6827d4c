"""From mean series to what is shown: ΔF/F, z-score, without the light around the region."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.preprocessing import DeltaFOverF, ZScore
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.traces.settings import Measure, TraceSettings

Values = NDArray[np.float64]


def measured(raw: Values, surround: Values | None, settings: TraceSettings, context: Context) -> Values:
    """A trace as it is shown.

    Parameters
    ----------
    raw
        (t,) mean over a region.
    surround
        (t,) mean over the ring around it, or None.
    settings
        Measure and neuropil. The ring is subtracted first: F − factor · N, as in suite2p.
    context
        Which frames count, of the recording.

    Returns
    -------
    array
        (t,) float64, NaN in excluded frames, and everywhere if the measure cannot be computed: ΔF/F of a baseline that
        is not above 0, the z-score of a constant.

    Raises
    ------
    AnalysisError
        If too few frames are left for the measure.
    """
    corrected = raw if surround is None or not settings.neuropil else raw - settings.neuropil_factor * surround
    values = np.full(len(raw), np.nan)
    values[context.keep] = _step(settings, context)(corrected[context.keep, None])[:, 0]
    return values


def without_excluded(series: Values, context: Context) -> Values:
    """A series (t,) with NaN in the excluded frames."""
    return np.where(context.keep, series, np.nan)


def units_of(measure: Measure | str) -> str:
    """For an axis: what the numbers of a measure are in."""
    return {Measure.RAW: "a.u.", Measure.DFF: "ΔF/F", Measure.ZSCORE: "z"}[Measure(measure)]


def _step(settings: TraceSettings, context: Context) -> Callable[[Series], Series]:
    if settings.measure == Measure.DFF:
        return _delta_f_over_f(settings.baseline_percentile).bind(context)
    if settings.measure == Measure.ZSCORE:
        return ZScore().bind(context)
    return np.copy


@lru_cache(maxsize=8)
def _delta_f_over_f(percentile: float) -> DeltaFOverF:
    return DeltaFOverF(percentile=percentile)
