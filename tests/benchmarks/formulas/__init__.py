"""What a scientist would write in numpy, scipy or scikit-learn for each analysis and step: a module for each family."""

from __future__ import annotations

from tests.benchmarks.formulas import (
    clusters,
    correlation,
    decoding,
    events,
    factors,
    population,
    regression,
    spectral,
    summary,
    tuning,
)
from tests.benchmarks.formulas.steps import STEPS
from tests.benchmarks.task import Task

__all__ = ["STEPS", "tasks"]

_FAMILIES = (summary, events, tuning, correlation, spectral, factors, clusters, population, decoding)


def tasks(n_frames: int) -> dict[str, Task]:
    """Every analysis, for a recording of so many frames, by name."""
    found = regression.tasks_of(n_frames)
    for family in _FAMILIES:
        found |= family.TASKS
    return found
