"""How alike the brain is at two times."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.groups import Cells
from napari_thunder.analysis.protocol import Answer, Context, PaintStep, Reduce, Series
from napari_thunder.analysis.statistics import varies
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

_MOST_FRAMES = 5000
_LEAST_VOXELS = 1024


@dataclass(frozen=True, slots=True)
class FrameSimilarity:
    """How alike the activity of the brain is at any two times: a matrix (frame, frame), over all voxels.

    With Y (t, n) the series of n voxels and Z the same with the mean over the voxels taken out of each frame:
    `correlation` of the patterns at two times, their `covariance` Z Z' / (n − 1), or the `gramian` Y Y'.

    Parameters
    ----------
    measure
        `correlation`, `covariance` or `gramian`.

    Returns
    -------
    similarity : (frame, other_frame)
        −1 to 1 for `correlation`, else in the square of the movie's units.
    n_voxels : ()
        How many voxels vary and have no NaN; the others take no part.

    Raises
    ------
    AnalysisError
        If there are more than 5000 frames, or fewer than two such voxels.

    Notes
    -----
    Of a raw movie every frame is like every other, as the anatomy is the same: take each voxel's baseline out first
    (`DeltaFOverF` or `ZScore`). Then blocks along the diagonal are lasting states of the brain, lines beside it what
    comes again, and a fading away from the diagonal is drift or bleaching. Frames of one movement stand out as crosses.

    References
    ----------
    `numpy.cov`, `numpy.corrcoef`; Thunder `RowMatrix.gramian` and `cov`.
    """

    family: ClassVar[str] = "Summary"
    title: ClassVar[str] = "Similarity of frames"
    summary: ClassVar[str] = "How alike the activity of the brain is at any two times"

    measure: str = parameter(
        "correlation", help="What is told of two times", choices=("correlation", "covariance", "gramian")
    )

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Reduce, Answer, PaintStep]:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        if context.n_kept > _MOST_FRAMES:
            raise AnalysisError(
                f"{context.name}: {self.title}: a matrix of {context.n_kept} × {context.n_kept} frames is too large to "
                f"be of use. Put the step 'downsample' before it, with a factor that leaves at most {_MOST_FRAMES}."
            )
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Reduce, Answer, PaintStep]:
        centred = self.measure != "gramian"
        summed = yield Reduce(partial(_products, centred=centred), _merged, "comparing frames", _LEAST_VOXELS)
        n_voxels = int(summed["n_voxels"])
        if n_voxels < 2:
            raise AnalysisError(
                f"{context.name}: {self.title}: {n_voxels} voxels vary and have no NaN (after preprocessing); at least "
                "2 are needed."
            )
        similarity = self._of(summed["products"], n_voxels)
        signed = "signed" if self.measure == "correlation" else "plain"
        attrs: dict[str, Any] = {"long_name": f"{self.measure} of the brain at two times", "plot": "matrix"}
        attrs |= {"scale": signed, "units": "1" if signed == "signed" else "a.u.²", "n_frames_used": context.n_kept}
        curves: dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]] = {
            "similarity": (("frame", "other_frame"), similarity, attrs),
            "n_voxels": ((), np.asarray(n_voxels), {"long_name": "voxels that take part"}),
        }
        frames = {"other_frame": np.flatnonzero(context.keep)}
        return PaintStep(Cells(context.space, context.space), {}, coords=frames, curves=curves)

    def _of(self, products: Values, n_voxels: int) -> Values:
        if self.measure == "gramian":
            return products
        if self.measure == "covariance":
            return products / (n_voxels - 1)
        size = np.sqrt(np.diag(products))
        with np.errstate(all="ignore"):
            correlation: Values = np.clip(products / np.outer(size, size), -1, 1)
        return correlation


def _products(series: Series, centred: bool) -> Answer:
    """Sums over voxels of the products of frames, about the mean over voxels of each frame if asked for."""
    valid = varies(series)
    if not valid.all():
        series = series[:, valid]
    n_voxels = series.shape[1]
    mean = series.mean(axis=1) if centred and n_voxels else np.zeros(len(series))
    series -= mean[:, None]
    return {"products": series @ series.T, "mean": mean, "n_voxels": np.array(float(n_voxels))}


def _merged(a: Answer, b: Answer) -> Answer:
    """Products about the mean of all voxels (Chan, Golub & LeVeque 1983), which costs no digits for a high baseline."""
    n = a["n_voxels"] + b["n_voxels"]
    share = b["n_voxels"] / max(n, 1.0)
    apart = b["mean"] - a["mean"]
    products = a["products"] + b["products"] + np.outer(apart, apart) * (a["n_voxels"] * share)
    return {"products": products, "mean": a["mean"] + apart * share, "n_voxels": n}
