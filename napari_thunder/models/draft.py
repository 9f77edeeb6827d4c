"""The analysis that is being prepared: chosen, filled in, not yet run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psygnal import Signal

ChainLink = tuple[str, Mapping[str, Any]]
"""Name of a preprocessing step, and its parameters."""


class Draft:
    """What Run will compute.

    `changed()` is emitted for every change, whoever made it.

    Attributes
    ----------
    analysis
        Its name, as on the command line.
    given
        Parameters that were filled in, by analysis; those left out keep their defaults.
    chain
        The preprocessing.
    region
        Key of the region it is restricted to; None for the whole brain.
    """

    changed = Signal()

    def __init__(self, analysis: str = "summary_images") -> None:
        self.analysis = analysis
        self.given: dict[str, dict[str, Any]] = {}
        self.chain: tuple[ChainLink, ...] = ()
        self.region: int | None = None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Those filled in for the analysis that is chosen."""
        return self.given.get(self.analysis, {})

    def choose(self, analysis: str) -> None:
        """Choose an analysis; what was filled in for it before is remembered."""
        self._set(analysis=analysis)

    def fill(self, parameters: Mapping[str, Any]) -> None:
        """Fill in parameters of the analysis that is chosen."""
        self._set(given=self.given | {self.analysis: dict(parameters)})

    def preprocess(self, chain: Sequence[ChainLink]) -> None:
        """Set the preprocessing."""
        self._set(chain=tuple(chain))

    def restrict(self, region: int | None) -> None:
        """Compute in a region only, or in the whole brain."""
        self._set(region=region)

    def take(self, analysis: str, parameters: Mapping[str, Any], chain: Sequence[ChainLink] = ()) -> None:
        """Take over an analysis that was run before, to be changed."""
        self._set(analysis=analysis, given=self.given | {analysis: dict(parameters)}, chain=tuple(chain))

    def _set(self, **new: Any) -> None:
        if any(getattr(self, name) != value for name, value in new.items()):
            for name, value in new.items():
                setattr(self, name, value)
            self.changed.emit()
