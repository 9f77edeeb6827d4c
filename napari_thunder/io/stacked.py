"""Many arrays that are alike, one for each frame, as one array."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.file_names import natural_order


@dataclass(frozen=True, slots=True)
class StackedArray:
    """Arrays along a further axis of time.

    Parameters
    ----------
    parts
        The arrays, in order of time; each is small, picklable and read by slices of its `view()`.
    shape, dtype, chunks
        Of the whole.
    last
        Whether the axis of time is the last one, not the first.
    """

    parts: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    last: bool

    @classmethod
    def of(cls, parts: Sequence[Any], where: str, *, last: bool = False) -> StackedArray:
        """Stack arrays of the same shape and type.

        Raises
        ------
        RecordingError
            If they differ; `where` names the file.
        """
        first = parts[0]
        for number, part in enumerate(parts):
            if part.shape != first.shape or part.dtype != first.dtype:
                raise RecordingError(
                    f"{where}: time point {number} is {part.shape} {part.dtype}, but the first is {first.shape} "
                    f"{first.dtype}. All time points must have the same shape and type."
                )
        time = (len(parts),)
        shape = (*first.shape, *time) if last else (*time, *first.shape)
        return cls(tuple(parts), shape, first.dtype, (*first.chunks, 1) if last else (1, *first.chunks), last)

    @property
    def stamp(self) -> str:
        """Changes when one of the parts does."""
        return "-".join(dict.fromkeys(str(getattr(part, "stamp", "")) for part in self.parts))

    def view(self) -> StackedArray:
        """Itself: what is not asked for is not read."""
        return self

    def __getitem__(self, selection: tuple[slice, ...]) -> NDArray[Any]:
        """The numbers in these slices."""
        times, rest = (selection[-1], selection[:-1]) if self.last else (selection[0], selection[1:])
        return np.stack([part.view()[rest] for part in self.parts[times]], -1 if self.last else 0)


def matching(pattern: str, children: Callable[[str], Iterable[str]]) -> list[str]:
    """Places that match a pattern such as `setup0/timepoint*/s0`, in natural order.

    Parameters
    ----------
    pattern
        Names between slashes; `*` and `?` stand for any letters of one name.
    children
        The names in a place.
    """
    found = [""]
    for name in pattern.strip("/").split("/"):
        found = [f"{place}/{child}".strip("/") for place in found for child in _named(name, place, children)]
    return found


def _named(name: str, place: str, children: Callable[[str], Iterable[str]]) -> list[str]:
    if "*" not in name:
        return [name]
    return sorted((child for child in children(place) if fnmatch.fnmatchcase(child, name)), key=natural_order)
