"""What ΔF/F is relative to: the parameters of a baseline."""

from __future__ import annotations

from dataclasses import dataclass

from napari_thunder.analysis.preprocessing.baselines import BASELINES, Denominator, baseline_finder
from napari_thunder.analysis.protocol import Context
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class BaselineSettings:
    """The parameters of the step `DeltaFOverF` and of the analysis `Baseline`; see there."""

    percentile: float = parameter(
        20.0, help="Percentile over time that is the baseline", unit="%", minimum=0, maximum=100
    )
    baseline: str = parameter(
        "percentile",
        help="One percentile or the mean of the whole recording, or what changes along time",
        choices=BASELINES,
    )
    window: float = parameter(60.0, help="Length of the window that rolls along time", unit="s", minimum=1e-6)
    offset: float = parameter(0.0, help="Added to the baseline in the denominator, in units of the movie", fine=True)
    floor: float = parameter(0.0, help="Least denominator; 0 for none", minimum=0)
    floor_unit: str = parameter("movie", help="What the floor is in", choices=("movie", "noise"), fine=True)
    smoothing: float = parameter(10.0, help="Gaussian before the maximin baseline", unit="frames", minimum=0, fine=True)
    before: float = parameter(2.0, help="Time before events that is their baseline", unit="s", minimum=1e-6, fine=True)

    def __post_init__(self) -> None:
        check(self)

    def denominator(self, context: Context) -> Denominator:
        """What finds F0 and what ΔF is divided by.

        Raises
        ------
        ThunderError
            If the recording lacks what the baseline needs.
        """
        find = baseline_finder(
            context, self.baseline, self.percentile, self.window, smoothing=self.smoothing, before=self.before
        )
        of_noise = bool(self.floor) and self.floor_unit == "noise"
        context.need_frames(2 if of_noise else 1, "ΔF/F")
        return Denominator(find, self.offset, self.floor, of_noise)
