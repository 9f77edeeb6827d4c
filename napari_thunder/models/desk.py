"""The desk: everything behind the windows, tied together, without a window."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_thunder.analysis.registry import make_analysis, steps
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.engine.job import JobState
from napari_thunder.errors import ThunderError
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.io.uri import split_uri
from napari_thunder.models.attaching import Attaching
from napari_thunder.models.connection import Connection, ConnectionState
from napari_thunder.models.datasets import Datasets
from napari_thunder.models.draft import ChainLink, Draft
from napari_thunder.models.jobs import Jobs, Request, Run, Stream
from napari_thunder.models.pictures import Pictures
from napari_thunder.models.pointer import Pointer
from napari_thunder.models.region_files import RegionFiles
from napari_thunder.models.regions import Regions
from napari_thunder.models.results import Results
from napari_thunder.models.session import Part, Session
from napari_thunder.models.traces import Traces
from napari_thunder.models.views import Views
from napari_thunder.parameters import build
from napari_thunder.pipeline import stream as stream_partials
from napari_thunder.recording import Recording
from napari_thunder.recording import open as open_recording
from napari_thunder.result import load_result, save_result
from napari_thunder.volumes import EngineReader, VolumeReader

if TYPE_CHECKING:
    import xarray as xr

    from napari_thunder.pipeline import Partial


class Desk:
    """An engine, recordings, jobs and results, and what one does to the other.

    Needs neither Qt nor napari, blocks nowhere, and closes in bounded time.

    Parameters
    ----------
    connect, open_recording, stream
        What engines, recordings and partial results are made by.

    `attend(name)` is emitted when a part of the desk (`data`, `rois`, `analyze`, `results`) should come into sight.
    """

    attend = Signal(str)

    def __init__(
        self,
        *,
        connect: Callable[[str, Job], Engine] = connect,
        open_recording: Callable[..., Recording] = open_recording,
        stream: Stream = stream_partials,
        load: Callable[[str], xr.Dataset] = load_result,
        save: Callable[[xr.Dataset, str], Any] = save_result,
    ) -> None:
        self.connection = Connection(connect)
        self._open_recording = open_recording
        self.datasets = Datasets(self.open_recording, self._reader_of, self.connection.read_file)
        self.attaching = Attaching(self.datasets, self.connection.read_file)
        self.jobs = Jobs(partial(self._stream, stream))
        self.results = Results(load, save)
        self.pictures = Pictures(self.results)
        self.regions = Regions()
        self.region_files = RegionFiles(self.regions)
        self.pointer = Pointer()
        self.traces = Traces(self.datasets, self.regions, self.pointer, self.connection)
        self.draft = Draft()
        self.views = Views(self.datasets, self.connection)
        self.session = Session(self)
        self.session.parts["views"] = Part(
            self.views.state, lambda said, keys: self.views.restore(said, keys.recordings)
        )
        self._result_of_run: dict[int, int] = {}
        self.jobs.partial.connect(self._keep)
        self.jobs.changed.connect(self._follow)

    def why_not_run(self) -> str:
        """What is still missing before an analysis can run, as the next step to take; empty when nothing is."""
        if self.datasets.current is None:
            return "Open a recording first."
        if self.connection.state is ConnectionState.CONNECTING:
            return f"Wait until {self.connection.target} is ready."
        if self.connection.state is not ConnectionState.CONNECTED:
            return "Connect to an engine first."
        return ""

    def run(self, analysis: str, given: Mapping[str, Any], chain: Sequence[ChainLink] = ()) -> Run:
        """Queue an analysis of the current recording; returns at once.

        Parameters
        ----------
        analysis
            Its name, as in `napari-thunder analyses`.
        given
            Its parameters; those left out keep their defaults.
        chain
            The preprocessing: name and parameters of each step, in order.

        Raises
        ------
        ThunderError
            If something is missing or a parameter is wrong.
        """
        reason = self.why_not_run()
        current = self.datasets.current
        if reason or current is None:
            raise ThunderError(reason)
        preprocess = tuple(build(steps()[name], parameters) for name, parameters in chain)
        request = Request(make_analysis(analysis, given), current.recording, preprocess)
        return self.jobs.submit(request)

    def close(self, seconds: float = 0.5) -> None:
        """Cancel and let go of everything; takes no longer than `seconds`, whatever hangs."""
        deadline = time.monotonic() + seconds
        reading = (self.attaching, self.datasets)
        for part in (
            self.session,
            self.views,
            self.traces,
            self.jobs,
            *reading,
            self.results,
            self.region_files,
            self.pictures,
            self.connection,
        ):
            part.close(max(0.0, deadline - time.monotonic()))

    def open_recording(self, uri: str, *, job: Job | None = None, **known: Any) -> Recording:
        """Open a recording; blocks. What this computer does not see is opened by the engine, once it is there."""
        connecting = self.connection.state is ConnectionState.CONNECTING
        if job is not None and connecting and not os.path.exists(split_uri(uri)[0]):
            self.connection.wait_for_engine(job)
        return self._open_recording(uri, engine=self.connection.engine, **known)

    def _stream(self, stream: Stream, *given: Any, job: Job, **more: Any) -> Iterator[Partial]:
        """By the engine that is connected when the run begins: it may have been exchanged while the run waited."""
        return stream(*given, engine=self.connection.wait_for_engine(job), job=job, **more)

    def _reader_of(self, recording: Recording) -> VolumeReader | None:
        """Volumes that only the engine sees come through it, whichever is connected when they are asked for."""
        elsewhere = isinstance(recording.source, ElsewhereSource)
        return EngineReader(recording, self.connection) if elsewhere else None

    def result_of(self, run: Run) -> int | None:
        """Key of the result a run fills, once there is one."""
        return self._result_of_run.get(run.key)

    def _keep(self, run: Run, partial: Partial) -> None:
        if run.job.cancelled:
            return
        key = self._result_of_run.get(run.key)
        if key is None:
            entry = self.results.add(run.job.title, partial.dataset, finished=partial.done)
            self._result_of_run[run.key] = entry.key
        else:
            self.results.update(key, partial.dataset, finished=partial.done)

    def _follow(self, run: Run) -> None:
        if run.job.state not in (JobState.CANCELLED, JobState.FAILED, JobState.CANCELLING):
            return
        key = self._result_of_run.pop(run.key, None)
        if key is not None:
            self.results.remove(key)
        if run.trouble is not None:
            self.connection.check()
