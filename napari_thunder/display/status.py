"""One line of numbers for one voxel of a result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.maps import MapChoice, further_dims, label_at, map_names, role_of, symbol_of

Voxel = tuple[int, int, int]

NOT_ESTIMABLE = "not estimable"

_CIRCULAR = (Role.DIRECTION, Role.ORIENTATION)
_FIRST = (*_CIRCULAR, Role.LABEL)


@dataclass(frozen=True, slots=True, eq=False)
class _Readable:
    """A map made ready to be read voxel by voxel."""

    name: str
    role: Role
    values: NDArray[Any]
    labels: tuple[str, ...]
    noun: str = ""

    def said_at(self, voxel: Voxel) -> Iterator[str]:
        values = self.values[(..., *voxel)]
        if values.ndim == 0:
            if np.isfinite(values):
                yield self._one(float(values))
        elif self.labels and np.isfinite(values).any():
            at = int(np.nanargmax(np.abs(values)))
            yield f"{self._one(float(values[at]))} at {self.labels[at]}"

    def _one(self, value: float) -> str:
        return f"{self.noun} {value:.0f}" if self.role is Role.LABEL else _one(self.name, self.role, value)


class NumbersAt:
    """What a result says of a voxel; made once, asked at every movement of the mouse.

    Parameters
    ----------
    dataset
        A result; its maps may be filled further meanwhile.
    shown
        The map that is looked at, whose number comes first.
    """

    def __init__(self, dataset: xr.Dataset, shown: MapChoice | None = None) -> None:
        self._sizes = tuple(dataset.sizes[axis] for axis in "zyx")
        self._maps = tuple(_readable(dataset, name) for name in _in_order(dataset))
        if shown is not None and shown.at:
            alone = dataset[shown.variable].transpose(..., "z", "y", "x").values[shown.at]
            words = ", ".join(label_at(dataset, dim, i) for dim, i in _places(dataset, shown))
            first = _Readable(f"{symbol_of(shown.variable)} ({words})", role_of(dataset, shown.variable), alone, ())
            self._maps = (first, *(m for m in self._maps if m.name != shown.variable))

    def __call__(self, voxel: Voxel) -> str:
        """`212°, R² 0.41, F 8.1, p 0.002`; empty outside the volume."""
        return self._said(voxel, self._maps)

    def brief(self, voxel: Voxel) -> str:
        """The first two numbers and p, for a line that holds those of several results."""
        return self._said(voxel, (*self._maps[:2], *(m for m in self._maps[2:] if m.role is Role.PROBABILITY)))

    def _said(self, voxel: Voxel, maps: Iterable[_Readable]) -> str:
        if not all(0 <= i < n for i, n in zip(voxel, self._sizes, strict=True)):
            return ""
        return ", ".join(part for one in maps for part in one.said_at(voxel)) or NOT_ESTIMABLE


def status_text(dataset: xr.Dataset, voxel: Voxel) -> str:
    """What a result says of a voxel: `212°, R² 0.41, p 0.002`.

    Of a map with further dimensions, the slice that is largest in this voxel: `t 5.1 at direction=30`.

    Parameters
    ----------
    dataset
        A result.
    voxel
        (z, y, x) in voxels.

    Returns
    -------
    str
        Empty outside the volume.
    """
    return NumbersAt(dataset)(voxel)


def _places(dataset: xr.Dataset, choice: MapChoice) -> Iterator[tuple[str, int]]:
    return zip(further_dims(dataset, choice.variable), choice.at, strict=True)


def _readable(dataset: xr.Dataset, name: str) -> _Readable:
    role, dims = role_of(dataset, name), further_dims(dataset, name)
    said = len(dims) == 1 and role not in (Role.PROBABILITY, Role.VALUE)
    labels = tuple(label_at(dataset, dims[0], i) for i in range(dataset.sizes[dims[0]])) if said else ()
    noun = str(dataset[name].attrs.get("long_name", symbol_of(name)))
    return _Readable(name, role, dataset[name].transpose(..., "z", "y", "x").values, labels, noun)


def _in_order(dataset: xr.Dataset) -> list[str]:
    """Directions and labels first; then what is of one number, then what is of several; p without its like for FDR."""
    names = map_names(dataset)
    if "p" in names and "p_fdr" in names:
        names.remove("p_fdr")
    return sorted(
        names,
        key=lambda n: (
            role_of(dataset, n) not in _FIRST,
            len(further_dims(dataset, n)),
            role_of(dataset, n) is Role.PROBABILITY,
            n != "r_squared",
        ),
    )


def _one(name: str, role: Role, value: float) -> str:
    if role in _CIRCULAR:
        period = 180 if role is Role.ORIENTATION else 360
        return f"{round(value) % period}°"
    symbol = symbol_of(name)
    if role is Role.PROBABILITY:
        return f"{symbol} < 0.0001" if value < 1e-4 else f"{symbol} {value:.2g}"
    return f"{symbol} {value:.2f}" if role is Role.FRACTION else f"{symbol} {value:.3g}"
