"""Do independent components come back from other random starts?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from napari_thunder.analysis.factors.curves import Curves
from napari_thunder.analysis.factors.fixed_point import Unmixing, unmix

Values = NDArray[np.float64]

_STABLE = 0.8
"""Least index of a component that nothing is said of."""


def unmix_often(white: Values, contrast: str, max_iter: int, tol: float, seed: int, n: int) -> list[Unmixing]:
    """What `unmix` finds from n random starts, the first of which has the seed itself."""
    seeds: list[int | tuple[int, int]] = [seed, *((seed, start) for start in range(1, n))]
    return [unmix(white, contrast, max_iter, tol, one) for one in seeds]


def stability(rotation: Values, starts: Sequence[Unmixing]) -> Values:
    """(k,) how surely each component is found: the quality index of Icasso.

    Each start gives one estimate for each component; they are paired so that the correlations are largest. The index is
    the mean correlation (absolute) within the estimates of a component, minus that between them and all others: 1 if
    every start finds the same, near 0 if each finds something else.

    Parameters
    ----------
    rotation
        (k, k) rows that make the components of white signals, so that products of rows are correlations of sources.
    starts
        What was found from each, in any order and with any sign.

    References
    ----------
    Himberg, Hyvärinen & Esposito 2004, NeuroImage 22:1214 (there clustered, as a component may be missing).
    """
    k, n = len(rotation), len(starts)
    estimates = np.stack([_paired(rotation, start.rotation) for start in starts], axis=1).reshape(k * n, k)
    alike = np.abs(estimates @ estimates.T).reshape(k, n, k, n).mean(axis=(1, 3))
    within = np.diag(alike)
    if k == 1:
        return within.copy()
    between = (alike.sum(axis=1) - within) / (k - 1)
    index: Values = within - between
    return index


def stability_curve(stable: Values, n_starts: int) -> Curves:
    """The index as bars."""
    about = {"long_name": f"stability over {n_starts} starts", "units": "1", "plot": "bars"}
    return {"stability": (("component",), stable, about)}


def doubts(stable: Values, names: Sequence[str], n_starts: int) -> list[str]:
    """What to say of components that other starts do not find."""
    doubtful = [name for name, value in zip(names, stable, strict=True) if value < _STABLE]
    text = (
        f"{n_starts} random starts do not agree on {', '.join(doubtful)} (stability below {_STABLE:g}): what they span "
        "together is there, but not each for itself. Ask for fewer components."
    )
    return [text] if doubtful else []


def _paired(rotation: Values, start: Values) -> Values:
    """The rows of a start in the order of those they are most like."""
    rows, columns = linear_sum_assignment(-np.abs(rotation @ start.T))
    return start[columns[np.argsort(rows)]]
