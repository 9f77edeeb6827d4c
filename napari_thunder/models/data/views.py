"""How each recording is looked at: raw, as ΔF/F, or as means over a few frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_thunder.engine import Engine, Job, connect
from napari_thunder.errors import JobCancelled, ThunderError
from napari_thunder.io.array import ArraySource
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.io.source import recorded
from napari_thunder.models.background import Background
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording
from napari_thunder.volumes import MovieView, Sight, ViewKind, baseline_volume, sight_of
from napari_thunder.volumes.contrast import limits_of

Array = NDArray[Any]

_USUAL_HALF_WIDTH = 2

_LEAST_CHANGE = 0.05
"""Of ΔF/F, that is given the whole range of colours."""


class Views:
    """The view of each recording.

    Baselines are computed by the engine on threads of its own and kept. Signals, emitted from any thread:
    `changed(key)` when another view is wanted, got on, or failed; `ready(key, sight)` when it can be shown.

    Parameters
    ----------
    datasets
        The recordings.
    connection
        Reads what this computer does not see, and computes baselines.
    """

    changed = Signal(int)
    ready = Signal(int, object)

    def __init__(self, datasets: Datasets, connection: Connection) -> None:
        self._datasets = datasets
        self._connection = connection
        self._views: dict[int, MovieView] = {}
        self._jobs: dict[int, Job] = {}
        self._troubles: dict[int, Trouble] = {}
        self._baselines: dict[tuple[int, float | None, tuple[int, ...], str | None], Array] = {}
        self._background = Background("views")
        self._lock = Lock()
        datasets.amended.connect(self._amend)
        datasets.removed.connect(self._forget)

    def view(self, key: int) -> MovieView:
        """How a recording is looked at, or will be as soon as that is ready."""
        return self._views.get(key, MovieView())

    def job(self, key: int) -> Job | None:
        """What is being computed for a recording's view, or None."""
        return self._jobs.get(key)

    def trouble(self, key: int) -> Trouble | None:
        """Why a recording's view could not be made, or None."""
        return self._troubles.get(key)

    def raw(self, dataset: Dataset) -> Sight:
        """What brings a recording's voxels as they are; reads nothing."""
        return sight_of(dataset.recording, MovieView(), self._reads(dataset.recording))

    def show(self, key: int, **changes: Any) -> None:
        """Look at a recording in another way (`kind`, `half_width`, `baseline_percentile`); returns at once.

        Raises
        ------
        ThunderError
            If there is no such view.
        """
        before = self.view(key)
        if changes.get("kind") == ViewKind.MEAN and not changes.get("half_width", before.half_width):
            changes["half_width"] = _USUAL_HALF_WIDTH
        view = replace(before, **changes)
        if view != before or key in self._troubles:
            self._begin(key, view)

    def cancel(self, key: int) -> None:
        """Give up what is being computed for a recording's view, and show its voxels as they are."""
        if key in self._jobs:
            self._begin(key, replace(self.view(key), kind=ViewKind.RAW))

    def retry(self, key: int) -> None:
        """Try again to make a view that failed."""
        if key in self._troubles:
            self._begin(key, self.view(key))

    def state(self) -> dict[str, Any]:
        """The views as plain JSON values, by key of the recording."""
        return {
            str(key): {
                "kind": str(view.kind),
                "half_width": view.half_width,
                "baseline_percentile": view.baseline_percentile,
            }
            for key, view in tuple(self._views.items())
        }

    def restore(self, state: Mapping[str, Any], keys: Mapping[int, int]) -> None:
        """Take what `state` gave, for recordings whose keys have become these."""
        for key, said in state.items():
            now = keys.get(int(key))
            if now is not None:
                self.show(now, **{**said, "kind": ViewKind(said["kind"])})

    def close(self, seconds: float = 1.0) -> None:
        """Cancel and end in bounded time."""
        for job in tuple(self._jobs.values()):
            job.cancel()
        self._background.close(seconds)

    def _dataset(self, key: int) -> Dataset | None:
        return next((dataset for dataset in self._datasets if dataset.key == key), None)

    def _begin(self, key: int, view: MovieView) -> None:
        dataset = self._dataset(key)
        if dataset is None:
            return
        job = Job(f"Baseline of {dataset.name}")
        job.changed.connect(lambda: self.changed.emit(key))
        with self._lock:
            self._views[key], old = view, self._jobs.get(key)
            self._jobs[key] = job
            self._troubles.pop(key, None)
        if old is not None:
            self._background.start(old.cancel)
        self.changed.emit(key)
        self._background.start(self._prepare, dataset, view, job)

    def _prepare(self, dataset: Dataset, view: MovieView, job: Job) -> None:
        recording, sight, trouble = dataset.recording, None, None
        try:
            baseline = self._baseline(dataset, view, job) if view.kind is ViewKind.DFF else None
            sight = sight_of(recording, view, self._reads(recording), baseline)
        except JobCancelled:
            return
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            if self._jobs.get(dataset.key) is not job or self._background.closed:
                return
            del self._jobs[dataset.key]
            if trouble is not None:
                self._troubles[dataset.key] = trouble
        if sight is not None:
            self.ready.emit(dataset.key, sight)
        self.changed.emit(dataset.key)

    def _baseline(self, dataset: Dataset, view: MovieView, job: Job) -> Array:
        recording = dataset.recording
        shifts = None if recording.shifts is None else recording.shifts.digest
        name = dataset.key, view.baseline_percentile, recording.exclude_frames, shifts
        if name not in self._baselines:
            with job.running():
                self._baselines[name] = self._computed(recording, view.baseline_percentile, job)
        return self._baselines[name]

    def _computed(self, recording: Recording, percentile: float | None, job: Job) -> Array:
        """By the engine where it can reach the recording, else here."""
        source = recorded(recording.source)
        if isinstance(source, ElsewhereSource):
            return baseline_volume(recording, self._connection.wait_for_engine(job), percentile, job=job)
        engine = None if isinstance(source, ArraySource) else self._connection.engine
        if engine is not None:
            try:
                return baseline_volume(recording, engine, percentile, job=job)
            except JobCancelled:
                raise
            except ThunderError:
                pass
        return self._computed_here(recording, percentile, job)

    def _computed_here(self, recording: Recording, percentile: float | None, job: Job) -> Array:
        here: Engine = connect("threads")
        try:
            return baseline_volume(recording, here, percentile, job=job)
        finally:
            here.close()

    def _reads(self, recording: Recording) -> Connection | None:
        """What only the engine sees is read, averaged and binned by it, whichever is connected then."""
        return self._connection if isinstance(recorded(recording.source), ElsewhereSource) else None

    def _amend(self, dataset: Dataset) -> None:
        """Averages and baselines leave out excluded frames, which may be others now."""
        view = self._views.get(dataset.key)
        if view is not None and view.kind is not ViewKind.RAW:
            self._begin(dataset.key, view)

    def _forget(self, dataset: Dataset) -> None:
        with self._lock:
            job = self._jobs.pop(dataset.key, None)
            self._views.pop(dataset.key, None)
            self._troubles.pop(dataset.key, None)
            for name in [name for name in self._baselines if name[0] == dataset.key]:
                del self._baselines[name]
        if job is not None:
            self._background.start(job.cancel)


def view_limits(view: MovieView, values: Array) -> tuple[float, float]:
    """Contrast limits that suit a view, from voxels of it: ΔF/F from 0 up, others from their own darkest."""
    if view.kind is not ViewKind.DFF:
        return limits_of(values)
    finite = values[np.isfinite(values)]
    return 0.0, max(_LEAST_CHANGE, float(np.percentile(finite, 99.5)) if finite.size else 1.0)
