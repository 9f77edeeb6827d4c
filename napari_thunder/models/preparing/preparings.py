"""What stands behind the Prepare tab: what is wanted of a recording, planned, run, and opened when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.errors import ThunderError
from napari_thunder.models.analyze.jobs import Errand, Jobs, Run
from napari_thunder.models.data.connection import Connection, ConnectionState
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.preparing.brain import BrainSearch
from napari_thunder.models.preparing.forecast import Forecast
from napari_thunder.models.preparing.planner import Planner, Question
from napari_thunder.models.preparing.standing import Place
from napari_thunder.models.preparing.wish import Keep, Motion, Wish
from napari_thunder.models.preparing.wishes import Wishes
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.rois.regions import Regions
from napari_thunder.models.session.parts import Keys
from napari_thunder.models.trouble import Trouble
from napari_thunder.preparing import prepare
from napari_thunder.recording import Recording
from napari_thunder.regions import Region


class Preparings:
    """Wishes for the recordings on the desk, of which the current recording's is what a window shows.

    Plans while someone looks (`watch`) and blocks nowhere. Signals, from any thread: `changed()` for wishes, plans and
    what went wrong; `progressed()` for what runs.

    Parameters
    ----------
    datasets, jobs, connection, regions
        Of the desk.
    entries
        The registrations of the current recording.

    Attributes
    ----------
    trouble
        Why the last run failed or was not begun.
    """

    changed = Signal()
    progressed = Signal()

    def __init__(
        self,
        datasets: Datasets,
        jobs: Jobs,
        connection: Connection,
        regions: Regions,
        entries: Callable[[], Iterable[RegistrationEntry]] = lambda: (),
    ) -> None:
        self.trouble: Trouble | None = None
        self.wishes = Wishes()
        self.planner = Planner()
        self._datasets, self._jobs, self._connection, self._regions = datasets, jobs, connection, regions
        self._entries = entries
        self._runs: dict[int, Run] = {}
        self._search = BrainSearch(jobs, connection, regions, self.wishes, self._take_brain)
        self._stores: dict[str, str] = {}
        self._watchers: set[int] = set()
        self._n_ended = 0
        self._signals = (datasets.changed, connection.changed, regions.changed)
        self._listen()

    @property
    def dataset(self) -> Dataset | None:
        """The recording that is worked on."""
        return self._datasets.current

    @property
    def wish(self) -> Wish:
        """For the current recording."""
        return Wish() if self.dataset is None else self.wishes.of(self.dataset)

    @property
    def forecast(self) -> Forecast | None:
        """What that will take, once it is known."""
        return self.planner.forecast

    @property
    def last(self) -> Run | None:
        """The newest preparing of the current recording, ended or not."""
        return None if self.dataset is None else self._runs.get(self.dataset.key)

    @property
    def running(self) -> Run | None:
        """The preparing of the current recording, waiting or running."""
        return None if self.last is None or self.last.ended else self.last

    @property
    def finding(self) -> Run | None:
        """The search for the brain that runs."""
        run = self._search.last
        return None if run is None or run.ended else run

    @property
    def made(self) -> str:
        """Where the store of the current wish lies, if it is there; else empty."""
        taken = self.forecast is not None and self.forecast.standing.place is Place.TAKEN
        return self.wish.path if taken else ""

    def entries(self) -> tuple[RegistrationEntry, ...]:
        """The registrations of the current recording that are whole."""
        return tuple(entry for entry in self._entries() if entry.finished)

    def fitting_regions(self) -> tuple[Region, ...]:
        """The regions of the current recording's volume."""
        dataset = self.dataset
        return () if dataset is None else tuple(r for r in self._regions if r.volume == dataset.recording.shape[1:])

    def configure(self, **new: Any) -> None:
        """Want something else of the current recording: fields of `Wish`."""
        if self.dataset is not None and self.wishes.change(self.dataset, **new):
            self.trouble = None
            self._follow()
            self.changed.emit()

    def watch(self, watched: bool, who: int = 0) -> None:
        """Plan whenever something changes, as long as anybody (told apart by a number) watches."""
        (self._watchers.add if watched else self._watchers.discard)(who)
        self._follow()

    def why_not_plan(self) -> str:
        """What is still missing before it can be planned, as the next step to take; empty when nothing is."""
        if self.dataset is None:
            return "Open a recording first."
        if self._connection.state is ConnectionState.CONNECTING:
            return f"Wait until {self._connection.target} is ready."
        if self._connection.state is not ConnectionState.CONNECTED:
            return "Connect to an engine first."
        if not self.wish.path:
            return "Say where the store shall be."
        if self.wish.keep is Keep.REGION and self._region() is None:
            return "The ROI that shall be kept is gone. Choose another one."
        if self.wish.motion is Motion.CHOSEN and self._entry() is None:
            return "The registration that shall be used is gone. Choose another one."
        try:
            _ = self.wish.settings
        except ThunderError as error:
            return str(error).removeprefix("Preparation: ")
        return ""

    def why_not_run(self) -> str:
        """What is in the way of preparing; empty when nothing is."""
        why_not = self.why_not_plan()
        if why_not:
            return why_not
        if self.running is not None:
            return "Wait until this recording is prepared, or cancel it."
        if self.forecast is None:
            return self.planner.trouble.message if self.planner.trouble is not None else "Wait for the plan."
        if self.forecast.standing.place in (Place.TAKEN, Place.BEGUN_OTHERWISE):
            return self.forecast.standing.line
        return "" if self.forecast.has_room else self.forecast.line.removeprefix("⚠ ")

    def run(self, *, restart: bool = False) -> Run | None:
        """Queue the preparing of the current recording; what was begun before is gone on with, or begun anew."""
        dataset, why_not = self.dataset, self.why_not_run()
        anew = restart and self.forecast is not None and self.forecast.standing.place is Place.BEGUN_OTHERWISE
        if dataset is None or (why_not and not anew):
            self._tell(None if self.planner.busy else Trouble(why_not))
            return None
        path, settings = self.wish.path, self.wish.settings
        recording, region = self._recording(dataset), self._region()

        def work(job: Job) -> str:
            engine = self._connection.wait_for_engine(job)
            prepare(recording, path, settings, mask=region, engine=engine, job=job, restart=restart)
            self._stores[job.tag] = path
            return job.message

        self.trouble = None
        run = self._runs[dataset.key] = self._jobs.submit(Errand(f"{dataset.name} · Prepare", recording, work))
        self.changed.emit()
        return run

    def find_brain(self) -> Run | None:
        """Find the brain and put it on the desk as a region: to look at, to edit, and to keep nothing else."""
        dataset, why_not = self.dataset, self.why_not_plan()
        if dataset is None or why_not:
            self._tell(Trouble(why_not))
            return None
        self.trouble = None
        run = self._search.start(dataset, self._recording(dataset))
        self.changed.emit()
        return run

    def cancel(self) -> None:
        """Stop what is done for the current recording; what is written is kept."""
        run = self.finding or self.running
        if run is not None:
            self._jobs.cancel(run)

    def open_store(self, path: str = "") -> None:
        """Open a store that was prepared, or bring it to the front if it is open."""
        path = path or self.made
        open_already = next((d for d in self._datasets if path and d.recording.uri == path), None)
        if open_already is not None:
            self._datasets.make_current(open_already.key)
        elif path:
            self._datasets.open(path)

    def came_of(self, run: Run) -> bool:
        """Whether a run made a store, or found a brain that is still on the desk."""
        return run.job.tag in self._stores or self._search.region_of(run) is not None

    def show(self, run: Run) -> str:
        """Open the store that a run made, or choose the brain it found; which part of the desk that is in, or empty."""
        if run.job.tag in self._stores:
            self.open_store(self._stores[run.job.tag])
            return "data"
        brain = self._search.region_of(run)
        if brain is not None:
            self._regions.select(brain.key)
        return "" if brain is None else "rois"

    def restore(self, state: Mapping[str, Any], keys: Keys) -> None:
        """Take the wishes that a session kept."""
        self.wishes.restore(state, keys)
        self._follow()
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """Cancel and end in bounded time."""
        for signal in self._signals:
            signal.disconnect(self._follow, missing_ok=True)
        self._datasets.removed.disconnect(self._forget, missing_ok=True)
        self._jobs.changed.disconnect(self._follow_run, missing_ok=True)
        self.planner.close(seconds)

    def _listen(self) -> None:
        for signal in self._signals:
            signal.connect(self._follow)
        self._datasets.removed.connect(self._forget)
        self._jobs.changed.connect(self._follow_run)
        self.planner.changed.connect(self._say_changed)

    def _region(self) -> Region | None:
        wish = self.wish
        return self._regions.get(wish.region) if wish.keep is Keep.REGION else None

    def _recording(self, dataset: Dataset) -> Recording:
        """The recording with the motion undone that is wanted."""
        wish, recording = self.wishes.of(dataset), dataset.recording
        if wish.motion is Motion.AS_SEEN:
            return recording
        entry = self._entry()
        if wish.motion is Motion.RAW or entry is None:
            return recording.raw
        return recording.raw.registered(entry.shifts, entry.interpolation)

    def _entry(self) -> RegistrationEntry | None:
        """The registration of one's choice, while it is there."""
        return next((entry for entry in self.entries() if entry.key == self.wish.entry), None)

    def _take_brain(self) -> None:
        self._follow()
        self.changed.emit()

    def _tell(self, trouble: Trouble | None) -> None:
        self.trouble = trouble
        self.changed.emit()

    def _say_changed(self) -> None:
        self.changed.emit()

    def _follow(self, *_: Any) -> None:
        """Plan anew if something changed on which the plan depends; while it runs, there is nothing to plan."""
        dataset, engine = self.dataset, self._connection.engine
        if not self._watchers or self.running is not None:
            return
        if dataset is None or engine is None or self.why_not_plan():
            self.planner.ask(None)
            return
        asked = self._recording(dataset), self.wish, self._region(), engine, self._n_ended
        self.planner.ask(Question(dataset.recording, *asked))

    def _follow_run(self, run: Run) -> None:
        if run is not self._search.last and not any(run is known for known in self._runs.values()):
            return
        self.progressed.emit()
        if run.ended:
            self._n_ended += run is not self._search.last
            self._follow()
            self._tell(run.trouble)

    def _forget(self, dataset: Dataset) -> None:
        self.wishes.forget(dataset.key)
        run = self._runs.pop(dataset.key, None)
        if run is not None and not run.ended:
            self._jobs.cancel(run)
