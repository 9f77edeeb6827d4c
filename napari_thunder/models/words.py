"""Messages in the words of the window: fields by their labels, not by the names they have in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from napari_thunder.analysis.registry import analyses, steps
from napari_thunder.parameters import parameters
from napari_thunder.registration.quality import Quality
from napari_thunder.registration.settings import Registration

_METADATA = {
    "events": "Events",
    "signals": "Signals",
    "frame_rate": "Frame rate",
    "frame_times": "Frame times",
    "voxel_size": "Voxel size",
    "exclude_frames": "Excluded frames",
    "mask": "Mask",
    "shifts": "Motion",
}

_SWITCH = {"True": "on", "False": "off"}

_COMMAND_LINE = re.compile(r"\s*\((?:[^()]*, )?(?:--[\w-]+ )?on the command line[^()]*\)")
_ASSIGNED = re.compile(r"\b([A-Za-z_]\w*)=('[^']*'|\"[^\"]*\"|\([^()]*\)|[^\s,;()]*\w)?")


def in_window_words(message: str) -> str:
    """`Give events_by= (columns of the events)` → `Give “Events by” (columns of the events)`."""
    said = _COMMAND_LINE.sub("", message)
    for name, title in _titles().items():
        said = re.sub(rf"\b{name}: ", f"{title}: ", said)
    return _ASSIGNED.sub(_labelled, said)


def _labelled(found: re.Match[str]) -> str:
    label, value = _labels().get(found[1]), found[2]
    if label is None:
        return found[0]
    return f"“{label}” {_SWITCH.get(value, value)}" if value else f"“{label}”"


@cache
def _labels() -> Mapping[str, str]:
    """Labels of all fields there are; those of the recording come second."""
    classes = [*analyses().values(), *steps().values(), Registration, Quality]
    return _METADATA | {p.name: p.label.partition(" (")[0] for cls in classes for p in parameters(cls)}


@cache
def _titles() -> Mapping[str, str]:
    """Titles by the names of classes, where they differ."""
    classes: list[Any] = [*analyses().values(), *steps().values()]
    return {cls.__name__: cls.title for cls in classes if cls.__name__ != cls.title}
