"""Designs shifted in time against the brain: what fits would find by chance, for noise of any memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.regression.least_squares import Asked, orthonormal_rows, starts_of
from napari_thunder.errors import AnalysisError

Values = NDArray[np.float64]
Lags = NDArray[np.intp]

LEAST_SHIFTS = 19
"""So many are needed for p = 0.05."""

_SINGULAR = 1e-8
_LOOKS_THE_SAME = 0.3
_MANY = 0.03


@dataclass(frozen=True, slots=True)
class ShiftedDesigns:
    """A design at many shifts, as what turns products of its regressors and a series into statistics.

    Parameters
    ----------
    regressors
        (n_frames, p) those of interest, orthonormal beside the rest at shift 0; shifted circularly over all frames.
    spectra
        (p, n_frames // 2 + 1) conjugate Fourier transforms of them.
    lags
        (shifts,) in frames, rising.
    frames
        (t,) the kept frames.
    beside
        (m, t) orthonormal basis of what does not shift: constant, drift, motion.
    rows
        (shifts or 1, p + n + Σ q, p) from products to scores: p that are uncorrelated and of equal variance, then one
        along each line, then those of the planes below each other; 1 if all shifts have the same.
    n_lines
        How many lines.
    starts
        Where each plane starts, among theirs.
    ranks
        (planes, 1) q of each plane.
    dof
        Degrees of freedom that are left.
    """

    regressors: Values
    spectra: NDArray[np.complex128]
    lags: Lags
    frames: Lags
    beside: Values
    rows: Values
    n_lines: int
    starts: Lags
    ranks: Values
    dof: int

    @property
    def n_scores(self) -> int:
        """Regressors of interest."""
        return int(self.regressors.shape[1])

    @property
    def places(self) -> slice | Lags:
        """The lags as an index, without a copy where they are all those between two."""
        first, last = int(self.lags[0]), int(self.lags[-1])
        return slice(first, last + 1) if last - first + 1 == len(self.lags) else self.lags


def allowed_lags(n_frames: int, least: int, n_shifts: int, seed: int, where: str) -> Lags:
    """Different shifts of at least so many frames either way, at random; all there are, if there are no more.

    Raises
    ------
    AnalysisError
        If there are fewer than 19.
    """
    possible = np.arange(least, n_frames - least + 1)
    if len(possible) < LEAST_SHIFTS:
        raise AnalysisError(
            f"{where}: {n_frames} frames leave {len(possible)} shifts of {least} or more frames either way, but p "
            f"below 0.05 needs {LEAST_SHIFTS}. Give a smaller min_shift, or inference=hac."
        )
    chosen = np.random.default_rng(seed).choice(possible, min(n_shifts, len(possible)), replace=False)
    return np.sort(chosen).astype(np.intp)


def shifted_designs(design: Design, asked: Asked, lags: Lags, where: str) -> ShiftedDesigns:
    """A checked design at each shift; shifts at which it could not be fitted are left out.

    Raises
    ------
    AnalysisError
        If a contrast asks of what does not shift, or the design can be fitted at too few shifts.
    """
    assert design.all_values is not None
    assert design.keep is not None
    n_wanted = design.values.shape[1] - design.n_nuisance
    tested = (asked.lines, *asked.planes[: asked.n_tested])
    if any(rows[:, n_wanted:].any() for rows in tested):
        raise AnalysisError(f"{where}: drift and motion do not shift, so circular shifts do not test them.")
    lines, *planes = (rows[:, :n_wanted] for rows in tested)
    frames = np.flatnonzero(design.keep).astype(np.intp)
    beside = _beside(design, n_wanted)
    values = design.all_values[:, :n_wanted]
    values = values - values[frames].mean(axis=0) if design.intercept else values
    regressors, from_own = _orthonormal_columns(values, frames, beside)
    lines, planes = lines @ from_own, [plane @ from_own for plane in planes]
    grams = np.stack([_gram(regressors, frames, beside, lag) for lag in lags])
    fine = np.linalg.eigvalsh(grams)[:, 0] > _SINGULAR
    if fine.sum() < LEAST_SHIFTS:
        raise AnalysisError(f"{where}: shifted in time, the design can be fitted at {fine.sum()} shifts only.")
    lags, grams = lags[fine], grams[fine]
    if np.abs(grams - np.eye(n_wanted)).max() < 1e-9:
        grams = np.eye(n_wanted)[None]
    ranks = np.array([float(len(plane)) for plane in planes])[:, None]
    rows = _rows(lines, planes, grams)
    spectra = np.ascontiguousarray(np.fft.rfft(regressors, axis=0).conj().T)
    return ShiftedDesigns(
        regressors, spectra, lags, frames, beside, rows, len(lines), starts_of(planes), ranks, design.dof
    )


def _rows(lines: Values, planes: list[Values], grams: Values) -> Values:
    """From products to scores, at each shift with its Gram matrix (shifts, p, p) of the regressors."""
    to_scores = np.linalg.inv(np.linalg.cholesky(grams))
    whitened = np.swapaxes(to_scores, 1, 2)
    along = lines @ whitened
    along /= np.linalg.norm(along, axis=2, keepdims=True)
    in_planes = [np.stack([orthonormal_rows(plane @ w) for w in whitened]) for plane in planes]
    return np.concatenate([to_scores, *(rows @ to_scores for rows in (along, *in_planes))], axis=1)


def comes_back(designs: ShiftedDesigns) -> bool:
    """Whether many of the shifts bring the regressors back onto themselves, as those of evenly spaced events."""
    at_rest = np.fft.rfft(designs.regressors, axis=0)
    alike = np.fft.irfft(at_rest[:, :, None] * at_rest.conj()[:, None, :], len(designs.regressors), axis=0)
    share = (alike[designs.lags] ** 2).sum(axis=(1, 2)) / max((alike[0] ** 2).sum(), 1e-300)
    return bool((share > _LOOKS_THE_SAME).mean() > _MANY)


def _beside(design: Design, n_wanted: int) -> Values:
    columns = design.values[:, n_wanted:]
    if design.intercept:
        columns = np.concatenate([np.ones((len(columns), 1)), columns - columns.mean(axis=0)], axis=1)
    return np.ascontiguousarray(np.linalg.qr(columns)[0].T)


def _orthonormal_columns(values: Values, frames: Lags, beside: Values) -> tuple[Values, Values]:
    """Combinations of columns that are orthonormal over the kept frames beside the rest, and weights from theirs."""
    kept = values[frames]
    r = np.linalg.qr(kept - beside.T @ (beside @ kept))[1]
    to_own = np.linalg.inv(r)
    return values @ to_own, to_own


def _gram(regressors: Values, frames: Lags, beside: Values, lag: int) -> Values:
    moved = regressors[(frames - lag) % len(regressors)]
    shared = beside @ moved
    gram: Values = moved.T @ moved - shared.T @ shared
    return gram
