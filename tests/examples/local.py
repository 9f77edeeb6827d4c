"""Local correlation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

import napari_thunder as nt
from tests.examples import Case

MADE: dict[str, dict[str, Any]] = {"local_correlation": {}}

Values = NDArray[np.float64]

OF_THUNDER = [[1, 2, 3], [2, 2, 4], [9, 2, 1], [5, 2, 5], [4, 2, 8], [5, 4, 1], [4, 2, 6], [6, 3, 2], [0, 2, 1]]


def local(movie: Any, **given: Any) -> Values:
    """The map of a movie (t, z, y, x)."""
    values = nt.run(nt.LocalCorrelation(**given), nt.Recording.from_array(np.asarray(movie, float)))
    return np.asarray(values["local_correlation"].values, np.float64)


def by_pairs(movie: Values, neighbours: int) -> Values:
    """The mean of `numpy.corrcoef` with each neighbour that is there."""
    space = movie.shape[1:]
    r = np.corrcoef(movie.reshape(len(movie), -1).T).reshape(*space, *space)
    found = np.zeros(space)
    for v in np.ndindex(*space):
        near = []
        for o in itertools.product((-1, 0, 1), repeat=3):
            size, there = sum(map(abs, o)), tuple(np.add(v, o))
            wanted = {4: size == 1 and o[0] == 0, 8: o[0] == 0, 6: size == 1, 26: True}[neighbours]
            if size and wanted and all(0 <= i < n for i, n in zip(there, space, strict=True)):
                near.append(r[v][there])
        found[v] = np.mean(near)
    return found


def movie() -> Values:
    """Noise (t, z, y, x) that neighbours share."""
    noise = np.random.default_rng(4).normal(size=(40, 4, 9, 8))
    return 100 + noise + np.roll(noise, 1, axis=2) + np.roll(noise, 1, axis=1)


def with_mean(movie: Values, radius: int) -> Values:
    """`numpy.corrcoef` of each voxel with the mean of the square around it."""
    found = np.zeros(movie.shape[1:])
    for z, y, x in np.ndindex(*found.shape):
        low_y, low_x = max(0, y - radius), max(0, x - radius)
        around = movie[:, z, low_y : y + radius + 1, low_x : x + radius + 1].mean(axis=(1, 2))
        found[z, y, x] = np.corrcoef(movie[:, z, y, x], around)[0, 1]
    return found


CASES = [
    Case(
        "local_correlation",
        "Thunder's known answer 25",
        "the middle of 3 × 3 voxels",
        lambda: abs(local(np.array(OF_THUNDER).T.reshape(3, 1, 3, 3), against="mean")[0, 1, 1] - 0.5),
        1e-6,
    ),
    *(
        Case(
            "local_correlation",
            "numpy.corrcoef",
            f"{n} neighbours",
            lambda n=n: float(np.abs(local(movie(), neighbours=n) - by_pairs(movie(), n)).max()),  # type: ignore[misc]
            1e-6,
        )
        for n in (4, 8, 6, 26)
    ),
    Case(
        "local_correlation",
        "numpy.corrcoef",
        "the mean of 5 × 5 voxels",
        lambda: float(np.abs(local(movie(), against="mean", radius=2) - with_mean(movie(), 2)).max()),
        1e-6,
    ),
]
