"""The traces of regions as a table: what the window shows, without a window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import RegionError
from napari_thunder.pipeline import context_of, default_engine
from napari_thunder.recording import Recording
from napari_thunder.regions import Region, surround
from napari_thunder.traces.means import mean_series
from napari_thunder.traces.measures import measured
from napari_thunder.traces.settings import RING, TraceSettings
from napari_thunder.traces.table import trace_table


def region_traces(
    recording: Recording,
    regions: Sequence[Region],
    *,
    settings: TraceSettings | None = None,
    engine: Engine | None = None,
    job: Job | None = None,
) -> pd.DataFrame:
    """The trace of each region.

    Parameters
    ----------
    recording
        From `open`, `simulate` or `Recording.from_array`.
    regions
        Of its volume, such as from `napari_thunder.io.regions.read_regions`.
    settings
        Measure and neuropil; ΔF/F without neuropil subtraction when left out.
    engine
        From `connect`; threads of this process when left out.
    job
        To watch and to cancel it.

    Returns
    -------
    DataFrame
        `time` (s), or `frame` if the times of the frames are not known, and a column for each region, NaN in excluded
        frames.

    Raises
    ------
    ThunderError
        If there is no region, one is not of this volume, or there is no room for a ring around one.
    """
    if not regions:
        raise RegionError("There are no regions to make traces of. Draw one, or give a file of them.")
    settings = settings or TraceSettings()
    around = [_ring(region, regions, recording) for region in regions] if settings.neuropil else []
    means = mean_series([*regions, *around], recording, engine or default_engine(), job)
    context = context_of(recording)
    rings = means[len(regions) :] if around else [None] * len(regions)
    pairs = zip(regions, means[: len(regions)], rings, strict=True)
    columns = [(region.name, measured(raw, ring, settings, context)) for region, raw, ring in pairs]
    if recording.frame_times is None:
        return trace_table(np.arange(recording.shape[0], dtype=np.float64), "frame", columns)
    return trace_table(recording.frame_times, "s", columns)


def stored_traces(recording: Recording, traces: pd.DataFrame) -> pd.DataFrame:
    """Traces that another program stored, in the table that `region_traces` gives, so that the two can be compared.

    Parameters
    ----------
    recording
        What they were made of.
    traces
        (t, cells), as from `napari_thunder.io.regions.read_traces`.

    Raises
    ------
    RegionError
        If they have another number of frames than the recording.
    """
    if len(traces) != recording.shape[0]:
        raise RegionError(
            f"The stored traces have {len(traces)} frames, but {recording.name} has {recording.shape[0]}. Choose those "
            "that were made of this recording."
        )
    columns = [(str(name), values.to_numpy(np.float64)) for name, values in traces.items()]
    if recording.frame_times is not None:
        return trace_table(recording.frame_times, "s", columns)
    if traces.index.name == "time":
        return trace_table(traces.index.to_numpy(np.float64), "s", columns)
    return trace_table(np.arange(len(traces), dtype=np.float64), "frame", columns)


def _ring(region: Region, regions: Sequence[Region], recording: Recording) -> Region:
    inner, outer = RING
    return surround(region, voxel_size=recording.voxel_size, exclude=regions, inner=inner, outer=outer)
