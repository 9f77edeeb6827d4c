"""Frames kept out of all that follows, by hand or by rule, and taken back in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock

from napari_thunder.models.datasets import Datasets
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording

_MOST_STEPS = 50


class Exclusion:
    """Excludes frames of recordings on the desk; each step can be undone. All calls return at once.

    Parameters
    ----------
    datasets
        Whose recordings they are; analyses, traces, views and what is prepared leave out what they exclude.
    refused
        Told when frames cannot be excluded, from any thread.
    """

    def __init__(self, datasets: Datasets, refused: Callable[[Trouble], None]) -> None:
        self._datasets = datasets
        self._refused = refused
        self._before: dict[int, deque[tuple[int, ...]]] = {}
        self._lock = Lock()

    def exclude(self, key: int, frames: Iterable[int]) -> None:
        """Keep frames of a recording out, besides those already out."""
        given = frozenset(frames)
        self._change(key, lambda before: before | given)

    def restore(self, key: int, frames: Iterable[int] | None = None) -> None:
        """Take frames of a recording back in; all when left out."""
        given = None if frames is None else frozenset(frames)
        self._change(key, lambda before: frozenset() if given is None else before - given)

    def can_undo(self, key: int) -> bool:
        """Whether there is a step to undo."""
        return bool(self._before.get(key))

    def undo(self, key: int) -> None:
        """Undo the last step."""
        with self._lock:
            steps = self._before.get(key)
            before = steps.pop() if steps else None
        if before is not None:
            self._datasets.change(key, lambda recording: recording.with_known(exclude_frames=before), self._refused)

    def forget(self, key: int) -> None:
        """Drop what is known of a recording that was removed."""
        with self._lock:
            self._before.pop(key, None)

    def _change(self, key: int, wanted: Callable[[frozenset[int]], frozenset[int]]) -> None:
        def change(recording: Recording) -> Recording:
            before = recording.exclude_frames
            after = wanted(frozenset(before))
            if after == frozenset(before):
                return recording
            changed = recording.with_known(exclude_frames=sorted(after))
            with self._lock:
                self._before.setdefault(key, deque(maxlen=_MOST_STEPS)).append(before)
            return changed

        self._datasets.change(key, change, self._refused)
