"""What is pointed at in the brain, as it stands in the plot that is shown."""

from __future__ import annotations

from collections.abc import Callable

from psygnal import Signal, SignalInstance

from napari_thunder.display.space import about_recording
from napari_thunder.models.background import Background
from napari_thunder.models.data.datasets import Datasets
from napari_thunder.models.latest import Latest
from napari_thunder.models.plots.marks import Marks, point_of, points_of, voxel_in
from napari_thunder.models.plots.plots import Plots
from napari_thunder.models.plots.selection import tie_of, volume_of
from napari_thunder.models.pointer import Place, Pointer
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.models.rois.regions import Regions


class Pointed:
    """The voxel under the mouse while Shift is held, or else the one that was pinned or the ROI that was chosen last.

    `changed()` is emitted, from any thread, when its marks are others.

    Parameters
    ----------
    plots
        In what they are marked.
    datasets, regions, pointer
        What can be pointed at.

    Attributes
    ----------
    marks
        Where it stands in the plot.
    """

    changed = Signal()

    def __init__(self, plots: Plots, datasets: Datasets, regions: Regions, pointer: Pointer) -> None:
        self.marks = Marks()
        self._plots, self._datasets, self._regions, self._pointer = plots, datasets, regions, pointer
        self._kept: Place | int | None = None
        self._background = Background("pointed")
        self._latest = Latest(self._background)
        for source, slot in self._heard():
            source.connect(slot)

    def close(self, seconds: float = 1.0) -> None:
        """End in bounded time."""
        for source, slot in self._heard():
            source.disconnect(slot, missing_ok=True)
        self._background.close(seconds)

    def _heard(self) -> list[tuple[SignalInstance, Callable[..., None]]]:
        """What others tell, and what follows from it."""
        return [
            (self._plots.changed, self._look_again),
            (self._pointer.hovered, self._on_hovered),
            (self._pointer.pinned, self._keep),
            (self._regions.selected, self._keep),
        ]

    def _on_hovered(self, _: Place | None) -> None:
        self._look_again()

    def _keep(self, pointed: Place | int | None) -> None:
        self._kept = pointed
        self._look_again()

    def _look_again(self) -> None:
        self._latest.ask(self._find)

    def _find(self) -> None:
        pointed, entry, before = self._pointer.place or self._kept, self._plots.entry, self.marks
        if entry is None or pointed is None:
            self.marks = Marks()
        elif isinstance(pointed, Place):
            self.marks = self._of_voxel(entry, pointed)
        else:
            self.marks = self._of_region(entry, pointed)
        if self.marks or before:
            self.changed.emit()

    def _of_voxel(self, entry: ResultEntry, place: Place) -> Marks:
        dataset, plot, plane = self._datasets.get(place.dataset), self._plots.plot, self._plots.plane
        if dataset is None or not _may_be_of(entry, dataset.recording.uri):
            return Marks()
        voxel = voxel_in(entry.dataset, place.voxel, dataset.recording.voxel_size)
        if voxel is None:
            return Marks()
        if plane is not None:
            return Marks(points=point_of(entry.dataset, plane, voxel))
        return Marks() if plot is None else Marks(tie_of(plot, self._regions).rows_at(voxel, plot.n_rows))

    def _of_region(self, entry: ResultEntry, key: int) -> Marks:
        region, plot, plane = self._regions.get(key), self._plots.plot, self._plots.plane
        if region is None or region.volume != volume_of(entry.dataset):
            return Marks()
        if plane is not None:
            return Marks(points=points_of(entry.dataset, plane, region))
        return Marks() if plot is None else Marks(tie_of(plot, self._regions).rows_in(region, plot.n_rows))


def _may_be_of(entry: ResultEntry, uri: str) -> bool:
    """Whether a result is of a recording, as far as it says."""
    said = about_recording(entry.dataset).get("uri")
    return said is None or said == uri
