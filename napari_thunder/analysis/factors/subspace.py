"""The few directions in time along which a whole brain varies most, from sums over its blocks."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.groups import add
from napari_thunder.analysis.protocol import Answer, Array, Context, Reduce, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.errors import AnalysisError

Values = NDArray[np.float64]

EXACT_FRAMES = 3000
"""Up to so many frames the matrix (t, t), 72 MB then, is summed over the brain; beyond, it is only sampled."""

LEAST_VOXELS = 1024

_SAMPLE_BYTES = 256 * 2**20
_OVERSAMPLED = 10
_ITERATIONS = 4


@dataclass(frozen=True, slots=True)
class Subspace:
    """The leading directions of the series of a brain.

    Parameters
    ----------
    values
        (k,) largest eigenvalues of the sum of y y' over voxels, falling.
    vectors
        (t, k) their eigenvectors, orthonormal.
    mean
        (t,) mean over the voxels that take part.
    n_voxels
        That take part: finite and not constant.
    variance
        Sum of squares of all their series: the trace of that matrix.
    """

    values: Values
    vectors: Values
    mean: Values
    n_voxels: int
    variance: float

    def check(self, wanted: int, context: Context, what: str) -> None:
        """Raises
        ------
        AnalysisError
            If nothing varies, or there are fewer independent components than wanted.
        """
        if self.n_voxels == 0:
            raise AnalysisError(
                f"{context.name}: {what}: every voxel is constant or has NaN (after preprocessing); "
                "there is nothing to explain."
            )
        if len(self.values) < wanted:
            raise AnalysisError(
                f"{context.name}: {what}: n_components={wanted}, but {context.n_kept} frames of "
                f"{self.n_voxels} varying voxels have only {len(self.values)} independent components. Ask for fewer."
            )


def subspace(
    count: int, n_frames: int, *, standardize: bool, over_voxels: bool = False
) -> Generator[Reduce, Answer, Subspace]:
    """Ask for the passes that find a `Subspace` of series centred over time.

    Parameters
    ----------
    count
        Directions that are wanted; there may be fewer.
    n_frames
        Of the series.
    standardize
        Scale each voxel to sd 1.
    over_voxels
        Also take the mean over voxels out of each frame.
    """
    find = _exact if n_frames <= EXACT_FRAMES else _randomised
    return find(count, n_frames, standardize, over_voxels)


def _exact(count: int, n_frames: int, standardize: bool, over_voxels: bool) -> Generator[Reduce, Answer, Subspace]:
    """From the whole matrix G = Σ y y'."""
    summed = yield Reduce(partial(_gram, standardize=standardize), add, "summing over the brain", LEAST_VOXELS)
    total, n_voxels = summed["total"], int(summed["n_voxels"][0])
    gram = summed["gram"]
    if over_voxels:
        gram = gram - np.outer(total, total) / max(n_voxels, 1)
    return _found(*leading(gram, count), summed, over_voxels)


def _randomised(count: int, n_frames: int, standardize: bool, over_voxels: bool) -> Generator[Reduce, Answer, Subspace]:
    """From products G Q with few vectors Q, which take little room."""
    width = min(count + _OVERSAMPLED, n_frames)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(n_frames, width)))[0]
    for iteration in range(_ITERATIONS + 1):
        times = partial(_gram_times, basis=basis, standardize=standardize)
        summed = yield Reduce(times, add, f"pass {iteration + 1} over the brain", LEAST_VOXELS)
        product, total = summed["product"], summed["total"]
        if over_voxels:
            product = product - np.outer(total, total @ basis) / max(int(summed["n_voxels"][0]), 1)
        if iteration < _ITERATIONS:
            basis = np.linalg.qr(product)[0]
    values, rotation = leading(basis.T @ product, count)
    return _found(values, basis @ rotation, summed, over_voxels)


def _found(values: Values, vectors: Values, summed: Answer, over_voxels: bool) -> Subspace:
    n_voxels, total = int(summed["n_voxels"][0]), summed["total"]
    mean = total / max(n_voxels, 1)
    variance = float(summed["variance"][0]) - (float(total @ mean) if over_voxels else 0.0)
    return Subspace(values, vectors, mean, n_voxels, variance)


def leading(gram: Values, count: int) -> tuple[Values, Values]:
    """The largest eigenvalues (k,), falling, of a matrix (t, t), and their eigenvectors (t, k).

    k is `count`, or fewer if the rest is not above rounding.
    """
    count = min(count, len(gram))
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    real = values > len(gram) * np.finfo(np.float64).eps * max(values[0], 0.0)
    return values[real], vectors[:, real]


def upward(vectors: Values) -> Values:
    """Vectors (t, k) with signs such that the largest excursion of each is above 0.

    Of excursions that are equal but for rounding the first counts, so that engines that sum in another order agree.
    """
    size = np.abs(vectors)
    first = np.argmax(size > (1 - 1e-6) * size.max(axis=0), axis=0)
    signs = np.sign(np.take_along_axis(vectors, first[None], axis=0))
    upwards: Values = vectors * signs
    return upwards


def affordable(n_voxels: int, n_frames: int) -> int:
    """So many voxels, or as many as have series of 256 MB, for a sample that is held at the desk."""
    return min(n_voxels, max(1, _SAMPLE_BYTES // (8 * n_frames)))


def prepare(series: Series, standardize: bool) -> NDArray[np.bool_]:
    """Centre (and scale) in place; voxels that take no part become 0. Returns which do."""
    _, sum_squares, valid = centre(series)
    if standardize:
        with np.errstate(all="ignore"):
            series /= np.sqrt(sum_squares / len(series))
    if not valid.all():
        series[:, ~valid] = 0
    return valid


def project(series: Series, weights: Values, standardize: bool, offset: Values | None = None) -> Answer:
    """Maps `components` (k, voxels) of prepared series by weights (k, t), minus an offset (k,)."""
    valid = prepare(series, standardize)
    components: Array = weights @ series
    if offset is not None:
        components -= offset[:, None]
    components[:, ~valid] = np.nan
    return {"components": components}


def _gram(series: Series, standardize: bool) -> Answer:
    return _size(series, standardize) | {"gram": series @ series.T}


def _gram_times(series: Series, basis: Values, standardize: bool) -> Answer:
    return _size(series, standardize) | {"product": series @ (series.T @ basis)}


def _size(series: Series, standardize: bool) -> Answer:
    """Prepare the series in place; how many voxels take part, their sum, and the sum of their squares."""
    valid = prepare(series, standardize)
    return {
        "n_voxels": np.array([valid.sum()]),
        "total": series.sum(axis=1),
        "variance": np.array([np.vdot(series, series)]),
    }
