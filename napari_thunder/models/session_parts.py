"""What a session is made of beside recordings, results and regions, and what came of restoring it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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
