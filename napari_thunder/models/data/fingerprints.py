"""Whether recordings changed on disk, asked as often as it is cheap."""

from __future__ import annotations

import time
from dataclasses import dataclass

from napari_thunder.io.array import ArraySource
from napari_thunder.io.source import Source, recorded
from napari_thunder.models.data.datasets import Dataset


@dataclass(frozen=True, slots=True)
class _Known:
    source: Source
    text: str
    expires: float


class Fingerprints:
    """The fingerprints of the recordings on a desk; one that was asked for is trusted for twenty times as long as that
    took, so that asking costs 5 % at most."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def last(self, dataset: Dataset) -> str | None:
        """What it was when it was asked for last; None before, and where it is seen through other shifts since."""
        known = self._known.get(dataset.key)
        return None if known is None or known.source is not dataset.recording.source else known.text

    def ask(self, dataset: Dataset) -> str:
        """What it is now, or was a moment ago; may take its time, and changes nothing that `last` says.

        An array in memory is told apart by its place on the desk: hashing it would take longer than to analyse it.
        """
        source, begun = dataset.recording.source, time.monotonic()
        if isinstance(recorded(source), ArraySource):
            shifts, how = dataset.recording.shifts, dataset.recording.interpolation
            return f"array {dataset.key}" if shifts is None else f"array {dataset.key} {shifts.digest} {how}"
        known = self._known.get(dataset.key)
        trusted = known is not None and known.source is source and begun < known.expires
        return known.text if known is not None and trusted else source.fingerprint()

    def take(self, dataset: Dataset, text: str, seconds: float) -> None:
        """Say what it is from now on, and how long asking took."""
        known = self._known.get(dataset.key)
        source = dataset.recording.source
        same = known is not None and known.source is source and known.text == text
        if known is None or not same or time.monotonic() >= known.expires:
            self._known[dataset.key] = _Known(source, text, time.monotonic() + max(1.0, 20 * seconds))

    def forget(self, key: int) -> None:
        """Drop what is known of a recording that was removed."""
        self._known.pop(key, None)
