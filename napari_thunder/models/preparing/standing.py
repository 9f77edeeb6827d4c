"""What is at the place of a store already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from napari_thunder.engine import Engine, Job
from napari_thunder.io.regions.mask import MaskLike
from napari_thunder.io.storing.errands import Look
from napari_thunder.io.storing.layout import StoreLayout
from napari_thunder.preparing import Preparation
from napari_thunder.preparing.asking import ask
from napari_thunder.preparing.record import request_for
from napari_thunder.recording import Recording


class Place(StrEnum):
    """How a place stands."""

    FREE = "free"
    TAKEN = "taken"
    BEGUN = "begun"
    BEGUN_OTHERWISE = "begun otherwise"


_WORDS = {
    "recording": "the recording",
    "shape": "the recording",
    "mask": "the mask",
    "metadata": "what is known of the recording",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a place stands.

    Parameters
    ----------
    place
        In a word.
    done
        Share of the work that was done, of a store that was begun.
    changed
        What is asked for otherwise now than when it was begun.
    """

    place: Place = Place.FREE
    done: float = 0.0
    changed: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """In a sentence; empty where nothing is there."""
        if self.place is Place.TAKEN:
            return "There is something of this name already. Choose another name, or open it."
        if self.place is Place.BEGUN:
            return f"It was begun before: {self.done:.0%} is done. Resume goes on from there."
        if self.place is Place.BEGUN_OTHERWISE:
            return (
                f"It was begun before, but with other settings ({', '.join(self.changed)}). Set them back to resume, "
                "choose another name, or begin anew."
            )
        return ""


def standing_of(
    recording: Recording, path: str, settings: Preparation, mask: MaskLike | None, engine: Engine, job: Job
) -> Standing:
    """Look at the place of a store, as the engine sees it.

    Raises
    ------
    RecordingError
        If there is no such folder, or it may not be read.
    """
    found = ask(engine, recording, Look(path), job)
    if found["taken"]:
        return Standing(Place.TAKEN)
    if "request" not in found:
        return Standing()
    asked = request_for(recording.without_frames(int(f) for f in settings.exclude_frames), settings, mask)
    changed = changed_since(found["request"], json.loads(json.dumps(asked)))
    return Standing(Place.BEGUN_OTHERWISE if changed else Place.BEGUN, _done(found), changed)


def changed_since(begun: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[str, ...]:
    """What is asked for otherwise than when it was begun, in words."""
    then, now = begun["parameters"], asked["parameters"]
    settings = [f"{name} was {_said(value)}" for name, value in then.items() if value != now.get(name)]
    others = [name for name in _WORDS if begun.get(name) != asked.get(name)]
    if settings:  # by which what is known of the store changes as well
        others = [name for name in others if name != "metadata"]
    return tuple(dict.fromkeys([*(_WORDS[name] for name in others), *settings]))


def _said(value: Any) -> str:
    return "empty" if value is None or value == [] else str(value)


def _done(found: Mapping[str, Any]) -> float:
    if found.get("whole"):
        return 1.0
    n_stretches = sum(1 for _ in StoreLayout.from_plain(found["layout"]).stretches())
    return len(found["done"]) / max(1, n_stretches + len(found["columns"]))
