"""How every analysis and preprocessing step is tried: a module here for each family of analyses.

A module may give

`MADE`: name of an analysis of voxels → its parameters on the recording `tiny` (tests/analysis/conftest.py).
`OF_GROUPS`: the same for analyses whose answers belong to regions or other groups of voxels.
`LEAST_FRAMES`: name → frames it cannot do without, where those are not 2.
`ON_FISH`: name → its parameters on the simulated zebrafish, where it does not do without.
`MOVING`: the names (as keys) of those that need a recording whose motion is undone.
`STEPS`: name of a preprocessing step → its parameters, where it does nothing without.
`CASES`: the independent oracles its numbers are held against.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """Numbers of an analysis against those of another program, a closed form or a known answer.

    Parameters
    ----------
    name
        Of the analysis or step, as on the command line.
    oracle
        What it is held against: `scipy.stats.pearsonr`, `Thunder's known answer 12`, `closed form`.
    case
        Of which data, in a few words.
    difference
        Computes the largest difference, relative to the size of the numbers.
    bound
        What it must stay below.
    """

    name: str
    oracle: str
    case: str
    difference: Callable[[], float]
    bound: float = 1e-8


def _collected(what: str) -> list[Any]:
    modules = [
        import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__) if module.name != "__main__"
    ]
    return [getattr(module, what) for module in modules if hasattr(module, what)]


def _merged(what: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for given in _collected(what):
        found |= given
    return found


MADE: dict[str, Parameters] = _merged("MADE")
OF_GROUPS: dict[str, Parameters] = _merged("OF_GROUPS")
LEAST_FRAMES: dict[str, int] = _merged("LEAST_FRAMES")
ON_FISH: dict[str, Parameters] = _merged("ON_FISH")
MOVING: dict[str, Parameters] = _merged("MOVING")
STEPS: dict[str, Parameters] = _merged("STEPS")
CASES: list[Case] = [case for cases in _collected("CASES") for case in cases]
