"""What a session is made of beside recordings, results and regions, and what came of restoring it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Keys:
    """What the keys in a session file became on this desk."""

    recordings: dict[int, int] = field(default_factory=dict)
    results: dict[int, int] = field(default_factory=dict)
    regions: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """Something of the desk that a session keeps beside recordings, results and regions.

    Parameters
    ----------
    state
        Gives it as plain JSON values; fast.
    restore
        Takes such values and what keys became.
    """

    state: Callable[[], Any]
    restore: Callable[[Any, Keys], None]


@dataclass(frozen=True, slots=True)
class Stored:
    """Something of the desk that is kept in files.

    Parameters
    ----------
    record
        What is known of it, as plain JSON values.
    datasets
        As `save_result` takes them, by what they are to it (a word) and a number that is another one whenever the
        numbers in it are.
    """

    record: Mapping[str, Any]
    datasets: Mapping[tuple[str, int], xr.Dataset]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Things of one kind that a session keeps in files, as it keeps results.

    Parameters
    ----------
    state
        Gives all of them; fast.
    restore
        Takes one record, its datasets by what they are to it, and what keys became.
    """

    state: Callable[[], Sequence[Stored]]
    restore: Callable[[Mapping[str, Any], Mapping[str, xr.Dataset], Keys], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of restoring a session.

    Parameters
    ----------
    path
        Of the session file.
    keys
        What the keys in it became.
    problems
        What could not be restored, and why.
    window
        What the window kept of itself, as it gave it.
    """

    path: Path
    keys: Keys
    problems: tuple[str, ...]
    window: Any
