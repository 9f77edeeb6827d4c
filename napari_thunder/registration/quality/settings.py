"""How a registration is judged."""

from __future__ import annotations

from dataclasses import dataclass

from napari_thunder.parameters import check, parameter
from napari_thunder.registration.apply import INTERPOLATIONS


@dataclass(frozen=True, slots=True)
class Quality:
    """How a registration is judged; see `judge`.

    Raises
    ------
    ParameterError
        If a value is outside its limits.
    """

    interpolation: str | None = parameter(
        None,
        choices=INTERPOLATIONS,
        help="How the registered movie is interpolated, and the control; none: as the registration says, or linear.",
    )
    components: int = parameter(
        10, minimum=1, maximum=100, help="Principal components between whose extremes motion is looked for."
    )
    sample_frames: int = parameter(
        1000, minimum=40, help="Frames, evenly spaced, on which the principal components are computed, at most."
    )
    memory: int = parameter(
        1024, unit="MB", minimum=16, help="What the sampled frames may take; volumes are binned until they fit."
    )
    drift_period: float = parameter(
        60.0, unit="s", minimum=0.0, help="Shifts that change slower than this are drift, faster ones are jitter."
    )
    shift_outlier: float = parameter(
        1.0, minimum=0.0, help="suite2p's th_badframes: lower marks more frames by their shift and correlation."
    )
    speed_outlier: float = parameter(
        6.0, minimum=0.0, help="A frame that jumps by more than this many robust standard deviations is an outlier."
    )
    correlation_outlier: float = parameter(
        5.0, minimum=0.0, help="A frame whose correlation falls this many robust standard deviations is an outlier."
    )
    largest_shift: tuple[float, ...] | None = parameter(
        None, unit="voxel", help="Largest shift (z, y, x) that was looked for: frames at 95 % of it are outliers."
    )
    epochs_by: str | None = parameter(
        None, source="event columns", help="Judge also by condition: for each value of this column of the events."
    )
    epochs_signal: str | None = parameter(
        None, source="signals", help="Judge also above and below a threshold of this signal, e.g. running and still."
    )
    epochs_threshold: float | None = parameter(
        None, help="The threshold of the signal; halfway between its 5th and 95th percentile if left out."
    )

    def __post_init__(self) -> None:
        check(self)
