"""Rigid registration: one shift for each volume, or one for each of its planes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.estimator import Estimate, EveryFrame
from napari_thunder.registration.phase import Matcher, Triple
from napari_thunder.registration.search import Search
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shifts import Centers, Shifts, Space


def of_volumes(
    template: NDArray[np.float32], settings: Registration, voxel_size: Triple | None, frame_rate: float | None
) -> RigidVolumes:
    """Estimate one shift (z, y, x) for each frame."""
    return RigidVolumes(template, settings.search(_space(template), voxel_size))


def of_planes(
    template: NDArray[np.float32], settings: Registration, voxel_size: Triple | None, frame_rate: float | None
) -> RigidPlanes:
    """Estimate a shift (y, x) for each plane of each frame."""
    return RigidPlanes(template, settings.search((1, *_space(template)[1:]), voxel_size))


@dataclass(frozen=True, eq=False)
class RigidVolumes(EveryFrame):
    """One shift (z, y, x) for each frame, against a template (z, y, x)."""

    template: NDArray[np.float32]
    search: Search

    @property
    def centers(self) -> Centers:
        """The middle of the volume."""
        return Shifts.rigid(np.zeros((1, 3)), self.template.shape).centers

    def estimate(self, frames: NDArray[Any]) -> Estimate:
        """See `Estimator`."""
        found = self._matcher.match_many(frames)
        return Estimate(found.shifts[:, None, None, None], found.snrs[:, None, None, None])

    @cached_property
    def _matcher(self) -> Matcher:
        return self.search.matcher(self.template)

    def __getstate__(self) -> dict[str, Any]:
        return {"template": self.template, "search": self.search}


@dataclass(frozen=True, eq=False)
class RigidPlanes(EveryFrame):
    """A shift (y, x) for each plane of each frame, against the same plane of a template (z, y, x).

    A plane of the template in which nothing is seen has no shift and a confidence of 0.
    """

    template: NDArray[np.float32]
    search: Search

    @property
    def centers(self) -> Centers:
        """One block for each plane."""
        return Shifts.of_planes(np.zeros((1, len(self.template), 2)), self.template.shape).centers

    def estimate(self, frames: NDArray[Any]) -> Estimate:
        """See `Estimator`."""
        n, nz = frames.shape[:2]
        shifts, confidence = np.zeros((n, nz, 3), np.float32), np.zeros((n, nz), np.float32)
        for z, matcher in enumerate(self._matchers):
            if matcher is not None:
                found = matcher.match_many(frames[:, z : z + 1])
                shifts[:, z], confidence[:, z] = found.shifts, found.snrs
        return Estimate(shifts[:, :, None, None], confidence[:, :, None, None])

    @cached_property
    def _matchers(self) -> list[Matcher | None]:
        return [self.search.matcher(plane) if _seen(plane) else None for plane in self.template]

    def __getstate__(self) -> dict[str, Any]:
        return {"template": self.template, "search": self.search}


def _seen(plane: NDArray[np.float32]) -> bool:
    known = plane[np.isfinite(plane)]
    return known.size > 0 and bool(known.max() > known.min())


def _space(template: NDArray[np.float32]) -> Space:
    z, y, x = template.shape
    return z, y, x
