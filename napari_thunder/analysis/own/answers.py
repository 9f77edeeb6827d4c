"""What a function of the user's answered, as maps by name; what cannot be one is said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import ModelError

Values = NDArray[np.float64]

_TAKEN = ("z", "y", "x", "t", "frame", "time")


@dataclass(frozen=True, slots=True)
class Output:
    """A map that a function gives; `rows` is None for (voxels,), else k of (k, voxels)."""

    name: str
    rows: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Before the voxels."""
        return () if self.rows is None else (self.rows,)


def block_maps(answer: Any, n_voxels: int, function: str) -> dict[str, Values]:
    """Maps (voxels,) or (k, voxels) of what a function of a block answered.

    Raises
    ------
    ModelError
    """
    maps = {name: _numbers(name, value, function) for name, value in _named(answer, function).items()}
    for name, values in maps.items():
        if values.ndim not in (1, 2) or values.shape[-1] != n_voxels:
            raise ModelError(
                f"{function}: {name!r} has the shape {_shape(values)} for a block of {n_voxels} voxels. "
                f"Give one number for each voxel, ({n_voxels},), or k of them, (k, {n_voxels})."
                f"{_transposed(values, n_voxels)}"
            )
    return maps


def voxel_maps(answer: Any, function: str) -> dict[str, Values]:
    """Numbers () or (k,) of what a function of one series answered.

    Raises
    ------
    ModelError
    """
    maps = {name: _numbers(name, value, function) for name, value in _named(answer, function).items()}
    for name, values in maps.items():
        if values.ndim > 1 or values.size == 0:
            raise ModelError(
                f"{function}: {name!r} has the shape {_shape(values)} for one voxel. Give a number, or k of them, (k,)."
            )
    return maps


def outputs_of(maps: Mapping[str, Values], voxel_axes: int) -> tuple[Output, ...]:
    """What maps there are; `voxel_axes` is 1 where the last axis is that of voxels."""
    return tuple(Output(n, None if v.ndim == voxel_axes else v.shape[0]) for n, v in maps.items())


def check_outputs(found: Sequence[Output], promised: Sequence[Output], function: str) -> None:
    """Raises
    ------
    ModelError
        If a function gave other maps than it did when it was tried.
    """
    if tuple(found) != tuple(promised):
        raise ModelError(
            f"{function}: it gave {_list(found)} now, but {_list(promised)} when it was tried. It must give the same "
            "maps for all voxels; give NaN where there is nothing to give."
        )


def _named(answer: Any, function: str) -> dict[str, Any]:
    if answer is None:
        raise ModelError(f"{function}: it gives nothing back. Let it `return` a dict of named maps.")
    if isinstance(answer, Mapping):
        return {_checked(name, function): value for name, value in answer.items()} or _nothing(function)
    if isinstance(answer, tuple):
        named = getattr(answer, "_fields", [f"{function}_{i}" for i in range(1, len(answer) + 1)])
        return dict(zip(named, answer, strict=True)) or _nothing(function)
    return {function: answer}


def _nothing(function: str) -> dict[str, Any]:
    raise ModelError(f"{function}: what it gives back is empty. Give at least one named map.")


def _checked(name: Any, function: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ModelError(f"{function}: the maps it gives need texts for names, not {name!r}.")
    if name in _TAKEN or "/" in name or name.startswith("."):
        raise ModelError(f"{function}: a map cannot be called {name!r}; choose another name.")
    return name


def _numbers(name: str, value: Any, function: str) -> Values:
    try:
        values = np.asarray(value)
    except ValueError:
        raise ModelError(f"{function}: {name!r} is a list of lists of different lengths, which is no map.") from None
    if values.dtype.kind == "c":
        raise ModelError(f"{function}: {name!r} is complex. Give np.abs and np.angle of it as two maps.")
    if values.dtype.kind not in "biuf":
        what = "None" if value is None else f"{type(value).__name__} of {values.dtype}"
        raise ModelError(f"{function}: {name!r} must be numbers, not {what}.")
    numbers: Values = np.asarray(values, np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _transposed(values: Values, n_voxels: int) -> str:
    return " Is it transposed? Give its .T." if values.ndim == 2 and values.shape[0] == n_voxels else ""


def _shape(values: Values) -> str:
    return f"({', '.join(map(str, values.shape))}{',' if values.ndim == 1 else ''})" if values.ndim else "of one number"


def _list(outputs: Sequence[Output]) -> str:
    return ", ".join(o.name if o.rows is None else f"{o.name} of {o.rows} rows" for o in outputs) or "nothing"
