"""Plans what is wanted, the newest wish first."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock

from psygnal import Signal

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import JobCancelled
from napari_thunder.models.background import Background
from napari_thunder.models.preparing.forecast import Forecast, forecast
from napari_thunder.models.preparing.wish import Wish
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording
from napari_thunder.regions import Region

_PAUSE = 0.3
"""Seconds without another wish before one is planned."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a plan depends on.

    Parameters
    ----------
    seen
        The recording as it is on the desk.
    recording
        As it shall be prepared.
    region
        What is kept, or None.
    n_ended
        Another number whenever the place may have changed.
    """

    seen: Recording
    recording: Recording
    wish: Wish
    region: Region | None
    engine: Engine
    n_ended: int

    def same(self, other: Question | None) -> bool:
        """Whether the answer would be the same."""
        if other is None:
            return False
        things = self.seen is other.seen and self.region is other.region and self.engine is other.engine
        return things and self.wish == other.wish and self.n_ended == other.n_ended


class Planner:
    """Answers the question that was asked last, on threads of its own; `changed()` may be emitted from any.

    Attributes
    ----------
    forecast
        The answer, once it is there.
    trouble
        Why there is none.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.forecast: Forecast | None = None
        self.trouble: Trouble | None = None
        self._question: Question | None = None
        self._job: Job | None = None
        self._background = Background("preparing")
        self._lock = RLock()

    @property
    def busy(self) -> bool:
        """Whether a plan is being made."""
        return self._job is not None

    def ask(self, question: Question | None) -> None:
        """Answer this from now on, or nothing; returns at once."""
        with self._lock:
            before = self._question
            if question is before or (question is not None and question.same(before)):
                return
            self._cancel()
            self._question, self.forecast, self.trouble = question, None, None
            if question is not None and not self._background.closed:
                self._job = Job(f"Plan to prepare {question.recording.name}")
                self._background.start(self._answer, question, self._job)
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """Cancel and end in bounded time."""
        with self._lock:
            self._cancel()
        self._background.close(seconds)

    def _cancel(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def _answer(self, question: Question, job: Job) -> None:
        found, trouble, wish = None, None, question.wish
        try:
            if job.wait(_PAUSE):
                return
            found = forecast(question.recording, wish.path, wish.settings, question.region, question.engine, job)
        except JobCancelled:
            return
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            if job is not self._job or self._background.closed:
                return
            self._job, self.forecast, self.trouble = None, found, trouble
        self.changed.emit()
