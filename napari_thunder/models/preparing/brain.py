"""Finding the brain, as a region to look at, to edit, and to keep nothing else of a recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from napari_thunder.engine import Job
from napari_thunder.models.analyze.jobs import Errand, Jobs, Run
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.preparing.wish import Keep
from napari_thunder.models.preparing.wishes import Wishes
from napari_thunder.models.rois.regions import Regions
from napari_thunder.preparing import Preparation, plan_preparation
from napari_thunder.recording import Recording
from napari_thunder.regions import Region

_NAME = "brain"


class BrainSearch:
    """Searches for the brain in the list of jobs, and puts it on the desk.

    Parameters
    ----------
    jobs, connection, regions
        Of the desk.
    wishes
        In which what is found is kept.
    found
        Called, from any thread, when it is on the desk.
    """

    def __init__(
        self, jobs: Jobs, connection: Connection, regions: Regions, wishes: Wishes, found: Callable[[], None]
    ) -> None:
        self.last: Run | None = None
        self._jobs, self._connection, self._regions, self._wishes = jobs, connection, regions, wishes
        self._found = found
        self._regions_of: dict[str, int] = {}

    def start(self, dataset: Dataset, recording: Recording) -> Run:
        """Search in a recording as it shall be prepared; returns at once."""
        path, settings = self._wishes.of(dataset).path, _of_whole_volume(self._wishes.of(dataset).settings)

        def work(job: Job) -> str:
            engine = self._connection.wait_for_engine(job)
            plan = plan_preparation(recording, path, settings, engine=engine, job=job)
            job.check()
            if plan.brain is not None:
                self._regions_of[job.tag] = self._take(dataset, plan.brain)
                self._found()
            return f"{plan.brain_share:.0%} of the voxels are brain"

        self.last = self._jobs.submit(Errand(f"{dataset.name} · Find the brain", recording, work, preview=True))
        return self.last

    def region_of(self, run: Run) -> Region | None:
        """The brain that a run found, while it is on the desk."""
        return self._regions.get(self._regions_of.get(run.job.tag, 0))

    def _take(self, dataset: Dataset, brain: Region) -> int:
        """As a new region, or as the voxels of the brain that is kept already; its key."""
        before = self._regions.get(self._wishes.of(dataset).region)
        if before is not None and before.name.startswith(_NAME) and before.volume == brain.volume:
            self._regions.reshape(before.key, brain)
            key = before.key
        else:
            free = _NAME not in {region.name for region in self._regions}
            name = _NAME if free else self._regions.free_name(_NAME)
            key = self._regions.add(replace(brain, name=name, color=self._regions.free_color())).key
        self._regions.select(key)
        self._wishes.change(dataset, keep=Keep.REGION, region=key)
        return key


def _of_whole_volume(settings: Preparation) -> Preparation:
    """A region is one of the recording's voxels, not of those that are cropped and binned."""
    return replace(
        settings,
        brain="automatic",
        crop_z=None,
        crop_y=None,
        crop_x=None,
        bin=(1, 1, 1),
        background_percentile=None,
    )
