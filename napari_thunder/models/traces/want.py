"""A series that is wanted, and a pass that reads some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_thunder.engine import Job
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.regions import Region


@dataclass(frozen=True, slots=True, eq=False)
class Want:
    """A series that is wanted.

    Parameters
    ----------
    content
        Digest of the voxels.
    region
        Makes the region of these voxels; may take its time.
    later
        Whether it waits until all others are there.
    """

    content: str
    region: Callable[[], Region]
    later: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TracePass:
    """What reads some of them.

    Parameters
    ----------
    dataset
        Of which recording.
    wants
        What it reads, all of it now or all of it later.
    job
        To watch and to cancel it.
    dwell
        Seconds to wait before it begins.
    """

    dataset: Dataset
    wants: tuple[Want, ...]
    job: Job
    dwell: float = 0.0

    @property
    def later(self) -> bool:
        """Whether it is for the hover."""
        return self.wants[0].later

    @property
    def contents(self) -> set[str]:
        """Digests of what it reads."""
        return {want.content for want in self.wants}
