"""Paths through a space of components, as they are seen from a direction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_MOST_TILT = 90.0


@dataclass(frozen=True, slots=True)
class Camera:
    """From where a space of three axes is looked at, without perspective.

    Parameters
    ----------
    turn
        Degrees around the third axis.
    tilt
        Degrees above the plane of the first two; 90 looks straight down on it.
    """

    turn: float = -50.0
    tilt: float = 25.0

    def turned(self, across: float, up: float) -> Camera:
        """After a drag by so many degrees."""
        tilt = min(max(self.tilt + up, -_MOST_TILT), _MOST_TILT)
        return replace(self, turn=(self.turn - across) % 360, tilt=tilt)

    @property
    def matrix(self) -> Values:
        """(3, 2): what a point (3,) is multiplied by to be seen at (to the right, up)."""
        turn, tilt = np.deg2rad(self.turn), np.deg2rad(self.tilt)
        right = np.array([-np.sin(turn), np.cos(turn), 0.0])
        up = np.array([-np.sin(tilt) * np.cos(turn), -np.sin(tilt) * np.sin(turn), np.cos(tilt)])
        return np.stack([right, up], axis=1)

    def see(self, points: Values) -> Values:
        """Points (..., 3) as they are seen (..., 2)."""
        seen: Values = points @ self.matrix
        return seen


def paths_of(values: Values) -> Values:
    """Trajectories (condition, time, component) of an array that may have no conditions."""
    paths: Values = np.asarray(values, np.float64)
    return paths[None] if paths.ndim == 2 else paths


def stretches(n_times: int, most: int = 48) -> list[tuple[int, int]]:
    """Stretches of time, each drawn in one colour: first and last sample of each; neighbours share one."""
    borders = np.unique(np.linspace(0, max(n_times - 1, 1), min(most, max(n_times - 1, 1)) + 1).round().astype(int))
    return [(int(a), int(b)) for a, b in pairwise(borders)]
