"""Regions made from results: whether they can be, and those of clusters."""

from __future__ import annotations

from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from psygnal import Signal

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.labels import label_colours
from napari_thunder.display.maps import MapChoice, choices, role_of, symbol_of
from napari_thunder.errors import ThunderError
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.in_turn import InTurn
from napari_thunder.models.results.looks import Look, strengths_of
from napari_thunder.models.results.pictures import Pictures
from napari_thunder.models.results.results import ResultEntry, Results
from napari_thunder.models.rois.regions import Regions
from napari_thunder.models.trouble import Trouble
from napari_thunder.regions import Region, regions_of_labels

_MOST = 200


def why_no_region(entry: ResultEntry, current: Dataset | None) -> str:
    """What keeps voxels of a result from becoming ROIs of the current recording; empty if nothing does."""
    if "preview" in entry.dataset.attrs:
        return "This is a preview of few voxels: run the analysis in full to make ROIs of it."
    if not entry.finished:
        return "Wait until it is computed."
    volume = tuple(entry.dataset.sizes[axis] for axis in "zyx")
    if current is None or current.recording.shape[1:] != volume:
        return "Open the recording that this result was made of."
    return ""


def clusters_in(dataset: xr.Dataset, look: Look | None = None) -> MapChoice | None:
    """The map of labels that is looked at, or else that of the clusters a result is about; None if it has none."""
    shown = None if look is None else look.choice
    if shown is not None and role_of(dataset, shown.variable) is Role.LABEL:
        return shown
    return next((choice for choice in choices(dataset) if "palette" in dataset[choice.variable].attrs), None)


class ClusterRegions:
    """Makes ROIs of the clusters of a result, with their names and colours, in one step of undo.

    They are cut out beside the window. `changed()` may be emitted from any thread.

    Parameters
    ----------
    results, pictures
        What the clusters are of, and how they are looked at.
    datasets
        Whose current recording the ROIs are for.
    regions
        Where they go.

    Attributes
    ----------
    result
        Key of the result they were asked for last, or None.
    working
        Whether some are being made.
    said
        What was made last, in words.
    trouble
        Why none were made, or None.
    """

    changed = Signal()

    def __init__(self, results: Results, pictures: Pictures, datasets: Datasets, regions: Regions) -> None:
        self.result: int | None = None
        self.working = False
        self.said = ""
        self.trouble: Trouble | None = None
        self._results, self._pictures, self._datasets, self._regions = results, pictures, datasets, regions
        self._turns = InTurn("regions-of-clusters")

    def choice(self, key: int | None) -> MapChoice | None:
        """The map of labels of a result; None if it has none."""
        entry = None if key is None else self._results.get(key)
        return None if entry is None else clusters_in(entry.dataset, self._pictures.look(entry.key))

    def why_not(self, key: int | None) -> str:
        """What keeps ROIs from being made; empty if nothing does."""
        entry = None if key is None else self._results.get(key)
        if entry is None:
            return "Choose a result first."
        if self.choice(key) is None:
            return "This result has no clusters: run K-means or Hierarchical clustering."
        return why_no_region(entry, self._datasets.current) or ("Wait for the last ones." if self.working else "")

    def make(self, key: int | None, *, pieces: bool = False, minimum: int = 1) -> None:
        """Make an ROI of each cluster of a result, or of each of its pieces; returns at once.

        Parameters
        ----------
        pieces
            Whether voxels of a cluster that do not hang together are ROIs of their own.
        minimum
            Voxels that an ROI must have.
        """
        reason, entry = self.why_not(key), None if key is None else self._results.get(key)
        self.result, self.said, self.trouble = key, "", Trouble(reason) if reason else None
        if not reason and entry is not None:
            self.working = True
            self._turns.do(partial(self._make, entry, self._pictures.look(entry.key), pieces, minimum))
        self.changed.emit()

    def close(self, seconds: float = 0.5) -> None:
        """End in bounded time."""
        self._turns.close(seconds)

    def _make(self, entry: ResultEntry, look: Look | None, pieces: bool, minimum: int) -> None:
        try:
            self._add(_cut_out(entry.dataset, look, pieces, minimum))
        except Exception as error:
            self.trouble = Trouble.of(error)
        self.working = False
        self.changed.emit()

    def _add(self, made: list[Region]) -> None:
        keyed = self._regions.add_all(self._regions.named_apart(made))
        most = f" These are the {_MOST} largest." if len(keyed) == _MOST else ""
        self.said = f"Made {len(keyed)} ROI{'' if len(keyed) == 1 else 's'}: they are under ROIs.{most}"


def _cut_out(dataset: xr.Dataset, look: Look | None, pieces: bool, minimum: int) -> list[Region]:
    choice = clusters_in(dataset, look)
    if choice is None:
        raise ThunderError("This result has no clusters.")
    attrs, colours = dataset[choice.variable].attrs, label_colours(dataset, choice.variable)
    hexes = ["#{:02x}{:02x}{:02x}".format(*map(int, colour)) for colour in colours]
    names = [str(name) for name in attrs.get("names", ())]
    noun = str(attrs.get("long_name", symbol_of(choice.variable)))
    named = noun[:1].upper() + noun[1:]
    values = _seen(dataset, choice, look)
    return regions_of_labels(values, named, names=names, colors=hexes, pieces=pieces, minimum=minimum, limit=_MOST)


def _seen(dataset: xr.Dataset, choice: MapChoice, look: Look | None) -> NDArray[np.floating]:
    """The labels that are shown: those whose strength is below a threshold that someone set are left out."""
    labels = choice.values(dataset)
    names = [] if look is None or look.choice != choice else strengths_of(dataset, look)
    if look is None or look.threshold is None or not names:
        return labels
    strength = dataset[look.strength if look.strength in names else names[0]].transpose("z", "y", "x").values
    return np.where(strength >= look.threshold, labels, np.nan)
