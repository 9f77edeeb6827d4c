"""How the selected trace answers events, computed beside the window."""

from __future__ import annotations

from collections.abc import Callable

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.latest import Latest
from napari_thunder.models.traces.trace import Trace
from napari_thunder.models.trouble import Trouble
from napari_thunder.pipeline import context_of
from napari_thunder.recording import Recording
from napari_thunder.traces.responses import EventResponse, TuningCurve, event_response, tuning_curve
from napari_thunder.traces.settings import TraceSettings


class TraceAnswers:
    """Response and tuning of one trace; of several asked for, only those of the newest are ever shown.

    Parameters
    ----------
    answered
        Called, from any thread, when they are new.
    """

    def __init__(self, answered: Callable[[], None]) -> None:
        self.response: EventResponse | None = None
        self.tuning: TuningCurve | None = None
        self.trouble: Trouble | None = None
        self._answered = answered
        self._asked: tuple[Trace | None, TraceSettings | None, Recording | None] = (None, None, None)
        self._background = Background("trace-answers")
        self._latest = Latest(self._background)

    def ask(self, trace: Trace | None, settings: TraceSettings, recording: Recording | None) -> None:
        """Work on this trace from now on; returns at once."""
        asked = (trace, settings, recording)
        if all(new is old for new, old in zip(asked, self._asked, strict=True)):
            return
        had = self.response is not None or self.tuning is not None or self.trouble is not None
        self._asked = asked
        self.response = self.tuning = self.trouble = None
        if trace is None or recording is None:
            if had:
                self._answered()
            return
        self._latest.ask(self._work, asked, trace, settings, recording)

    def close(self, seconds: float = 1.0) -> None:
        """End within `seconds`."""
        self._asked = (None, None, None)
        self._background.close(seconds)

    def _work(self, asked: object, trace: Trace, settings: TraceSettings, recording: Recording) -> None:
        context = context_of(recording)
        response = tuning = trouble = None
        try:
            response = event_response(trace.values, settings, context)
            if settings.group_by and response.values is not None:
                tuning = tuning_curve(trace.values, settings, context)
        except ThunderError as error:
            trouble = Trouble.of(error)
        if self._asked is asked:
            self.response, self.tuning, self.trouble = response, tuning, trouble
            self._answered()
