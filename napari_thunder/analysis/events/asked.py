"""What analyses of events ask in the same words: parameters that stand once."""

from __future__ import annotations

from typing import Any

from napari_thunder.analysis.events.selection import ONLY_HELP
from napari_thunder.parameters import parameter


def conditions_by(*default: str) -> Any:
    """Columns of the events."""
    return parameter(default, help="Columns of the events that tell conditions apart", source="event columns")


def only_some() -> Any:
    """Terms that events must fulfil."""
    return parameter((), help=ONLY_HELP)


def response_delay() -> Any:
    """Where the response window begins."""
    return parameter(0.0, help="Start of the response window after the start of an event", unit="s")


def response_duration() -> Any:
    """How long it is."""
    return parameter(None, help="Length of the response window; none for as long as each event", unit="s", minimum=1e-6)


def trial_baseline() -> Any:
    """How long before an event its baseline begins."""
    return parameter(2.0, help="Time before an event that is subtracted; 0 for none", unit="s", minimum=0)
