"""Silent voxels are left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class Squelch:
    """Silence voxels that never reach a threshold: they become 0 throughout, and so NaN in maps.

    Parameters
    ----------
    threshold
        In units of the movie as it is at this place of the chain: raw counts first, ΔF/F after ΔF/F.

    References
    ----------
    Thunder `Series.squelch`.
    """

    title: ClassVar[str] = "Squelch"
    summary: ClassVar[str] = "Silence voxels that never reach a threshold"

    threshold: float = parameter(0.0, help="Voxels whose maximum is below this are silenced, in units of the movie")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        return partial(_squelched, threshold=self.threshold)


def _squelched(series: Series, threshold: float) -> Series:
    series[:, series.max(axis=0) < threshold] = 0
    return series
