"""What analyses of tuning ask in the same words: parameters that stand once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_thunder.analysis.events.asked import response_delay, response_duration, trial_baseline
from napari_thunder.analysis.trials import Window
from napari_thunder.events import KERNELS
from napari_thunder.parameters import check, parameter


def angle_unit() -> Any:
    """Of a column of angles."""
    return parameter("degrees", help="Unit of that column", choices=("degrees", "radians"))


def kernel_for_test() -> Any:
    """Of the indicator, for a test over all frames."""
    return parameter(
        None, help="Calcium indicator that the stimulus is convolved with for the test", choices=tuple(KERNELS)
    )


def weighted_by() -> Any:
    """How conditions count in a fit."""
    return parameter("trials", help="What a condition counts by in the fit", choices=("trials", "sem"))


def largest_p() -> Any:
    """Of the voxels that are fitted."""
    return parameter(0.05, help="Fit voxels whose test has a p below this", minimum=0, maximum=1)


def cross_validate() -> Any:
    """Whether trials left out are predicted."""
    return parameter(True, help="Also predict the trials of each repeat from the others")


@dataclass(frozen=True, slots=True)
class AngleSettings:
    """The parameters that `DirectionTuning` and `OrientationTuning` share; see there."""

    column: str = parameter("direction", help="Column of the events with the direction", source="event columns")
    unit: str = angle_unit()
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()
    kernel: str | None = kernel_for_test()

    def __post_init__(self) -> None:
        check(self)

    @property
    def window(self) -> Window:
        """Where answers are looked for."""
        return Window(self.baseline, self.delay, self.duration)
