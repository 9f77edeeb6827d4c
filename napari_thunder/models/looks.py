"""How a result is looked at: which picture of it, over which strength, above which threshold, in which colours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_thunder.analysis.protocol import Role
from napari_thunder.display import CYCLIC, MapChoice, choices, direction_of, factors_of, strengths
from napari_thunder.display.maps import label_at, role_of, symbol_of

if TYPE_CHECKING:
    import xarray as xr

_SEQUENTIAL = ("magma", "viridis", "inferno", "gray")
_DIVERGING = ("vik", "PiYG", "RdBu_r")
_CIRCULAR = (Role.DIRECTION, Role.ORIENTATION)


@dataclass(frozen=True, slots=True)
class Look:
    """How a result is looked at.

    Parameters
    ----------
    choice
        The one map that is shown; None for what is coloured by several.
    components
        The factors that are shown together; empty for a single map or a direction map.
    strength
        Name of the map that gives the opacity of a direction map; empty for the best there is.
    threshold
        What is weaker is not shown; None for the default.
    colormap
        Empty for the default.
    """

    choice: MapChoice | None = None
    components: tuple[int, ...] = ()
    strength: str = ""
    threshold: float | None = None
    colormap: str = ""


def looks_of(dataset: xr.Dataset) -> list[tuple[str, Look]]:
    """Every way to look at a result, with its title; the most telling first."""
    direction, factors = direction_of(dataset), factors_of(dataset)
    found: list[tuple[str, Look]] = []
    if direction is not None:
        found.append((str(dataset[direction].attrs.get("long_name", direction)), Look()))
    if factors is not None:
        found += _together(dataset, factors)
    plain = [choice for choice in choices(dataset) if role_of(dataset, choice.variable) not in _CIRCULAR]
    plain.sort(key=lambda choice: role_of(dataset, choice.variable) is Role.PROBABILITY)
    return found + [(choice.title(dataset).replace("_", " "), Look(choice)) for choice in plain]


def meaning_of(dataset: xr.Dataset, look: Look) -> str:
    """What a picture shows, in more words than its title."""
    return "" if look.choice is None else look.choice.long_title(dataset)


def look_at(look: Look, before: Look) -> Look:
    """A look of another picture, keeping of an earlier one what still makes sense."""
    directions = look.choice is None and before.choice is None and look.components == before.components == ()
    return before if directions else replace(look, strength=before.strength)


def same_picture(a: Look, b: Look) -> bool:
    """Whether two looks show the same picture, be it in another way."""
    return (a.choice, a.components) == (b.choice, b.components)


def strengths_of(dataset: xr.Dataset, look: Look) -> list[str]:
    """Maps that can give the opacity; none unless directions are shown."""
    return strengths(dataset) if look.choice is None and not look.components else []


def strength_title(dataset: xr.Dataset, name: str) -> str:
    """A strength as it is drawn and thresholded: `R²`, `−log10 p`."""
    logarithm = "−log10 " if role_of(dataset, name) is Role.PROBABILITY else ""
    return f"{logarithm}{symbol_of(name)}"


def colormaps_of(dataset: xr.Dataset, look: Look) -> tuple[str, ...]:
    """Colormaps on offer, the default first; one alone where the colours are fixed."""
    if look.choice is None:
        return CYCLIC if len(look.components) in (0, 2) else ("fixed",)
    role = role_of(dataset, look.choice.variable)
    if role in (Role.SIGNED, Role.FACTOR):
        return _DIVERGING
    if role is Role.LABEL:
        return ("fixed",)
    first = {Role.IMAGE: "gray", Role.VALUE: "inferno", Role.PROBABILITY: "viridis"}.get(role, "magma")
    return (first, *(name for name in _SEQUENTIAL if name != first))


def _together(dataset: xr.Dataset, factors: str) -> list[tuple[str, Look]]:
    dim = str(dataset[factors].dims[0])
    n = dataset.sizes[dim]
    groups = [tuple(range(k)) for k in (2, 3) if n >= k] + ([tuple(range(n))] if n > 3 else [])
    return [(_title(dataset, dim, group), Look(components=group)) for group in groups]


def _title(dataset: xr.Dataset, dim: str, group: tuple[int, ...]) -> str:
    words = [label_at(dataset, dim, i).removeprefix(f"{dim} ") for i in group]
    listed = ", ".join(words) if len(words) < 4 else f"{words[0]} to {words[-1]}"
    return f"{dim}s {listed} together"
