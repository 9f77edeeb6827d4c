"""From steps along named axes, in whatever unit, to voxel size and frame times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from napari_thunder.io.axes import Shape
from napari_thunder.io.source import Metadata
from napari_thunder.io.units import micrometres, seconds


def spacing(names: str, steps: Iterable[Any], units: Iterable[str | None], shape: Shape) -> Metadata:
    """Voxel size and frame times; None where a step or its unit is missing.

    Parameters
    ----------
    names
        Letters of the axes.
    steps, units
        From one voxel (or frame) to the next along each of them.
    shape
        (t, z, y, x) of the movie. A plane that is alone counts as 1 µm thick.
    """
    by_name = {name: (step, unit) for name, step, unit in zip(names, steps, units, strict=False)}
    x, y, z = (micrometres(*by_name[axis]) if axis in by_name else None for axis in "xyz")
    if shape[1] == 1 and "z" not in names:
        z = 1.0
    step = seconds(*by_name["t"]) if "t" in by_name and shape[0] > 1 else None
    times = np.arange(shape[0], dtype=np.float64) * step if step else None
    return Metadata((z, y, x) if x and y and z else None, times)
