"""Parameters from a function's signature and docstring."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from napari_thunder.analysis.own.model_file import ModelFile
from napari_thunder.errors import ModelError
from napari_thunder.parameters import parameter

Function = Callable[..., Any]

KNOWN = ("events", "signals", "frame_times")
"""What a function is given of the recording, if it names it."""

RESERVED = ("family", "title", "summary", "plan", "file", "function", "notes", "to_plain")

_PLAIN = (bool, int, float, str)
_HINT = "Say what it is, as in `window: int = 5`: int, float, bool, str, Literal[…] or a tuple of numbers or names."


def could_be_model(function: Function) -> bool:
    """Whether a function takes one thing that it cannot do without, beside what is known of the recording."""
    if function.__name__.startswith("_"):
        return False
    needed = [
        p for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in KNOWN
    ]  # fmt: skip
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and [p.name for p in needed] == [first.name] and first.kind is not first.KEYWORD_ONLY


def wanted(function: Function) -> tuple[str, ...]:
    """What of the recording a function names."""
    return tuple(name for name in KNOWN if name in inspect.signature(function).parameters)


def fields_of(function: Function, file: ModelFile) -> list[tuple[str, Any, Any]]:
    """The parameters of a function as dataclass fields: names, types and `parameter`.

    Raises
    ------
    ModelError
        If one has no default, or is of a kind for which there is no form.
    """
    given = list(inspect.signature(function).parameters.values())[1:]
    hints, helps = _hints(function), parameter_helps(function)
    fields = []
    for p in given:
        if p.name in KNOWN:
            continue
        where = f"{file.at(function.__code__.co_firstlineno)}: {function.__name__}"
        _check_named(p, where)
        kind, choices, default = _kind(p.name, hints.get(p.name), p.default, where)
        said = helps.get(p.name) or f"{p.name.replace('_', ' ').capitalize()}, as in {file.name}"
        fields.append((p.name, kind, parameter(default, help=said, choices=choices)))
    return fields


def parameter_helps(function: Function) -> Mapping[str, str]:
    """What a docstring says of each parameter, be it in the style of numpy, Google or Sphinx."""
    text = inspect.getdoc(function) or ""
    found = {name: said.strip() for name, said in re.findall(r"^:param (?:\w+ )?(\w+): *(.+)$", text, re.MULTILINE)}
    return found | _indented(text, r"Parameters\n-{3,}\n", r"", r"\s*(?::[^\n]*)?") | _google(text)


def summary_of(function: Function) -> str:
    """The first sentence of a docstring, in one line; empty if there is none."""
    first = (inspect.getdoc(function) or "").partition("\n\n")[0]
    return " ".join(first.split()).rstrip(".")


def _indented(text: str, heading: str, indent: str, after: str) -> dict[str, str]:
    """Entries with their text in indented lines below."""
    start = re.search(heading, text)
    if start is None:
        return {}
    entry = rf"^{indent}([\w, ]+?){after}\n((?:{indent}[ \t]+[^\n]*(?:\n|$))+)"
    found: dict[str, str] = {}
    for names, said in re.findall(entry, _section(text[start.end() :]) + "\n", re.MULTILINE):
        found |= {name.strip(): " ".join(said.split()) for name in names.split(",")}
    return found


def _section(text: str) -> str:
    """Up to the next heading of numpy's style."""
    return re.split(r"\n[^\n]+\n-{3,}\n", text)[0]


def _google(text: str) -> dict[str, str]:
    start = re.search(r"^(?:Args|Arguments|Parameters):[ \t]*\n((?:[ \t]+[^\n]*\n?|\n)+)", text, re.MULTILINE)
    if start is None:
        return {}
    entries = re.split(r"\n?^[ \t]{2,4}(?=\w+(?: \([^)]*\))?:)", start[1], flags=re.MULTILINE)
    pairs = (re.match(r"\s*(\w+)(?: \([^)]*\))?:\s*(.*)", entry, re.DOTALL) for entry in entries)
    return {pair[1]: " ".join(pair[2].split()) for pair in pairs if pair}


def _hints(function: Function) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # names in quotes that mean nothing here: what the defaults are says enough
        return {}


def _check_named(p: inspect.Parameter, where: str) -> None:
    if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
        raise ModelError(f"{where}: *{p.name} cannot be filled in; name each parameter and give it a default.")
    if p.default is p.empty:
        raise ModelError(f"{where}: the parameter {p.name} needs a default, as in `{p.name}=1.0`.")
    if p.name in RESERVED or p.name.startswith("_"):
        raise ModelError(f"{where}: a parameter cannot be called {p.name!r} here; choose another name.")


def _kind(name: str, hint: Any, default: Any, where: str) -> tuple[Any, tuple[Any, ...], Any]:
    """The type of a field, its choices and its default."""
    default = default.item() if isinstance(default, np.generic) else default
    default = tuple(default) if isinstance(default, list) else default
    optional, hint = _without_none(hint)
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        kind: Any = type(choices[0])
        if kind not in (int, str) or any(type(c) is not kind for c in choices):
            raise ModelError(f"{where}: the choices of {name} must all be texts, or all whole numbers.")
        return (kind | None if optional else kind), choices, default
    kind = _plain_kind(hint) or _kind_of_value(default)
    if kind is None:
        raise ModelError(f"{where}: there is no form for the parameter {name}. {_HINT}")
    return (kind | None if optional or default is None else kind), (), default


def _without_none(hint: Any) -> tuple[bool, Any]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        kept = [a for a in typing.get_args(hint) if a is not type(None)]
        return len(kept) < len(typing.get_args(hint)), kept[0] if kept else None
    return False, hint


def _plain_kind(hint: Any) -> Any:
    if hint in _PLAIN:
        return hint
    if typing.get_origin(hint) in (tuple, list):
        first = next(iter(typing.get_args(hint)), None)
        return tuple[str, ...] if first is str else tuple[float, ...] if first in (int, float) else None
    return None


def _kind_of_value(value: Any) -> Any:
    if isinstance(value, tuple) and value:
        return tuple[str, ...] if all(isinstance(v, str) for v in value) else tuple[float, ...]
    return next((kind for kind in _PLAIN if type(value) is kind), None)
