"""How traces are shown: measure, neuropil, and the window around events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_thunder.parameters import check, parameter

RING = (2.0, 10.0)
"""Inner and outer distance of the neuropil ring, in µm (in voxels if their size is not known)."""


class Measure(StrEnum):
    """What is shown of a trace."""

    RAW = "raw"
    DFF = "dff"
    ZSCORE = "z"


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """How traces are shown.

    Parameters
    ----------
    measure
        `raw` in units of the movie, `dff` (ΔF/F as the preprocessing step has it) or `z` (z-score).
    neuropil
        Whether the mean of a ring around each region, times `neuropil_factor`, is subtracted first.
    neuropil_factor
        Share of the ring's light that is taken to lie over the region too.
    baseline_percentile
        Of ΔF/F: the percentile over the kept frames that is F0.
    before, after
        Range of the event-triggered average, in s around the start of each event.
    baseline
        In s before each event, whose mean is subtracted from it; 0 for none.
    group_by
        Column of the events that tells conditions apart; none: all events together.
    """

    measure: str = parameter(Measure.DFF.value, help="What is shown of each trace", choices=tuple(map(str, Measure)))
    neuropil: bool = parameter(False, help="Subtract the light around each region")
    neuropil_factor: float = parameter(
        0.7, help="Share of the ring's light that is subtracted", minimum=0.0, maximum=1.0
    )
    baseline_percentile: float = parameter(
        20.0, help="Percentile over time that is the baseline of ΔF/F", unit="%", minimum=0, maximum=100
    )
    before: float = parameter(2.0, help="Time shown before an event", unit="s", minimum=0)
    after: float = parameter(8.0, help="Time shown after the start of an event", unit="s", minimum=0)
    baseline: float = parameter(2.0, help="Time before an event that is subtracted; 0 for none", unit="s", minimum=0)
    group_by: str = parameter("", help="Column of the events that tells conditions apart", source="event columns")

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "measure", Measure(self.measure))
