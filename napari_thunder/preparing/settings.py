"""What to make of a recording when it is prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from napari_thunder.errors import ParameterError
from napari_thunder.parameters import check, parameter, values

DTYPES = ("recorded", "uint8", "uint16", "int16", "float32")
_NOT_OF_THE_STORE = ("memory_limit",)


@dataclass(frozen=True, slots=True)
class Preparation:
    """Settings of `prepare`; frames and voxels are those of the recording, counted from 0."""

    title: ClassVar[str] = "Prepare"
    summary: ClassVar[str] = "Write a recording as a store that is fast to look at and to analyse."

    crop_t: tuple[float, ...] | None = parameter(
        None, title="Frames", help="Frames to keep: the first one, and the one after the last; empty for all"
    )
    crop_z: tuple[float, ...] | None = parameter(
        None, title="Planes", help="Planes to keep: the first one, and the one after the last; empty for all"
    )
    crop_y: tuple[float, ...] | None = parameter(
        None, title="Rows", help="Rows to keep: the first one, and the one after the last; empty for all"
    )
    crop_x: tuple[float, ...] | None = parameter(
        None, title="Columns", help="Columns to keep: the first one, and the one after the last; empty for all"
    )
    bin: tuple[float, ...] = parameter(
        (1, 1, 1), title="Bin z, y, x", help="Voxels along z, y and x that are averaged to one"
    )
    dtype: str = parameter(
        "recorded",
        title="Voxel type",
        help="Type of the stored voxels; recorded is that of the files, to which registered or binned values are "
        "rounded. Nothing is scaled",
        choices=DTYPES,
    )
    background: float = parameter(
        0.0, title="Dark level", help="Dark level that is taken away from every voxel", unit="counts"
    )
    background_percentile: float | None = parameter(
        None,
        title="Dark percentile",
        help="Take this percentile of the mean image for the dark level instead",
        unit="%",
        minimum=0,
        maximum=100,
    )
    out_of_range: str = parameter(
        "clip",
        help="What to do with values that the type cannot hold: clip them and say how many there were, or stop with "
        "an error",
        choices=("clip", "error"),
    )
    exclude_frames: tuple[float, ...] = parameter(
        (), help="Frames that no analysis shall use, besides those already excluded; they stay in the movie"
    )
    brain: str = parameter(
        "given",
        help="Which voxels are kept: those of the given mask (or the recording's own) if there is one; those of the "
        "brain, found automatically; or everything",
        choices=("given", "automatic", "everything"),
    )
    brain_margin: float = parameter(
        10.0, help="What is kept around the brain that is found automatically", unit="µm", minimum=0
    )
    compression: str = parameter(
        "fast", help="How the voxels are compressed: fast (LZ4) or small (Zstandard)", choices=("fast", "small")
    )
    memory_limit: float | None = parameter(
        None, help="Memory that each worker may use; half of its share of the machine if empty", unit="MB", minimum=32
    )

    def __post_init__(self) -> None:
        check(self)
        for name in ("crop_t", "crop_z", "crop_y", "crop_x"):
            _check_span(name, getattr(self, name))
        if len(self.bin) != 3 or any(n != int(n) or n < 1 for n in self.bin):
            raise ParameterError(f"Preparation: bin={self.bin} must be three whole numbers z, y, x from 1 up.")
        if any(n != int(n) or n < 0 for n in self.exclude_frames):
            raise ParameterError(f"Preparation: exclude_frames={self.exclude_frames} must be numbers of frames.")
        if self.background and self.background_percentile is not None:
            raise ParameterError("Preparation: give background or background_percentile, not both.")

    @property
    def compressor(self) -> str:
        """As the file format calls it."""
        return {"fast": "lz4", "small": "zstd"}[self.compression]


def request_of(settings: Preparation) -> Mapping[str, Any]:
    """The settings that decide what is in the store."""
    return {name: value for name, value in values(settings).items() if name not in _NOT_OF_THE_STORE}


def _check_span(name: str, span: tuple[float, ...] | None) -> None:
    if span is not None and (len(span) != 2 or any(n != int(n) for n in span) or not 0 <= span[0] < span[1]):
        raise ParameterError(
            f"Preparation: {name}={span} must be two whole numbers: the first one to keep, and the one after the last."
        )
