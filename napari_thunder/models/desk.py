"""The desk: everything behind the windows, tied together, without a window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_thunder.analysis.again import OWN
from napari_thunder.analysis.protocol import Analysis
from napari_thunder.analysis.registry import analyses, make_analysis, steps
from napari_thunder.chaining import maps_as_recording
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.errors import ThunderError
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.io.source import recorded
from napari_thunder.io.uri import seen_here, split_uri
from napari_thunder.models.analyze.asking import asks_for_regions
from napari_thunder.models.analyze.draft import ChainLink, Draft
from napari_thunder.models.analyze.durations import Durations
from napari_thunder.models.analyze.jobs import Jobs, Request, Run, Stream
from napari_thunder.models.analyze.own_models import OwnModels
from napari_thunder.models.analyze.run_results import RunResults
from napari_thunder.models.analyze.shown_design import ShownDesigns
from napari_thunder.models.data.attaching import Attaching
from napari_thunder.models.data.connection import Connection, ConnectionState
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.data.views import Views
from napari_thunder.models.plots.brushing import Brushing
from napari_thunder.models.plots.plots import Plots
from napari_thunder.models.plots.pointed import Pointed
from napari_thunder.models.pointer import Pointer
from napari_thunder.models.preparing import Preparings
from napari_thunder.models.registration import Registrations
from napari_thunder.models.registration.following import FollowedRegistration
from napari_thunder.models.registration.kymographs import Kymographs
from napari_thunder.models.registration.quality_views import QualityViews
from napari_thunder.models.results.pictures import Pictures
from napari_thunder.models.results.results import Results
from napari_thunder.models.rois.of_results import ClusterRegions
from napari_thunder.models.rois.region_files import RegionFiles
from napari_thunder.models.rois.regions import Regions
from napari_thunder.models.session.parts import Part, Shelf
from napari_thunder.models.session.session import Session
from napari_thunder.models.traces.traces import Traces
from napari_thunder.parameters import build
from napari_thunder.pipeline import stream as stream_partials
from napari_thunder.preview import look
from napari_thunder.recording import Recording
from napari_thunder.recording import open as open_recording
from napari_thunder.regions import Region
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

    `attend(name)` is emitted when a part of the desk (`data`, `registration`, `rois`, …) should come into sight.
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
        self.run_results = RunResults(self.jobs, self.results, self.pictures)
        self.regions = Regions()
        self.region_files = RegionFiles(self.regions)
        self.cluster_regions = ClusterRegions(self.results, self.pictures, self.datasets, self.regions)
        self.pointer = Pointer()
        self.traces = Traces(self.datasets, self.regions, self.pointer, self.connection)
        self.plots = Plots(self.results, self.pictures)
        self.brushing = Brushing(self.plots, self.datasets, self.regions)
        self.pointed = Pointed(self.plots, self.datasets, self.regions, self.pointer)
        self.draft = Draft()
        self.durations = Durations(self.jobs, self.connection)
        self.own_models = OwnModels(self.draft)
        self.shown_designs = ShownDesigns(self.draft, self.datasets)
        self.views = Views(self.datasets, self.connection)
        self.registration = Registrations(self.datasets, self.jobs, self.connection, self._recording_at)
        self.quality_views = QualityViews(self.connection)
        self.kymographs = Kymographs(self.connection)
        self.quality_views.paired.connect(lambda: self.kymographs.take(self.quality_views.pair))
        self.preparing = Preparings(
            self.datasets, self.jobs, self.connection, self.regions, lambda: self.registration.entries
        )
        self._followed = FollowedRegistration(self.registration, self.quality_views)
        self.session = Session(self)
        self.session.parts["views"] = Part(
            self.views.state, lambda said, keys: self.views.restore(said, keys.recordings)
        )
        self.session.parts["pictures"] = Part(
            self.pictures.state, lambda said, keys: self.pictures.restore(said, keys.results)
        )
        self.session.parts["draft"] = Part(
            self.draft.to_plain, lambda said, keys: self.draft.from_plain(said, keys.regions, keys.results)
        )
        self.session.parts["traces"] = Part(
            self.traces.state, lambda said, keys: self.traces.restore(said, keys.recordings, keys.regions)
        )
        self.session.parts["registration"] = Part(
            self.registration.state, lambda said, _: self.registration.restore_state(said)
        )
        self.session.parts["plots"] = Part(self.plots.state, lambda said, keys: self.plots.restore(said, keys.results))
        self.session.parts["preparing"] = Part(self.preparing.wishes.state, self.preparing.restore)
        self.session.shelves["registrations"] = Shelf(self.registration.stored, self.registration.take)
        self.jobs.changed.connect(self._follow)

    def why_not_run(self) -> str:
        """What is still missing before an analysis can run, as the next step to take; empty when nothing is."""
        if self.datasets.current is None and self.draft.maps is None:
            return "Open a recording first."
        if self.draft.maps is not None and self.results.get(self.draft.maps.result) is None:
            return "The result whose maps are the input is gone. Choose another input."
        if self.draft.analysis == OWN and (why_not := self.own_models.why_not_run()):
            return why_not
        if self.connection.state is ConnectionState.CONNECTING:
            return f"Wait until {self.connection.target} is ready."
        if self.connection.state is not ConnectionState.CONNECTED:
            return "Connect to an engine first."
        return ""

    def run(self, analysis: str, given: Mapping[str, Any], chain: Sequence[ChainLink] = (), **more: Any) -> Run:
        """Queue an analysis of a recording; returns at once. Arguments and errors as of `request`."""
        return self.jobs.submit(self.request(analysis, given, chain, **more))

    def request(
        self,
        analysis: str,
        given: Mapping[str, Any],
        chain: Sequence[ChainLink] = (),
        *,
        mask: Region | str | None = None,
        preview: bool = False,
        dataset: Dataset | None = None,
        recording: Recording | None = None,
        regions: Sequence[Region] | None = None,
    ) -> Request:
        """What to compute, on what.

        Parameters
        ----------
        analysis
            Its name, as in `napari-thunder analyses`; `own_model` for the model that is loaded.
        given
            Its parameters; those left out keep their defaults.
        chain
            The preprocessing: name and parameters of each step, in order.
        mask
            A region, or the path of a file of regions or labels, to compute in; the whole brain when left out.
        preview
            Compute few voxels on a coarse grid only, at once.
        dataset
            The recording; the current one when left out.
        recording
            What stands in its place: maps of a result.
        regions
            Whose activity the analysis may ask for; all that are drawn on this recording when left out.

        Raises
        ------
        ThunderError
            If something is missing or a parameter is wrong.
        """
        reason = self.why_not_run()
        dataset = dataset or self.datasets.current
        if reason:
            raise ThunderError(reason)
        if recording is None:
            assert dataset is not None
            recording = dataset.recording
        preprocess = tuple(build(steps()[name], parameters) for name, parameters in chain)
        place = mask.name if isinstance(mask, Region) else Path(mask).stem if mask else ""
        made = self._made(analysis, given)
        asked = self._asked(type(made), recording, regions)
        return Request(made, recording, preprocess, mask, place, preview, asked)

    def run_draft(self, *, preview: bool = False, dataset: Dataset | None = None) -> Run:
        """Queue what is prepared; arguments and errors as of `draft_request`."""
        return self.jobs.submit(self.draft_request(preview=preview, dataset=dataset))

    def draft_request(self, *, preview: bool = False, dataset: Dataset | None = None) -> Request:
        """What is prepared; arguments as of `request`.

        Raises
        ------
        ThunderError
            As `request`, or if the region it is restricted to is gone.
        """
        draft = self.draft
        mask = self.regions.get(draft.region) if draft.region is not None else draft.mask_file or None
        if draft.region is not None and mask is None:
            raise ThunderError("The region to compute in is gone. Choose another one, or the whole brain.")
        regions = None if draft.asked is None else [r for key in draft.asked if (r := self.regions.get(key))]
        recording = self._maps() if dataset is None else None
        more: dict[str, Any] = {"dataset": dataset, "recording": recording, "regions": regions}
        return self.request(draft.analysis, draft.parameters, draft.chain, mask=mask, preview=preview, **more)

    @property
    def chosen(self) -> type[Analysis] | None:
        """The class of the analysis that is prepared; None for a model of the user's own that is not loaded."""
        if self.draft.analysis != OWN:
            return analyses()[self.draft.analysis]
        return self.own_models.cls

    def _made(self, analysis: str, given: Mapping[str, Any]) -> Analysis:
        if analysis != OWN:
            return make_analysis(analysis, given)
        if self.own_models.cls is None:
            raise ThunderError(self.own_models.why_not_run())
        return build(self.own_models.cls, given)

    def _asked(self, cls: type, recording: Recording, regions: Sequence[Region] | None) -> tuple[Region, ...]:
        """The regions that an analysis may ask for, where it asks for any."""
        if not asks_for_regions(cls):
            return ()
        drawn = [r for r in self.regions if r.volume == recording.shape[1:]] if regions is None else regions
        return tuple(drawn)

    def _maps(self) -> Recording | None:
        """Maps of a result that are the input; None if it is the recording."""
        maps = self.draft.maps
        entry = None if maps is None else self.results.get(maps.result)
        if maps is None or entry is None:
            return None
        if not entry.finished:
            raise ThunderError("The result whose maps are the input is not finished. Wait until it is computed.")
        return maps_as_recording(entry.dataset, maps.names, standardize=maps.standardize)

    def show(self, run: Run) -> None:
        """Bring the result of a run to the front, and the results into sight."""
        if self.run_results.show(run):
            self.attend.emit("results")
        elif self.registration.show(run):
            self.attend.emit("registration")
        elif part := self.preparing.show(run):
            self.attend.emit(part)

    def close(self, seconds: float = 0.5) -> None:
        """Cancel and let go of everything; takes no longer than `seconds`, whatever hangs."""
        deadline = time.monotonic() + seconds
        reading = (self.attaching, self.datasets)
        for part in (
            self.session,
            self._followed,
            self.own_models,
            self.durations,
            self.quality_views,
            self.kymographs,
            self.views,
            self.shown_designs,
            self.pointed,
            self.brushing,
            self.plots,
            self.traces,
            self.registration,
            self.preparing,
            self.jobs,
            *reading,
            self.results,
            self.region_files,
            self.cluster_regions,
            self.pictures,
            self.connection,
        ):
            part.close(max(0.0, deadline - time.monotonic()))

    def open_recording(self, uri: str, *, job: Job | None = None, **known: Any) -> Recording:
        """Open a recording; blocks. What this computer does not see is opened by the engine, once it is there."""
        connecting = self.connection.state is ConnectionState.CONNECTING
        if job is not None and connecting and not seen_here(split_uri(uri)[0]):
            self.connection.wait_for_engine(job)
        return self._open_recording(uri, engine=self.connection.engine, **known)

    def _recording_at(self, uri: str, *, job: Job | None = None) -> Recording:
        """The recording of the desk that lies there, or else the one that is opened; blocks."""
        there = next((dataset.recording for dataset in self.datasets if dataset.recording.uri == uri), None)
        return self.open_recording(uri, job=job) if there is None else there

    def _stream(self, stream: Stream, *given: Any, job: Job, preview: bool, **more: Any) -> Iterator[Partial]:
        """By the engine that is connected when the run begins: it may have been exchanged while the run waited."""
        engine = self.connection.wait_for_engine(job)
        if preview:
            return look(*given, engine=engine, job=job, **more)
        return stream(*given, engine=engine, job=job, **more)

    def _reader_of(self, recording: Recording) -> VolumeReader | None:
        """Volumes that only the engine sees come through it, whichever is connected when they are asked for."""
        elsewhere = isinstance(recorded(recording.source), ElsewhereSource)
        return EngineReader(recording, self.connection) if elsewhere else None

    def result_of(self, run: Run) -> int | None:
        """Key of the result or the registration a run fills, once there is one; its own if it made something else."""
        key = self.run_results.key_of(run) or self.registration.runs.key_of(run)
        return run.key if key is None and self.preparing.came_of(run) else key

    def _follow(self, run: Run) -> None:
        if run.trouble is not None:
            self.connection.check()
