"""How weights are tested: with noise that is independent, that remembers, or that is left as it is."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Context, Reduce
from napari_thunder.analysis.regression.autoregressive import Autoregressive, autoregressive
from napari_thunder.analysis.regression.circular_shift import ChanceStatistics, CircularShift, LargestByChance, larger
from napari_thunder.analysis.regression.least_squares import Asked, LeastSquares, least_squares
from napari_thunder.analysis.regression.memory import in_frames, remembered, share_of
from napari_thunder.analysis.regression.robust import Robust
from napari_thunder.analysis.regression.shifts import ShiftedDesigns, allowed_lags, comes_back, shifted_designs
from napari_thunder.events import Kernel

OLS, AR1, HAC, CIRCULAR_SHIFT = "ols", "ar1", "hac", "circular_shift"
INFERENCES = (OLS, AR1, HAC, CIRCULAR_SHIFT)

Values = NDArray[np.float64]
Fit = LeastSquares | Autoregressive | Robust | CircularShift

_SHARE_OF_SHIFTS = 0.05
"""Share of the recording that a shift must exceed, as it must five decay times of the indicator."""

_SHARE_OF_MEMORY = 0.1
"""Share of the recording that noise may at least remember."""

_LEAST_P = 0.002

_OLS_WARNING = (
    "p counts frames as independent, and calcium signals are not: on simulated calcium noise without any answer (decay "
    "of 10 frames) 59 % of voxels had p < 0.05. Do not read p as significance; choose inference=ar1, hac or "
    "circular_shift."
)
_AR1_WARNING = (
    "p takes noise to remember as AR(1) does. On simulated calcium noise without any answer 5 % of voxels had "
    "p < 0.05, but 22 % with as much white noise on top, and 29 % with a slow rise; with hac it was 9 %, with "
    "circular_shift 6 %."
)
_HAC_WARNING = (
    "p takes noise to be forgotten after noise_memory, and is a little too small: on simulated calcium noise without "
    "any answer 9 % of voxels had p < 0.05, whatever it remembered; with circular_shift it was 6 %."
)
WARNINGS: dict[str, tuple[str, ...]] = {
    OLS: (_OLS_WARNING,),
    AR1: (_AR1_WARNING,),
    HAC: (_HAC_WARNING,),
    CIRCULAR_SHIFT: (),
}
"""What to know of p, by inference, as measured by `python -m tests.truth.regression`."""


@dataclass(frozen=True, slots=True)
class Shifting:
    """Which circular shifts are made.

    Parameters
    ----------
    n_shifts
        How many, if there are so many.
    least
        s either way; None: five decay times of the indicator, or a twentieth of the recording if that is more.
    seed
        Of the choice.
    family_wise
        Whether the largest statistics over the brain are wanted, which takes another pass.
    """

    n_shifts: int
    least: float | None
    seed: int
    family_wise: bool

    def lags(self, context: Context, kernel: Kernel | None, what: str) -> NDArray[np.intp]:
        """In frames.

        Raises
        ------
        ThunderError
            If there are too few, or a least shift is given and the frame times are not known.
        """
        where = f"{context.name}: {what}"
        return allowed_lags(context.n_frames, self._least(context, kernel, what), self.n_shifts, self.seed, where)

    def _least(self, context: Context, kernel: Kernel | None, what: str) -> int:
        if self.least is not None:
            return max(1, in_frames(self.least, context, f"{what} with min_shift"))
        return max(1, share_of(context, _SHARE_OF_SHIFTS), remembered(kernel, context))


def noise_memory(given: float | None, kernel: Kernel | None, context: Context, what: str) -> int:
    """Frames that noise may remember: so many s, or five decay times of the indicator, a tenth of the recording at
    least.

    Raises
    ------
    MissingMetadataError
        If s are given and the frame times are not known.
    """
    if given is not None:
        return in_frames(given, context, f"{what} with noise_memory")
    return max(share_of(context, _SHARE_OF_MEMORY), remembered(kernel, context))


def fit_of(inference: str, design: Design, asked: Asked) -> LeastSquares | Autoregressive:
    """The fit of a checked design whose p need no more than one pass, and no more than the design."""
    return autoregressive(design, asked) if inference == AR1 else least_squares(design, asked)


def shifted_fit(
    design: Design, asked: Asked, designs: ShiftedDesigns, family_wise: bool, n_above: int
) -> Generator[Reduce, Answer, CircularShift]:
    """The fit whose p come from shifts, after a pass for the largest statistics if they are wanted."""
    largest = None
    if family_wise:
        chance = ChanceStatistics(designs, design.intercept)
        found = yield Reduce(LargestByChance(chance), larger, "shifting the design in time")
        largest = np.sort(found["largest"], axis=1)
    chance = ChanceStatistics(designs, design.intercept, signed=n_above > 0)
    return CircularShift(least_squares(design, asked), chance, largest, n_above)


def shifts_of(
    design: Design, asked: Asked, shifting: Shifting, kernel: Kernel | None, context: Context, what: str
) -> ShiftedDesigns:
    """A checked design at all shifts that are wanted.

    Raises
    ------
    ThunderError
        If there are too few, or a contrast asks of what does not shift.
    """
    return shifted_designs(design, asked, shifting.lags(context, kernel, what), f"{context.name}: {what}")


def warnings_of_shifts(designs: ShiftedDesigns) -> list[str]:
    """What to know of p from shifts."""
    count = len(designs.lags)
    found = []
    if 1 / (1 + count) > _LEAST_P:
        found.append(
            f"There are only {count} different shifts, so no p is below {1 / (1 + count):.2g}; few voxels of many "
            "stay significant when adjusted for all. p_fwer needs no adjustment."
        )
    if comes_back(designs):
        found.append(
            "Many shifts bring the regressors back onto themselves (evenly spaced events?): p is larger than it should "
            "be. inference=hac does not shift."
        )
    return found


def least_p_of_clusters(threshold: float, n_shifts: int) -> str:
    """What to know where no voxel can be in a cluster."""
    return (
        f"No p of {n_shifts} shifts is below {1 / (1 + n_shifts):.2g}, so cluster_p={threshold:g} leaves no voxel. "
        "Give a larger one."
    )
