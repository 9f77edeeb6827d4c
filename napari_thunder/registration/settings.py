"""What a registration is made with: one field is one truth for form, command line and provenance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_thunder.parameters import check, parameter
from napari_thunder.registration.apply import INTERPOLATIONS
from napari_thunder.registration.modes import MODES
from napari_thunder.registration.phase import Triple
from napari_thunder.registration.search import Search
from napari_thunder.registration.shifts import Space

_LOW_PASS_VOXELS = 1.15
_LEAST_LOW_PASS_Z = 0.8
"""In planes: most recordings are sampled too sparsely along z for finer detail to move as it should."""
_LARGEST_SHARE = 0.1
_LARGEST_PLANES = 3


@dataclass(frozen=True, slots=True)
class Registration:
    """How to register a recording. Lengths in µm become voxels by the voxel size; without one, a voxel is 1 µm."""

    title: ClassVar[str] = "Registration"
    summary: ClassVar[str] = "How far each frame moved relative to a template."

    mode: str = parameter(
        "rigid 3-D",
        choices=MODES,
        help="Move whole volumes, single planes, or blocks of them; slow drift follows averages over time.",
    )
    max_shift: float | None = parameter(
        None, unit="µm", minimum=0.0, help="Largest shift along y and x that is looked for; none: a tenth of the field."
    )
    max_shift_z: float | None = parameter(
        None, unit="µm", minimum=0.0, help="Largest shift along z that is looked for; none: 3 planes."
    )
    low_pass: float | None = parameter(
        None,
        unit="µm",
        minimum=0.0,
        help="Sigma of the Gaussian that takes the finest detail out of the comparison; none: 1.15 voxels in y and x. "
        "3 to 5 times as much for one-photon recordings.",
    )
    upsampling: int = parameter(10, minimum=1, maximum=100, help="Parts of a voxel that shifts are looked for in.")
    block: float | None = parameter(
        None,
        unit="µm",
        minimum=0.0,
        help="Side of a block along y and x; none: a quarter of the field, 32 to 128 voxels.",
    )
    block_z: float | None = parameter(
        None, unit="µm", minimum=0.0, help="Side of a block along z; none: a third of the planes, 8 to 16."
    )
    max_bend: float | None = parameter(
        None,
        unit="µm",
        minimum=0.0,
        help="How far a block may be from where the whole is; none: 5 voxels along y and x, 2 planes along z.",
    )
    block_surety: float = parameter(
        1.3,
        minimum=1.0,
        help="How far the correlation of a block must stand out for it to be believed without asking its neighbours.",
    )
    block_rounds: int = parameter(
        1, minimum=0, maximum=10, help="How often blocks look again at the straightened frame for what is left."
    )
    drift_window: int = parameter(
        60, minimum=1, unit="frames", help="Slow drift: frames of which a mean is registered."
    )
    drift_every: int = parameter(
        100, minimum=1, unit="frames", help="Slow drift: from the start of one mean to that of the next."
    )
    drift_curve: str = parameter(
        "monotone",
        choices=("monotone", "linear"),
        help="Slow drift: between means, a smooth curve that never overshoots, or straight lines.",
    )
    template: str = parameter(
        "robust",
        choices=("robust", "middle"),
        help="Robust: the frames that resemble each other most, refined round by round. Middle: the mean of the "
        "frames in the middle of the recording.",
    )
    template_frames: int = parameter(
        200,
        minimum=1,
        help="Frames that the template is made of: spread evenly if robust, else in the middle (or all).",
    )
    template_rounds: int = parameter(8, minimum=0, maximum=50, help="Rounds in which a robust template is refined.")
    chosen_frames: tuple[float, ...] | None = parameter(
        None, help="Make the template of these frames (their mean) and no others."
    )
    interpolation: str = parameter(
        "linear",
        choices=INTERPOLATIONS,
        help="Between voxels, where shifts are undone: linear, cubic (keeps more detail) or nearest (keeps values).",
    )

    def __post_init__(self) -> None:
        check(self)

    def search(self, space: Space, voxel_size: Triple | None) -> Search:
        """Where and how finely to look in volumes of this shape (z, y, x) with voxels of this size in µm."""
        size = voxel_size or (1.0, 1.0, 1.0)
        return Search(self._reach(space, size), self._sigma(space, size), self.upsampling)

    def _reach(self, space: Space, size: Triple) -> Triple:
        z = _LARGEST_PLANES if self.max_shift_z is None else self.max_shift_z / size[0]
        y, x = (
            _LARGEST_SHARE * n if self.max_shift is None else self.max_shift / s
            for n, s in zip(space[1:], size[1:], strict=True)
        )
        return (z if space[0] > 1 else 0.0), y, x

    def _sigma(self, space: Space, size: Triple) -> Triple:
        sigma = _LOW_PASS_VOXELS * min(size[1:]) if self.low_pass is None else self.low_pass
        z, y, x = (sigma / s for s in size)
        return (max(z, _LEAST_LOW_PASS_Z) if space[0] > 1 else 0.0), y, x
