"""How near the analyses come to what is true of a simulated zebrafish, or of noise.

A module for each family of analyses gives `FIGURES`: what is measured → a function that measures it and returns numbers
by name. `python -m tests.truth` runs them all and writes the table of the docs.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

Figure = Callable[[], dict[str, float]]


def figures() -> dict[str, dict[str, Figure]]:
    """All of them, by family."""
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("__")]
    modules = {name: import_module(f"{__name__}.{name}") for name in names}
    return {name: module.FIGURES for name, module in modules.items() if hasattr(module, "FIGURES")}
