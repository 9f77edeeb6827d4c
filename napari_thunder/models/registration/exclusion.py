"""Frames kept out of all that follows, by hand or by rule, and taken back in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock

from napari_thunder.models.data.datasets import Datasets
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording

_MOST_STEPS = 50

Frames = frozenset[int]


class Exclusion:
    """Excludes frames of the current recording; each step can be undone. All calls return at once.

    Parameters
    ----------
    datasets
        Whose current recording it is; analyses, traces, views and what is prepared leave out what is excluded.
    refused
        Told when frames cannot be excluded, from any thread.
    """

    def __init__(self, datasets: Datasets, refused: Callable[[Trouble], None]) -> None:
        self._datasets = datasets
        self._refused = refused
        self._before: dict[int, deque[tuple[int, ...]]] = {}
        self._lock = Lock()

    @property
    def excluded(self) -> tuple[int, ...]:
        """Frames that nothing uses, in their order."""
        current = self._datasets.current
        return () if current is None else current.recording.exclude_frames

    def exclude(self, frames: Iterable[int]) -> None:
        """Keep frames out, besides those already out."""
        given = frozenset(frames)
        self._change(lambda before: before | given)

    def restore(self, frames: Iterable[int] | None = None) -> None:
        """Take frames back in; all when left out."""
        given = None if frames is None else frozenset(frames)
        self._change(lambda before: frozenset() if given is None else before - given)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        current = self._datasets.current
        return current is not None and bool(self._before.get(current.key))

    def undo(self) -> None:
        """Undo the last step."""
        current = self._datasets.current
        with self._lock:
            steps = None if current is None else self._before.get(current.key)
            before = steps.pop() if steps else None
        if current is not None and before is not None:
            change = lambda recording: recording.with_known(exclude_frames=before)  # noqa: E731
            self._datasets.change(current.key, change, self._refused)

    def forget(self, key: int) -> None:
        """Drop what is known of a recording that was removed."""
        with self._lock:
            self._before.pop(key, None)

    def _change(self, wanted: Callable[[Frames], Frames]) -> None:
        current = self._datasets.current
        if current is None:
            return
        key = current.key

        def change(recording: Recording) -> Recording:
            before = recording.exclude_frames
            after = sorted(wanted(frozenset(before)))
            if after == list(before):
                return recording
            changed = recording.with_known(exclude_frames=after)
            with self._lock:
                self._before.setdefault(key, deque(maxlen=_MOST_STEPS)).append(before)
            return changed

        self._datasets.change(key, change, self._refused)
