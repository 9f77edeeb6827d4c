"""Cross-validation of series: stretches of frames are left out, with a gap on either side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Context
from napari_thunder.analysis.regression.memory import in_frames, remembered, share_of
from napari_thunder.errors import AnalysisError
from napari_thunder.events import Kernel

Flags = NDArray[np.bool_]

_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Folds:
    """Kept frames cut into segments, each of which is tested on, learnt from or left out as a whole.

    Parameters
    ----------
    cuts
        (segments + 1,) where segments start and end, among the kept frames.
    test, train
        (folds, segments).
    """

    cuts: NDArray[np.intp]
    test: Flags
    train: Flags

    @property
    def segments(self) -> tuple[slice, ...]:
        """Of the kept frames."""
        return tuple(slice(int(a), int(b)) for a, b in zip(self.cuts[:-1], self.cuts[1:], strict=True))


def gap_between(given: float | None, kernel: Kernel | None, context: Context, what: str) -> int:
    """Frames beside a stretch that are not learnt from: so many s, or five decay times of the indicator, or a fiftieth
    of the recording if that is not known.

    Raises
    ------
    MissingMetadataError
        If s are given and the frame times are not known.
    """
    if given is not None:
        return in_frames(given, context, f"{what} with gap")
    return remembered(kernel, context) or share_of(context, _SHARE)


def blocked_folds(frames: NDArray[np.intp], n_folds: int, gap: int, n_columns: int, where: str) -> Folds:
    """Equal stretches in turn; what is nearer to one than `gap` frames is not learnt from.

    Parameters
    ----------
    frames
        (t,) numbers of the kept frames.
    n_columns
        Of the design: so many frames must be left to learn from.

    Raises
    ------
    AnalysisError
        If too few frames are left.
    """
    n = len(frames)
    if n < 2 * n_folds:
        raise AnalysisError(f"{where}: {n} kept frames are too few for {n_folds} folds. Ask for fewer.")
    edges = np.linspace(0, n, n_folds + 1).astype(np.intp)
    left = np.searchsorted(frames, frames[edges[:-1]] - gap)
    right = np.searchsorted(frames, frames[edges[1:] - 1] + gap, side="right")
    cuts = np.unique(np.concatenate([edges, left, right]))
    start = cuts[:-1]
    test = (start >= edges[:-1, None]) & (start < edges[1:, None])
    train = (start < left[:, None]) | (start >= right[:, None])
    least = (train * np.diff(cuts)).sum(axis=1).min()
    if least <= n_columns:
        raise AnalysisError(
            f"{where}: with gaps of {gap} frames, a fold leaves {least} frames to learn {n_columns} weights from. Give "
            "a shorter gap, or other n_folds."
        )
    return Folds(cuts.astype(np.intp), test, train)
