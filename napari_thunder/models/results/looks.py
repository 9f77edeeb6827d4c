"""How a result is looked at: which picture of it, over which strength, above which threshold, in which colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_thunder.analysis.protocol import Role
from napari_thunder.display import CYCLIC, MapChoice, choices, direction_of, factors_of, label_strengths, strengths
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
    opacity
        Of the whole picture, 0 to 1.
    limits
        Values at the ends of the colormap of a single map; None to take them from the map.
    significant
        Whether only voxels of p < 0.05 are shown, adjusted for the false discovery rate where the result has that.
    """

    choice: MapChoice | None = None
    components: tuple[int, ...] = ()
    strength: str = ""
    threshold: float | None = None
    colormap: str = ""
    opacity: float = 1.0
    limits: tuple[float, float] | None = None
    significant: bool = False


def looks_of(dataset: xr.Dataset) -> list[tuple[str, Look]]:
    """Every way to look at a result, with its title; the most telling first."""
    direction, factors = direction_of(dataset), factors_of(dataset)
    found: list[tuple[str, Look]] = []
    if direction is not None:
        found.append((str(dataset[direction].attrs.get("long_name", direction)), Look()))
    if factors is not None:
        found += _together(dataset, factors)
    plain = [choice for choice in choices(dataset) if role_of(dataset, choice.variable) not in _CIRCULAR]
    plain.sort(key=lambda choice: _interest(dataset, choice.variable))
    return found + [(choice.title(dataset).replace("_", " "), Look(choice)) for choice in plain]


def _interest(dataset: xr.Dataset, variable: str) -> int:
    """Where a map comes in a list: t before what it is made of, p last."""
    if role_of(dataset, variable) is Role.PROBABILITY:
        return 2
    return 0 if variable == "t" else 1


def in_colours(look: Look, directions: str) -> Look:
    """A look at directions in these colours; another look as it is."""
    return replace(look, colormap=directions) if look.choice is None and not look.components else look


def meaning_of(dataset: xr.Dataset, look: Look) -> str:
    """What a picture shows, in more words than its title."""
    return "" if look.choice is None else look.choice.long_title(dataset)


def look_at(look: Look, before: Look) -> Look:
    """A look of another picture, keeping of an earlier one what still makes sense."""
    directions = look.choice is None and before.choice is None and look.components == before.components == ()
    if directions:
        return before
    return replace(look, strength=before.strength, opacity=before.opacity, significant=before.significant)


def same_picture(a: Look, b: Look) -> bool:
    """Whether two looks show the same picture, be it in another way."""
    return (a.choice, a.components) == (b.choice, b.components)


def strengths_of(dataset: xr.Dataset, look: Look) -> list[str]:
    """Maps that can give the opacity; none unless directions or labels are shown."""
    if look.choice is not None and role_of(dataset, look.choice.variable) is Role.LABEL:
        return label_strengths(dataset, look.choice.variable)
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


def look_to_plain(look: Look) -> dict[str, Any]:
    """A look as JSON can hold it; `look_from_plain` reads it back."""
    return {
        "choice": None if look.choice is None else {"variable": look.choice.variable, "at": list(look.choice.at)},
        "components": list(look.components),
        "strength": look.strength,
        "threshold": look.threshold,
        "colormap": look.colormap,
        "opacity": look.opacity,
        "limits": None if look.limits is None else list(look.limits),
        "significant": look.significant,
    }


def look_from_plain(stored: Mapping[str, Any]) -> Look:
    """The look that `look_to_plain` was given; what is missing is as by default.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is not such a thing.
    """
    choice, limits = stored.get("choice"), stored.get("limits")
    return Look(
        None if choice is None else MapChoice(str(choice["variable"]), tuple(int(i) for i in choice["at"])),
        tuple(int(i) for i in stored.get("components", ())),
        str(stored.get("strength", "")),
        None if stored.get("threshold") is None else float(stored["threshold"]),
        str(stored.get("colormap", "")),
        float(stored.get("opacity", 1.0)),
        None if limits is None else (float(limits[0]), float(limits[1])),
        bool(stored.get("significant", False)),
    )


def fits(dataset: xr.Dataset, look: Look) -> bool:
    """Whether a result has what a look shows."""
    return any(same_picture(look, other) for _, other in looks_of(dataset))


def _together(dataset: xr.Dataset, factors: str) -> list[tuple[str, Look]]:
    dim = str(dataset[factors].dims[0])
    n = dataset.sizes[dim]
    groups = [tuple(range(k)) for k in (2, 3) if n >= k] + ([tuple(range(n))] if n > 3 else [])
    return [(_title(dataset, dim, group), Look(components=group)) for group in groups]


def _title(dataset: xr.Dataset, dim: str, group: tuple[int, ...]) -> str:
    words = [label_at(dataset, dim, i).removeprefix(f"{dim} ") for i in group]
    listed = ", ".join(words) if len(words) < 4 else f"{words[0]} to {words[-1]}"
    return f"{dim}s {listed} together"
