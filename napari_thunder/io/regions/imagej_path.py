"""The paths of ImageJ's composite ROIs: numbers that say what to do with the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_MOVE, _LINE, _QUADRATIC, _CUBIC, _CLOSE = range(5)
_LENGTH = {_MOVE: 1, _LINE: 1, _QUADRATIC: 2, _CUBIC: 3, _CLOSE: 0}
_STEPS = np.linspace(0, 1, 17)[1:, None]


def rings_of_path(path: Sequence[float]) -> list[Points]:
    """The closed lines (n, 2) x and y of a path; curves by 16 points. ValueError if it is none."""
    rings: list[list[Points]] = []
    at = 0
    while at < len(path):
        what = int(path[at])
        if what not in _LENGTH or (what != _MOVE and not rings):
            raise ValueError("its path is not one of ImageJ")
        numbers = path[at + 1 : at + 1 + 2 * _LENGTH[what]]
        if len(numbers) != 2 * _LENGTH[what]:
            raise ValueError("its path ends too early")
        at += 1 + len(numbers)
        points = np.array(numbers, np.float64).reshape(-1, 2)
        if what == _MOVE:
            rings.append([points])
        elif what != _CLOSE:
            rings[-1].append(_curve(np.vstack([rings[-1][-1][-1:], points])))
    joined = [np.vstack(ring) for ring in rings]
    return [ring for ring in joined if len(ring) > 2]


def _curve(control: Points) -> Points:
    """A Bézier curve without its first point."""
    n = len(control) - 1
    if n == 1:
        return control[1:]
    weights = np.hstack([comb(n, k) * _STEPS**k * (1 - _STEPS) ** (n - k) for k in range(n + 1)])
    return np.asarray(weights @ control)
