"""How trials are averaged to states of a population: the parameters of trajectories and of their rotations."""

from __future__ import annotations

from dataclasses import dataclass

from napari_thunder.analysis.events.asked import only_some, trial_baseline
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class Averaging:
    """The parameters that `Trajectories` and `JPCA` share; see there."""

    by: tuple[str, ...] = parameter(
        (), help="Columns of the events that tell conditions apart; none for all together", source="event columns"
    )
    only: tuple[str, ...] = only_some()
    of: str = parameter("voxels", help="What the population is made of", choices=("voxels", "regions"))
    n_components: int = parameter(3, help="How many components", minimum=1)
    baseline: float = trial_baseline()
    before: float = parameter(2.0, help="First lag, before the start of an event", unit="s", minimum=0)
    after: float = parameter(8.0, help="Last lag, after the start of an event", unit="s", minimum=0)
    softening: float | None = parameter(
        0.05, help="Added to the range, as a share of that of strong voxels; none for no scaling", minimum=0
    )
    subtract_mean: bool = parameter(False, help="Subtract the mean over conditions at each lag")
    smoothing: float = parameter(
        0.0, help="Standard deviation of a Gaussian over lags; 0 for none", unit="s", minimum=0
    )

    def __post_init__(self) -> None:
        check(self)
