"""The heat map of the shifts that are looked at, made beside the window."""

from __future__ import annotations

from psygnal import Signal

from napari_thunder.models.background import Background
from napari_thunder.models.latest import Latest
from napari_thunder.models.registration.pair import Pair
from napari_thunder.models.registration.shift_map import Along, ShiftMap, shift_map


class ShiftMaps:
    """Makes the heat map that is wanted; of several wishes, the newest. `changed()` is emitted from any thread.

    Attributes
    ----------
    found
        The heat map, or None while there is none.
    along, relative
        Which part of the shifts; see `shift_map`.
    """

    changed = Signal()

    def __init__(self) -> None:
        self.found: ShiftMap | None = None
        self.along = Along.DISTANCE
        self.relative = False
        self._pair: Pair | None = None
        self._background = Background("shift-map")
        self._latest = Latest(self._background)

    def take(self, pair: Pair | None) -> None:
        """Show the shifts of this registration from now on; returns at once."""
        before, self._pair = self._pair, pair
        if pair is None:
            self.found = None
            self.changed.emit()
        elif before is None or before.shifts is not pair.shifts or before.raw.voxel_size != pair.raw.voxel_size:
            self._latest.ask(self._make)

    def show(self, along: Along, *, relative: bool = False) -> None:
        """Show this part of the shifts from now on; returns at once."""
        if (along, relative) != (self.along, self.relative):
            self.along, self.relative = along, relative
            self._latest.ask(self._make)

    def close(self, seconds: float = 1.0) -> None:
        """End within `seconds`."""
        self._background.close(seconds)

    def _make(self) -> None:
        pair = self._pair
        if pair is None:
            return
        found = shift_map(pair, self.along, relative=self.relative)
        if pair is self._pair:
            self.found = found
            self.changed.emit()
