"""A simulated movie in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_thunder.io.array import ArraySource
from napari_thunder.simulation.settings import Settings


@dataclass(frozen=True, kw_only=True)
class SimulatedSource(ArraySource):
    """An array that remembers what it was made from; to a worker it goes as a plain array."""

    settings: Settings
    format: str = "simulation in memory"

    def __reduce__(self) -> tuple[Any, ...]:
        return ArraySource, (self.array, self.name, self.metadata, self.format)
