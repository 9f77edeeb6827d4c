"""Tries a function of the user's on a few voxels: what maps it gives, and whether it may be trusted with blocks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.own.answers import Output, outputs_of
from napari_thunder.analysis.own.calling import Call
from napari_thunder.analysis.own.notes import Per
from napari_thunder.analysis.protocol import Series
from napari_thunder.errors import ModelError

Maps = Mapping[str, NDArray[np.float64]]

N_VOXELS = 7
"""Few, and unlikely to be the number of anything else that a function gives."""

_SPOILT = "What this model gives for a voxel depends on which other voxels it is given with it"
_RANDOM = "This model does not give the same numbers when asked twice: make its random numbers from a fixed seed"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying.

    Parameters
    ----------
    per
        Whether the function takes many voxels at once, or one.
    outputs
        The maps it gives.
    signed
        Names of those with values on both sides of 0.
    warnings
        What the user should know of it.
    seconds
        For one voxel.
    """

    per: Per
    outputs: tuple[Output, ...]
    signed: frozenset[str]
    warnings: tuple[str, ...]
    seconds: float


def tried(call: Call, series: Series, per: Per | None) -> Tried:
    """Try a function on series (t, n) of a few voxels.

    Raises
    ------
    ModelError
        If it goes wrong, what it gives is no map, or it cannot be told whether it takes one voxel or many.
    """
    start = time.perf_counter()
    way, maps = (per, call.maps(series.copy(), per)) if per else _found_out(call, series)
    seconds = (time.perf_counter() - start) / series.shape[1]
    outputs = outputs_of(maps, 1)
    signed = frozenset(name for name, values in maps.items() if (values < 0).any())
    return Tried(way, outputs, signed, _warnings(call, series, way, maps), seconds)


def made_up(n_frames: int) -> Series:
    """Series (t, n) to try on where the brain has none: a baseline of 100 with slow waves and noise."""
    rng, phase = np.random.default_rng(0), np.linspace(0, 6 * np.pi, n_frames)
    waves = np.stack([np.sin(phase + shift) for shift in np.linspace(0, np.pi, N_VOXELS)], axis=1)
    return np.asarray(100 + 5 * waves + rng.normal(size=(n_frames, N_VOXELS)))


def _found_out(call: Call, series: Series) -> tuple[Per, Maps]:
    """Whether a function takes many voxels or one, by trying both."""
    found: dict[Per, Maps] = {}
    wrong: list[ModelError] = []
    for way in ("block", "voxel"):
        try:
            found[way] = call.maps(series.copy(), way)
        except ModelError as error:
            wrong.append(error)
    if not found:
        raise wrong[0]
    if len(found) == 2 and not _equal(found["block"], found["voxel"]):
        raise ModelError(
            f"{call.file.name}: {call.function} gives something for a block (time, voxels) and something else for one "
            f'voxel after the other. Say which is meant, below the function: {call.function}.per = "block", or '
            f'{call.function}.per = "voxel".'
        )
    return ("block", found["block"]) if "block" in found else ("voxel", found["voxel"])


def _warnings(call: Call, series: Series, per: Per, maps: Maps) -> tuple[str, ...]:
    if not _equal(call.maps(series.copy(), per), maps):
        return (f"{_RANDOM}. Until then no run can be repeated.",)
    first = series[:, : series.shape[1] // 2]
    if per == "voxel" or not first.shape[1]:
        return ()
    part = {name: values[..., : first.shape[1]] for name, values in maps.items()}
    if _equal(call.maps(first.copy(), per), part):
        return ()
    return (f"{_SPOILT}, and so on how the brain is cut into blocks. Let it treat each voxel by itself.",)


def _equal(a: Maps, b: Maps) -> bool:
    return a.keys() == b.keys() and all(
        a[name].shape == b[name].shape and np.allclose(a[name], b[name], rtol=1e-6, atol=1e-9, equal_nan=True)
        for name in a
    )
