"""How long an analysis takes, measured before it runs and remembered afterwards."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from psygnal import Signal

from napari_thunder.engine import Engine, Job
from napari_thunder.engine.job import JobState
from napari_thunder.errors import ThunderError
from napari_thunder.models.analyze.jobs import Jobs, Request, Run
from napari_thunder.models.background import Background
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.data.facts import rounded_time_text
from napari_thunder.models.latest import Latest
from napari_thunder.preview.probe import Duration, measure

__all__ = ["LARGE", "LONG", "Duration", "Durations", "caution_of", "said_of"]

LARGE = 500 * 2**20
"""Bytes of a recording from which on it is measured without being asked for: below, few analyses take long."""

LONG = 60.0
"""Seconds from which on a person should know before; a quarter of them where they are only known to be more."""

_PATIENCE = 0.8
"""Seconds that nothing must change before something is measured."""

_MOST = 200

Measure = Callable[..., Duration]


class Durations:
    """Knows about how long requests take: measured on a few blocks, or as long as the same took before.

    It is measured beside the window, never beside a run, and only of large recordings or after a preview. `changed()`
    may be emitted from any thread.

    Parameters
    ----------
    jobs
        Whose runs are remembered, and come first.
    connection
        Whose engine does the work.
    measure
        As `napari_thunder.preview.probe.measure`.
    """

    changed = Signal()

    def __init__(self, jobs: Jobs, connection: Connection, measure: Measure = measure) -> None:
        self._jobs, self._connection, self._measure = jobs, connection, measure
        self._known: OrderedDict[str, Duration | None] = OrderedDict()
        self._wanted: str | None = None
        self._job: Job | None = None
        self._background = Background("durations")
        self._latest = Latest(self._background)
        self._lock = Lock()
        jobs.changed.connect(self._follow)

    def of(self, request: Request | None) -> Duration | None:
        """How long a request takes, if that is known."""
        return None if request is None else self._known.get(self._name(request))

    def of_run(self, run: Run) -> Duration | None:
        """How long a run takes in full, if that was known; None of what is no analysis."""
        request = run.request
        return None if not isinstance(request, Request) or request.preview else self.of(request)

    def measuring(self, request: Request | None) -> bool:
        """Whether it is being found out."""
        return request is not None and self._job is not None and self._wanted == self._name(request)

    def ask(self, request: Request | None, *, least_bytes: int = LARGE) -> None:
        """Find out how long a request takes, unless that is known; returns at once, `changed` follows."""
        name = None if request is None else self._name(request)
        if name == self._wanted and self._job is not None:
            return
        self._stop()
        engine = self._connection.engine
        if request is None or name is None or name in self._known or engine is None or self._jobs.busy:
            return
        if request.recording.nbytes >= least_bytes:
            self._wanted, self._job = name, Job(f"how long {request.title} takes")
            self._latest.ask(self._find_out, request, name, engine, self._job)

    def close(self, seconds: float = 0.5) -> None:
        """End in bounded time."""
        self._jobs.changed.disconnect(self._follow, missing_ok=True)
        self._stop()
        self._background.close(seconds)

    def _stop(self) -> None:
        job, self._job, self._wanted = self._job, None, None
        if job is not None:
            job.cancel()

    def _find_out(self, request: Request, name: str, engine: Engine, job: Job) -> None:
        if job.wait(_PATIENCE):
            return
        found: Duration | None = None
        given = {"preprocess": request.preprocess, "mask": request.mask, "regions": request.regions}
        try:
            with suppress(ThunderError):  # not known; what is wrong is said when it runs
                found = self._measure(request.analysis, request.recording, engine=engine, job=job, **given)
        finally:
            if not job.cancelled:
                self._job = None
                self._keep(name, found)

    def _follow(self, run: Run) -> None:
        """A run goes before; how long it took is how long it takes."""
        request, job = run.request, run.job
        if not isinstance(request, Request):
            return
        if job.state is JobState.RUNNING:
            self._stop()
        elif job.state is JobState.DONE and not request.preview:
            self._keep(self._name(request), Duration(job.seconds))

    def _keep(self, name: str, duration: Duration | None) -> None:
        with self._lock:
            known = self._known.get(name)
            self._known[name] = duration
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        if known != duration or duration is None:
            self.changed.emit()

    def _name(self, request: Request) -> str:
        """Of all that it depends on."""
        engine, recording = self._connection.target, request.recording
        where = request.mask if isinstance(request.mask, str) else getattr(request.mask, "n_voxels", None)
        of = (recording.uri, recording.shape, len(recording.exclude_frames), engine)
        return repr((request.analysis, request.preprocess, of, request.place, where, len(request.regions)))


def said_of(duration: Duration | None) -> str:
    """`about 2 min`, `at least 5 min`; empty where it is not known."""
    if duration is None:
        return ""
    return f"{'at least' if duration.at_least else 'about'} {rounded_time_text(duration.seconds)}"


def caution_of(duration: Duration | None) -> tuple[str, ...]:
    """A warning of what takes long; none of the rest."""
    if duration is None or duration.seconds < (LONG / 4 if duration.at_least else LONG):
        return ()
    return (f"This takes {said_of(duration)} in full. Take a Preview first, or compute in one region.",)
