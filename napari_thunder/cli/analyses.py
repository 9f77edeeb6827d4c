"""`napari-thunder analyses`: what can be run."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from napari_thunder.analysis.registry import analyses, steps
from napari_thunder.cli.options import Commands, command
from napari_thunder.cli.saying import say
from napari_thunder.parameters import Parameter, parameters
from napari_thunder.tables import plain


def add(commands: Commands) -> None:
    """Add the command."""
    command(commands, "analyses", _analyses, "what can be run, with parameters", json_too=True)


def _analyses(options: argparse.Namespace) -> None:
    kinds: Mapping[str, Mapping[str, type]] = {"analyses": analyses(), "preprocessing": steps()}
    facts = {kind: {name: _about(cls) for name, cls in classes.items()} for kind, classes in kinds.items()}
    say(options, facts, lambda: _catalogue(kinds))


def _about(cls: Any) -> dict[str, Any]:
    described = [
        {"name": p.name, "kind": p.kind, "default": plain(p.default), "help": p.help, "unit": p.unit,
         "minimum": p.minimum, "maximum": p.maximum, "choices": list(p.choices)}
        for p in parameters(cls)
    ]  # fmt: skip
    return {"title": cls.title, "summary": cls.summary, "parameters": described}


def _catalogue(kinds: Mapping[str, Mapping[str, Any]]) -> None:
    for kind, classes in kinds.items():
        print(kind.upper())
        for name, cls in classes.items():
            print(f"  {name}\n      {cls.summary}")
            for p in parameters(cls):
                print(f"      {p.name}={_default(p)}  {p.help}{_limits(p)}")
            print()


def _default(p: Parameter) -> str:
    return ",".join(map(str, p.default)) if isinstance(p.default, tuple) else str(p.default)


def _limits(p: Parameter) -> str:
    parts = [p.unit] if p.unit else []
    if p.choices:
        parts.append(" | ".join(map(str, p.choices)))
    if p.minimum is not None or p.maximum is not None:
        low = "" if p.minimum is None else f"{p.minimum:g}"
        high = "" if p.maximum is None else f"{p.maximum:g}"
        parts.append(f"{low} … {high}".strip())
    return f" [{'; '.join(parts)}]" if parts else ""
