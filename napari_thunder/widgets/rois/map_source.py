"""The map in front, as numbers that regions can be made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role
from napari_thunder.models import Desk
from napari_thunder.regions import Sign


@dataclass(frozen=True, slots=True, eq=False)
class MapSource:
    """A map that is shown.

    Parameters
    ----------
    title
        Of its picture.
    values
        (z, y, x); what is drawn, or of a coloured map its strength.
    threshold
        Above which it is drawn, or where its colours are half way when all of it is.
    sign
        `both` for maps of both signs, whose parts beyond ± the threshold count.
    """

    title: str
    values: NDArray[Any]
    threshold: float
    sign: Sign


def map_in_front(desk: Desk) -> MapSource | str:
    """The map in front; or why no region can be made from it, as the next step to take."""
    front = desk.pictures.front
    spec = None if front is None else desk.pictures.spec(front)
    if spec is None or front is None:
        return "Run an analysis first, or open a result: its map is cut out above a threshold."
    about, look = spec.thunder, desk.pictures.look(front)
    overlay = about.get("overlay")
    if about.get("role") == str(Role.LABEL) or (overlay is None and spec.kwargs.get("rgb")):
        return "Choose a map of numbers under Results; or make ROIs of the clusters of this one there."
    asked = look.threshold if look is not None and look.threshold is not None else about.get("threshold")
    limits = overlay.limits if overlay is not None else spec.kwargs["contrast_limits"]
    values = overlay.strength if overlay is not None else spec.data
    signed = overlay is None and about.get("role") in (str(Role.SIGNED), str(Role.FACTOR))
    half = float(np.mean(limits)) if not signed else float(limits[1]) / 2
    return MapSource(spec.name, values, half if asked is None else float(asked), "both" if signed else "above")
