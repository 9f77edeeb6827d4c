"""What is chosen in a plot, on its way to voxels of the brain and to an ROI."""

from __future__ import annotations

from threading import RLock

import numpy as np
from psygnal import Signal

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.data.datasets import Datasets
from napari_thunder.models.latest import Latest
from napari_thunder.models.plots.plot import Plot
from napari_thunder.models.plots.plots import Plots
from napari_thunder.models.plots.selection import (
    Areas,
    Mask,
    Rows,
    Selection,
    Tie,
    tie_of,
    volume_of,
    voxels_in_areas,
)
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.models.rois.of_results import why_no_region
from napari_thunder.models.rois.regions import Regions
from napari_thunder.regions import region_of_mask


class Brushing:
    """What is chosen in the plots of the result that is shown.

    Voxels are looked up beside the window, of several choices for the newest. Signals may be emitted from any thread:
    `selected()` for another choice; `lit()` when its voxels are known.

    Parameters
    ----------
    plots
        What is shown.
    datasets
        Whose current recording an ROI can be made in.
    regions
        Where it goes; a row of the same name as a region is that region.

    Attributes
    ----------
    selection
        What is chosen, or None.
    entry
        The result that it was chosen in, or None.
    mask
        Its voxels (z, y, x) in the maps of the result; None while they are not known.
    n_voxels
        How many these are.
    """

    selected = Signal()
    lit = Signal()

    def __init__(self, plots: Plots, datasets: Datasets, regions: Regions) -> None:
        self.selection: Selection | None = None
        self.entry: ResultEntry | None = None
        self.mask: Mask | None = None
        self.n_voxels = 0
        self._plots, self._datasets, self._regions = plots, datasets, regions
        self._lock = RLock()
        self._background = Background("brushing")
        self._find = Latest(self._background)
        plots.changed.connect(self._follow)

    @property
    def tie(self) -> Tie:
        """What ties the rows of the plot that is shown to voxels."""
        plot = self._plots.plot
        return Tie() if plot is None else tie_of(plot, self._regions)

    def select(self, selection: Selection | None, *, beside: bool = False) -> None:
        """Choose something in the plot that is shown; returns at once, `lit` follows.

        Parameters
        ----------
        beside
            Whether what is chosen already stays so.
        """
        with self._lock:
            if selection is not None and beside:
                selection = selection.beside(self.selection)
            if isinstance(selection, Rows) and not selection.numbers:
                selection = None
            if selection == self.selection:
                return
            self.selection = selection
            self.entry = None if selection is None else self._plots.entry
            entry, tie = self.entry, self.tie
        self.selected.emit()
        self._find.ask(self._find_voxels, entry, tie, selection)

    def rows_chosen(self, plot: Plot) -> frozenset[int]:
        """The rows of a plot that are chosen, be it in another plot of the same voxels."""
        chosen = self.selection
        if not isinstance(chosen, Rows):
            return frozenset()
        if chosen.plot == plot.name:
            return chosen.numbers
        other = next((p for p in self._plots.plots if p.name == chosen.plot), None)
        by = plot.attrs.get("voxels_by")
        return chosen.numbers if other is not None and by and by == other.attrs.get("voxels_by") else frozenset()

    def why_not(self) -> str:
        """Why nothing can be chosen in the plot that is shown; empty if it can."""
        if self._plots.plane is not None or self.tie:
            return ""
        return "Nothing in this plot belongs to certain voxels."

    def why_no_region(self) -> str:
        """What keeps the chosen voxels from becoming an ROI; empty if nothing does."""
        entry, current = self.entry, self._datasets.current
        if entry is None:
            return self.why_not() or "Choose something in the plot first."
        if self.mask is None:
            return "Working …"
        if not self.n_voxels:
            return "No voxel is chosen."
        return why_no_region(entry, current)

    def make_region(self) -> None:
        """Put the chosen voxels on the desk as an ROI, named by what was chosen; returns at once.

        Raises
        ------
        ThunderError
            If it cannot be done.
        """
        if reason := self.why_no_region():
            raise ThunderError(reason)
        self._background.start(self._add_region, self.mask, self._name())

    def close(self, seconds: float = 1.0) -> None:
        """End in bounded time."""
        self._plots.changed.disconnect(self._follow, missing_ok=True)
        self._background.close(seconds)

    def _follow(self) -> None:
        """What was chosen in another result is let go; so is what a result no longer has."""
        now = self._plots.entry
        if self.entry is None or (now is not None and now.key == self.entry.key and now.dataset is self.entry.dataset):
            return
        if now is None or now.key != self.entry.key:
            self.select(None)
            return
        self.entry = now
        self._find.ask(self._find_voxels, now, self.tie, self.selection)

    def _find_voxels(self, entry: ResultEntry | None, tie: Tie, selection: Selection | None) -> None:
        mask: Mask | None = None
        if entry is not None and isinstance(selection, Areas):
            mask = voxels_in_areas(entry.dataset, selection)
        elif entry is not None and isinstance(selection, Rows):
            mask = tie.mask(selection.numbers, volume_of(entry.dataset))
        n_voxels = 0 if mask is None else int(np.count_nonzero(mask))
        with self._lock:
            if selection is not self.selection or self._background.closed:
                return
            self.mask, self.n_voxels = mask, n_voxels
        self.lit.emit()

    def _add_region(self, mask: Mask, name: str) -> None:
        taken = {region.name for region in self._regions}
        name = self._regions.free_name(name) if name in taken else name
        self._regions.add(region_of_mask(mask, name, self._regions.free_color()))

    def _name(self) -> str:
        """`cluster 3`, `4 rows of ordering`, `component 1 × component 2`."""
        chosen, entry = self.selection, self.entry
        if isinstance(chosen, Areas) and entry is not None:
            return " × ".join(choice.title(entry.dataset) for choice in (chosen.plane.x, chosen.plane.y))
        plot = next((p for p in self._plots.plots if isinstance(chosen, Rows) and p.name == chosen.plot), None)
        if plot is None or not isinstance(chosen, Rows):
            return "Chosen"
        if len(chosen.numbers) == 1:
            (row,) = chosen.numbers
            return f"{(plot.row_dim or 'leaf').replace('_', ' ')} {plot.rows[row]}"
        return f"{len(chosen.numbers)} of {plot.title}"
