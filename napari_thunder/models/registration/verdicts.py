"""What a judgement says, frame by frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def outliers_of(quality: xr.Dataset) -> tuple[Outlier, ...]:
    """The frames that a judgement (as of `napari_thunder.judge`) found to stand out, in their order."""
    reasons = json.loads(quality.attrs.get("outlier_reasons", "{}"))
    frames = sorted(int(frame) for frame in quality.attrs.get("outlier_frames", ()))
    return tuple(Outlier(frame, "; ".join(map(str, reasons.get(str(frame), ())))) for frame in frames)
