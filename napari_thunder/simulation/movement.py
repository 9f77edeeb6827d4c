"""How the simulated fish moves, in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from napari_thunder.errors import ParameterError
from napari_thunder.parameters import check, parameter

_LENGTHS_PER_BEND = 10


@dataclass(frozen=True, slots=True)
class Motion:
    """What moves the brain under the microscope; all that is asked for adds up. At its defaults it is still.

    Distances are in µm along y and x, and `depth` times as much along z.
    """

    restless: float = parameter(
        0.0, unit="µm", minimum=0, help="wandering, trembling and jerks when the fish swims: root mean square"
    )
    drift: float = parameter(0.0, unit="µm", minimum=0, help="how far it has slowly gone by the last frame")
    jitter: float = parameter(0.0, unit="µm", minimum=0, help="from frame to frame: standard deviation")
    jumps: int = parameter(0, minimum=0, help="how often it jumps and stays where it went")
    twitches: int = parameter(0, minimum=0, help="how often it is elsewhere for a single frame")
    jump_size: float = parameter(15.0, unit="µm", minimum=0, help="length of a jump or twitch")
    bend: float = parameter(0.0, unit="µm", minimum=0, help="non-rigid: root mean square over brain and frames")
    bend_length: float = parameter(250.0, unit="µm", minimum=20, help="over what distance places bend differently")
    bend_seconds: float = parameter(20.0, unit="s", minimum=0, help="how slowly it bends; 0: anew in every frame")
    depth: float = parameter(1.0, minimum=0, maximum=10, help="movement along z relative to that along y and x")

    def __post_init__(self) -> None:
        check(self)
        if self.bend > self.bend_length / _LENGTHS_PER_BEND:
            raise ParameterError(
                f"Motion: bend={self.bend:g} µm over bend_length={self.bend_length:g} µm would fold the brain. "
                f"Give a bend of at most {self.bend_length / _LENGTHS_PER_BEND:g} µm, or a longer bend_length."
            )

    @property
    def is_still(self) -> bool:
        """Whether nothing moves."""
        return not (self.restless or self.drift or self.jitter or self.bend or self._jumps)

    @property
    def _jumps(self) -> bool:
        return bool((self.jumps or self.twitches) and self.jump_size)
