"""Every analysis and preprocessing step this package has, by name; a new one is a new module in its family's folder."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import shlex
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from napari_thunder.analysis.protocol import Analysis, Step
from napari_thunder.errors import ParameterError
from napari_thunder.parameters import build, snake_case, values

FAMILIES = (
    "Summary", "Events", "Tuning", "Regression", "Correlation", "Spectral", "Factors", "Clusters", "Population",
    "Decoding",
)  # fmt: skip
"""In the order in which one looks at a recording."""


@cache
def analyses() -> Mapping[str, type[Analysis]]:
    """Analyses by snake_case name, such as `direction_tuning`, by family and title."""
    found = [cls for cls in _classes() if hasattr(cls, "family") and hasattr(cls, "plan")]
    return {snake_case(cls.__name__): cls for cls in sorted(found, key=_place)}


def _place(cls: type[Analysis]) -> tuple[int, str, str]:
    """The order of a list: families as in `FAMILIES`, others behind them, each by title."""
    known = FAMILIES.index(cls.family) if cls.family in FAMILIES else len(FAMILIES)
    return known, cls.family, cls.title


@cache
def steps() -> Mapping[str, type[Step]]:
    """Preprocessing steps by snake_case name, such as `delta_f_over_f`, sorted by title."""
    found = [cls for cls in _classes() if hasattr(cls, "bind") and hasattr(cls, "title")]
    return {snake_case(cls.__name__): cls for cls in sorted(found, key=lambda cls: cls.title)}


@cache
def _classes() -> tuple[Any, ...]:
    """Classes of the modules in this folder and its families' folders, but for protocols."""
    import napari_thunder.analysis as package

    names = sorted(module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    modules = [importlib.import_module(name) for name in names if not name.endswith((".protocol", ".registry"))]
    return tuple(
        thing for module in modules for thing in vars(module).values()
        if isinstance(thing, type) and thing.__module__ == module.__name__
    )  # fmt: skip


def make_analysis(name: str, given: Mapping[str, Any]) -> Analysis:
    """An analysis by its name (`direction_tuning` or `DirectionTuning`) and parameters, which may be text.

    Raises
    ------
    ParameterError
        For a name or parameter that does not exist, or a value outside its limits.
    """
    return cast("Analysis", build(_find(name, analyses(), "analysis"), given))


def make_step(name: str, given: Mapping[str, Any]) -> Step:
    """A preprocessing step by its name (`z_score`, `zscore` or `ZScore`) and parameters, which may be text.

    Raises
    ------
    ParameterError
        For a name or parameter that does not exist, or a value outside its limits.
    """
    return cast("Step", build(_find(name, steps(), "preprocessing step"), given))


def _find(name: str, known: Mapping[str, type[Any]], what: str) -> type[Any]:
    wanted = snake_case(name.strip()).replace("-", "_")
    for key, cls in known.items():
        if key.replace("_", "") == wanted.replace("_", ""):
            return cls
    close = difflib.get_close_matches(wanted, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ParameterError(f"There is no {what} {name!r}.{hint} There is: {', '.join(known)}.")


def parse_step(step: Step | str) -> Step:
    """A preprocessing step from text such as `"delta_f_over_f percentile=20 offset=0.1"`; a step is returned as it is.

    Raises
    ------
    ParameterError
        For text that is not a name and `parameter=value` pairs, or as `make_step`.
    """
    if not isinstance(step, str):
        return step
    try:
        words = shlex.split(step)
    except ValueError as error:
        raise ParameterError(f"Preprocessing step {step!r}: {error}.") from None
    if not words:
        raise ParameterError(f"A preprocessing step is missing. There is: {', '.join(steps())}.")
    if "=" in words[0]:
        raise ParameterError(
            f"Preprocessing step {step!r} has no name. Put a step and its parameters together in quotes: "
            '"delta_f_over_f percentile=20".'
        )
    return make_step(words[0], dict(_pair(word, step) for word in words[1:]))


def _pair(word: str, step: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise ParameterError(
            f"Preprocessing step {step!r}: {word!r} is not parameter=value, with no blanks around the equals sign."
        )
    return name, value


def step_text(step: Step) -> str:
    """The text that `parse_step` makes the same step of, with all its parameters."""
    pairs = (shlex.quote(f"{name}={_as_text(value)}") for name, value in values(step).items())
    return " ".join([snake_case(type(step).__name__), *pairs])


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
