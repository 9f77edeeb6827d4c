"""The plots of the result that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any

from psygnal import Signal, SignalInstance

from napari_thunder.display.maps import MapChoice, choices
from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.in_turn import InTurn
from napari_thunder.models.latest import Latest
from napari_thunder.models.plots.plane import Density, Plane, Span, density_of, first_plane
from napari_thunder.models.plots.plot import Plot, plots_of
from napari_thunder.models.plots.table import save_table, table_of, table_of_density
from napari_thunder.models.results.pictures import Pictures
from napari_thunder.models.results.results import ResultEntry, Results
from napari_thunder.models.trouble import Trouble

if TYPE_CHECKING:
    import pandas as pd

PLANE = "values of voxels"
"""Name, among the plots, of the plane of two maps."""


class Plots:
    """What the Plots dock shows: of one result, one of its curves or two of its maps against each other.

    It follows the result in front, and the newest that has curves. Voxels are counted beside the window. Signals may
    be emitted from any thread: `changed()` for another result, plot or plane; `counted(density)`; `offered()` when a
    result came that has curves; `troubled()`.

    Attributes
    ----------
    result
        Key of the result, or None.
    plots
        Its curves.
    plot
        The curve that is shown, or None.
    plane
        The two maps that are shown, or None.
    density
        How many voxels lie where on it; None while that is not known.
    trouble
        Why something could not be saved, or None.
    """

    changed = Signal()
    counted = Signal(object)
    offered = Signal()
    troubled = Signal()

    def __init__(self, results: Results, pictures: Pictures) -> None:
        self.result: int | None = None
        self.plots: tuple[Plot, ...] = ()
        self.plot: Plot | None = None
        self.plane: Plane | None = None
        self.density: Density | None = None
        self.trouble: Trouble | None = None
        self._results, self._pictures = results, pictures
        self._chosen: dict[str, str] = {}
        self._planes: dict[str, Plane] = {}
        self._lock = RLock()
        self._background = Background("plots")
        self._count = Latest(self._background)
        self._writing = InTurn("plots-export")
        for source, slot in self._heard():
            source.connect(slot)

    @property
    def entry(self) -> ResultEntry | None:
        """The result that is shown."""
        return None if self.result is None else self._results.get(self.result)

    @property
    def offers(self) -> list[ResultEntry]:
        """The results that have something to plot, the newest first."""
        return [entry for entry in list(self._results)[::-1] if _names(entry)]

    @property
    def names(self) -> list[tuple[str, str]]:
        """What can be shown of the result: name and title of each curve, and of the plane of two maps."""
        entry = self.entry
        return [] if entry is None else _names(entry)

    @property
    def maps(self) -> list[MapChoice]:
        """What can stand on an axis of the plane."""
        entry = self.entry
        return [] if entry is None else choices(entry.dataset)

    def show(self, key: int | None) -> None:
        """Show the plots of a result; the one of them that was chosen for its analysis before."""
        entry = None if key is None else self._results.get(key)
        with self._lock:
            self.result = None if entry is None else entry.key
            self._take(entry)
        self.changed.emit()

    def choose(self, name: str) -> None:
        """Show a curve by its name, or `PLANE`."""
        entry = self.entry
        if entry is None or name not in dict(self.names):
            return
        self._chosen[_analysis(entry)] = name
        with self._lock:
            self._take(entry)
        self.changed.emit()

    def put_on_axes(self, x: MapChoice, y: MapChoice) -> None:
        """Show these two maps against each other."""
        entry = self.entry
        if entry is None or Plane(x, y) == self.plane:
            return
        self._planes[_analysis(entry)] = Plane(x, y)
        self.choose(PLANE)

    def zoom(self, x: Span | None = None, y: Span | None = None) -> None:
        """Count the voxels in this part of the plane; where nearly all lie when left out."""
        entry, plane = self.entry, self.plane
        if entry is not None and plane is not None:
            self._count.ask(self._count_voxels, entry, plane, x, y)

    def table(self) -> pd.DataFrame | None:
        """The numbers that are shown; None if there are none."""
        entry = self.entry
        if self.plot is not None:
            return table_of(self.plot)
        if self.density is None or entry is None:
            return None
        plane = self.density.plane
        return table_of_density(self.density, (plane.x.title(entry.dataset), plane.y.title(entry.dataset)))

    def export_csv(self, path: str) -> None:
        """Write `table()` to a CSV file; returns at once."""
        self._writing.do(self._write, path)

    def tell(self, trouble: Trouble | None) -> None:
        """Say what went wrong, or that nothing is wrong any more."""
        self.trouble = trouble
        self.troubled.emit()

    def state(self) -> dict[str, Any]:
        """Which result is shown, and which plot of each analysis, as plain JSON values."""
        return {"result": self.result, "chosen": dict(self._chosen)}

    def restore(self, stored: Mapping[str, Any], results: Mapping[int, int]) -> None:
        """Take over what `state` gave; `results` says what keys became."""
        chosen = stored.get("chosen")
        if isinstance(chosen, Mapping):
            self._chosen |= {str(analysis): str(name) for analysis, name in chosen.items()}
        key = results.get(stored.get("result") or 0)
        if key is not None:
            self.show(key)

    def close(self, seconds: float = 1.0) -> None:
        """End in bounded time."""
        for source, slot in self._heard():
            source.disconnect(slot, missing_ok=True)
        self._background.close(seconds / 2)
        self._writing.close(seconds / 2)

    def _heard(self) -> list[tuple[SignalInstance, Callable[..., None]]]:
        """What others tell, and what follows from it."""
        return [
            (self._results.added, self._on_added),
            (self._results.updated, self._on_updated),
            (self._results.removed, self._on_removed),
            (self._pictures.fronted, self.show),
        ]

    def _on_added(self, entry: ResultEntry) -> None:
        if plots_of(entry.dataset):
            self.show(entry.key)
            self.offered.emit()
        elif self.result is None:
            self.show(entry.key)

    def _on_updated(self, entry: ResultEntry) -> None:
        if entry.finished and entry.key == self.result:
            self.show(entry.key)

    def _on_removed(self, entry: ResultEntry) -> None:
        if entry.key == self.result:
            others = [other.key for other in self.offers]
            front = self._pictures.front
            self.show(front if front in others else others[0] if others else None)

    def _take(self, entry: ResultEntry | None) -> None:
        """Look up what is to be shown of a result."""
        self.plots = () if entry is None else plots_of(entry.dataset)
        names = [] if entry is None else [name for name, _ in _names(entry)]
        wanted = "" if entry is None else self._chosen.get(_analysis(entry), "")
        name = wanted if wanted in names else names[0] if names else ""
        self.plot = next((plot for plot in self.plots if plot.name == name), None)
        self.plane = self._plane_of(entry) if entry is not None and name == PLANE else None
        self.density = None
        if entry is not None and self.plane is not None:
            self._count.ask(self._count_voxels, entry, self.plane, None, None)

    def _plane_of(self, entry: ResultEntry) -> Plane | None:
        wanted, there = self._planes.get(_analysis(entry)), set(choices(entry.dataset))
        return wanted if wanted is not None and {wanted.x, wanted.y} <= there else first_plane(entry.dataset)

    def _count_voxels(self, entry: ResultEntry, plane: Plane, x: Span | None, y: Span | None) -> None:
        density = density_of(entry.dataset, plane, x, y)
        if plane == self.plane and entry.key == self.result:
            self.density = density
            self.counted.emit(density)

    def _write(self, path: str) -> None:
        try:
            table = self.table()
            if table is None:
                raise ThunderError("There is nothing to export yet: run an analysis that gives curves.")
            save_table(table, path)
        except Exception as error:
            self.tell(Trouble.of(error))
        else:
            self.tell(None)


def _names(entry: ResultEntry) -> list[tuple[str, str]]:
    plane = [(PLANE, "Voxels: one map against another")] if first_plane(entry.dataset) is not None else []
    return [(plot.name, _capital(plot.title)) for plot in plots_of(entry.dataset)] + plane


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def _analysis(entry: ResultEntry) -> str:
    return str(entry.dataset.attrs.get("analysis", ""))
