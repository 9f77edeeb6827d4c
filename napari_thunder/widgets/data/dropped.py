"""What happens with files that are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_thunder.io.folders import Use, what_is
from napari_thunder.models import Desk
from napari_thunder.models.background import Background


def open_dropped(desk: Desk, paths: Sequence[str]) -> None:
    """Open recordings and results, give tables to the current recording; returns at once.

    A text table that names an end or a length is taken for events, any other table for signals.
    """
    Background("dropped").start(_sort, desk, list(paths))


def _sort(desk: Desk, paths: list[str]) -> None:
    for path in paths:
        try:
            _, uses = what_is(Path(path))
        except OSError:
            uses = ()
        current = desk.datasets.current
        if Use.RESULT in uses:
            desk.results.load(path)
        elif uses[:1] == (Use.TABLE,) and current is not None:
            desk.attaching.attach(current, _likely(path), path)
        else:
            desk.datasets.open(path)


def _likely(path: str) -> str:
    """Events are text with an end or a length; all else is signals."""
    if Path(path).suffix.lower() not in (".csv", ".tsv", ".txt"):
        return "signals"
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        header = file.readline().lower()
    return "events" if any(word in header for word in ("stop", "end", "offset", "duration", "onset")) else "signals"
