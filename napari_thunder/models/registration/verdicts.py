"""What a judgement says, frame by frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Outlier:
    """A frame that stands out.

    Parameters
    ----------
    frame
        Its number.
    reason
        Why, in words.
    """

    frame: int
    reason: str


@dataclass(frozen=True, slots=True)
class EpochVerdict:
    """How good a registration is in the frames of one condition.

    Parameters
    ----------
    name
        Of the condition.
    frames, outliers
        How many there are of each.
    word
        `good`, `fair` or `bad`; empty if it could not be judged.
    shift
        How far its mean lies from that of the other frames, in voxels.
    """

    name: str
    frames: int
    outliers: int
    word: str
    shift: float

    @property
    def line(self) -> str:
        """`swim > 0.3: good; 40 frames, 0.05 voxel from the others, 1 outlier`."""
        away = f", {self.shift:.2g} voxel from the others" if np.isfinite(self.shift) else ""
        out = "no outlier" if not self.outliers else f"{self.outliers} outlier{'s' * (self.outliers > 1)}"
        return f"{self.name}: {self.word or 'not judged'}; {self.frames} frames{away}, {out}"


def epochs_of(quality: xr.Dataset) -> tuple[EpochVerdict, ...]:
    """What a judgement says of each epoch; nothing if it was not asked for any."""
    if "epoch_frames" not in quality:
        return ()
    shift = quality["epoch_shift"].sel(stage="registered").values
    return tuple(
        EpochVerdict(
            str(name),
            int(quality["epoch_frames"].values[i]),
            int(np.nan_to_num(quality["epoch_outliers"].values[i])),
            str(quality["epoch_word"].values[i]),
            float(shift[i]),
        )
        for i, name in enumerate(quality["epoch"].values)
    )


def outliers_of(quality: xr.Dataset) -> tuple[Outlier, ...]:
    """The frames that a judgement (as of `napari_thunder.judge`) found to stand out, in their order."""
    reasons = json.loads(quality.attrs.get("outlier_reasons", "{}"))
    frames = sorted(int(frame) for frame in quality.attrs.get("outlier_frames", ()))
    return tuple(Outlier(frame, "; ".join(map(str, reasons.get(str(frame), ())))) for frame in frames)
