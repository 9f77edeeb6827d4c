"""One truth for a parameter: a dataclass field gives its default, limits, help, form, option and provenance."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from napari_thunder.errors import ParameterError
from napari_thunder.tables import plain, table_from_plain

T = TypeVar("T")


_USUAL = {
    "by": "Conditions by",
    "cells": "Cells of a grid",
    "compare": "Compare numbers",
    "least_frames": "Least frames in a bin",
    "level": "Confidence level",
    "max_iter": "Most iterations",
    "max_lag": "Largest lag",
    "max_passes": "Most passes",
    "n_bins": "Number of bins",
    "n_bootstrap": "Number of resamples",
    "n_clusters": "Number of clusters",
    "n_components": "Number of components",
    "n_factors": "Number of factors",
    "n_folds": "Number of folds",
    "n_init": "Number of starts",
    "n_permutations": "Number of permutations",
    "n_sample": "Voxels in the sample",
    "n_shifts": "Number of shifts",
    "n_voxels": "Voxels in the sample",
    "only": "Only events where",
    "rest": "Time between events",
    "tol": "Tolerance",
}
"""What forms call parameters that many analyses share, where the name says too little to who does not program."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of one parameter.

    Parameters
    ----------
    kind
        `bool`, `int`, `float`, `str`, `list` (of names), `numbers` or `table` (a path or a DataFrame).
    optional
        Whether None (leave it out) is allowed.
    source
        Where a form finds the choices: `event columns`, `signals`, `regions`, or nothing.
    title
        What a form calls it, where its name does not say enough.
    fine
        Whether it is seldom changed, so that a form may fold it away.
    """

    name: str
    kind: str
    default: Any
    optional: bool
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    source: str = ""
    title: str = ""
    fine: bool = False

    @property
    def label(self) -> str:
        """For a form: words, with the unit."""
        words = self.title or _USUAL.get(self.name) or self.name.replace("_", " ").capitalize()
        return f"{words} ({self.unit})" if self.unit else words


def parameter(
    default: Any,
    *,
    help: str,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[Any] = (),
    source: str = "",
    title: str = "",
    fine: bool = False,
) -> Any:
    """A dataclass field that is a parameter; see `Parameter`."""
    extra = {
        "help": help,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "choices": tuple(choices),
        "source": source,
        "title": title,
        "fine": fine,
    }
    return dataclasses.field(default=default, metadata=extra)


def parameters(cls: type) -> tuple[Parameter, ...]:
    """The parameters of a class made with `parameter` fields, in order."""
    if cls not in _known:
        hints = typing.get_type_hints(cls)
        fields = (f for f in dataclasses.fields(cls) if "help" in f.metadata)
        _known[cls] = tuple(_parameter(f, hints[f.name]) for f in fields)
    return _known[cls]


_known: dict[type, tuple[Parameter, ...]] = {}


def _parameter(field: dataclasses.Field[Any], hint: Any) -> Parameter:
    kind, optional = _kind(hint)
    return Parameter(field.name, kind, field.default, optional, **field.metadata)


def _kind(hint: Any) -> tuple[str, bool]:
    args = typing.get_args(hint)
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        kept = [a for a in args if a is not type(None)]
        if any(a is pd.DataFrame for a in kept):
            return "table", type(None) in args
        return _kind(kept[0])[0], type(None) in args
    if hint in (bool, int, float, str):
        return hint.__name__, False
    if typing.get_origin(hint) is tuple:
        return ("list" if args[0] is str else "numbers"), False
    raise TypeError(f"{hint}: no form for a parameter of this type")


def check(instance: Any) -> None:
    """Check an instance's parameters against their limits; call it from `__post_init__`.

    What means the same is made the same: a list or a single name becomes a tuple, 3.0 for a whole number 3.

    Raises
    ------
    ParameterError
    """
    for p in parameters(type(instance)):
        value = _usual(p, getattr(instance, p.name))
        _check_value(type(instance).__name__, p, value)
        object.__setattr__(instance, p.name, value)


def _usual(p: Parameter, value: Any) -> Any:
    """The usual form of a value, where it has another one that a person would write."""
    if isinstance(value, np.generic):
        value = value.item()
    if p.kind in ("list", "numbers"):
        alone = isinstance(value, str if p.kind == "list" else int | float)
        return (value,) if alone else tuple(value) if isinstance(value, list | np.ndarray) else value
    if p.kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if p.kind in ("str", "table") and isinstance(value, PurePath):
        return str(value)
    return value


def _check_value(owner: str, p: Parameter, value: Any) -> None:
    if value is None:
        if p.optional:
            return
        raise ParameterError(f"{owner}: {p.name} must be given.")
    for one in value if p.kind == "list" and isinstance(value, tuple) else (value,):
        if p.choices and one not in p.choices:
            raise ParameterError(f"{owner}: {p.name}={one!r} must be one of {', '.join(map(str, p.choices))}.")
    if p.kind in ("int", "float"):
        _check_number(owner, p, value)
    elif not _IS_OF_KIND[p.kind](value):
        raise ParameterError(f"{owner}: {p.name}={value!r} must be {_WANTED[p.kind]}.")


_IS_OF_KIND: Mapping[str, Callable[[Any], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "table": lambda value: isinstance(value, str | pd.DataFrame),
    "list": lambda value: isinstance(value, tuple) and all(isinstance(v, str) for v in value),
    "numbers": lambda value: isinstance(value, tuple) and all(_is_number(v) for v in value),
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _check_number(owner: str, p: Parameter, value: Any) -> None:
    if not _is_number(value) or (p.kind == "int" and not isinstance(value, int)):
        raise ParameterError(f"{owner}: {p.name}={value!r} must be {_WANTED[p.kind]}.")
    if p.minimum is not None and value < p.minimum:
        raise ParameterError(
            f"{owner}: {p.name}={value} is below its least value {p.minimum:g} {p.unit}".rstrip() + "."
        )
    if p.maximum is not None and value > p.maximum:
        raise ParameterError(
            f"{owner}: {p.name}={value} is above its largest value {p.maximum:g} {p.unit}".rstrip() + "."
        )


def build(cls: type[T], given: Mapping[str, Any]) -> T:
    """Make an instance from names and values, where values may be text (from a command line or a form).

    Raises
    ------
    ParameterError
        For an unknown name, or a value that cannot be understood or is outside its limits.
    """
    known = {p.name: p for p in parameters(cls)}
    for name in given:
        if name not in known:
            raise ParameterError(f"{cls.__name__} has no parameter {name!r}. It has: {', '.join(known) or 'none'}.")
    return cls(**{name: _understand(cls.__name__, known[name], value) for name, value in given.items()})


def _understand(owner: str, p: Parameter, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if p.kind == "table" and isinstance(value, Mapping):
        return table_from_plain(value)
    if not isinstance(value, str):
        return value
    if p.optional and value.strip().lower() in (("none",) if p.kind == "list" else ("none", "")):
        return None
    try:
        return _from_text(p, value.strip())
    except ValueError:
        raise ParameterError(f"{owner}: {p.name}={value!r} must be {_WANTED[p.kind]}.") from None


_WANTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "list": "names with commas between",
    "numbers": "numbers with commas between",
    "table": "a table or the path of one",
}


def _from_text(p: Parameter, text: str) -> Any:
    if p.kind == "bool":
        return _bool(text.lower())
    if p.kind == "int":
        return int(text)
    if p.kind == "float":
        return float(text)
    if p.kind == "list":
        return tuple(word.strip() for word in text.split(",") if word.strip())
    if p.kind == "numbers":
        return tuple(float(word) for word in text.split(",") if word.strip())
    return text


def _bool(text: str) -> bool:
    if text not in ("true", "yes", "1", "false", "no", "0"):
        raise ValueError(text)
    return text in ("true", "yes", "1")


def values(instance: Any) -> dict[str, Any]:
    """The parameters of an instance by name, as JSON can hold them (a table becomes a dict of columns)."""
    return {p.name: plain(getattr(instance, p.name)) for p in parameters(type(instance))}


def snake_case(name: str) -> str:
    """`DirectionTuning` → `direction_tuning`; `PCA` → `pca`; `DeltaFOverF` → `delta_f_over_f`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return words.lower()
