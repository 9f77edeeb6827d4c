"""What all docks of one viewer share: the desk, the bridge to the window's thread, and the layers."""

from __future__ import annotations

import logging
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from qtpy.QtWidgets import QWidget

from napari_thunder.models import Desk
from napari_thunder.models.analyze.draft_memory import DraftMemory
from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.models.data.history import History
from napari_thunder.widgets.attending import bring_into_sight
from napari_thunder.widgets.canvas.before_after import BeforeAfter
from napari_thunder.widgets.canvas.caption import Caption
from napari_thunder.widgets.canvas.comparison import Comparison
from napari_thunder.widgets.canvas.drawn_line import DrawnLine
from napari_thunder.widgets.canvas.highlight import Highlight
from napari_thunder.widgets.canvas.layers import Layers
from napari_thunder.widgets.canvas.map_layers import MapLayers
from napari_thunder.widgets.canvas.map_legends import MapLegends
from napari_thunder.widgets.canvas.pin_marks import PinMarks
from napari_thunder.widgets.canvas.pointing import Pointing
from napari_thunder.widgets.canvas.recording_views import RecordingViews
from napari_thunder.widgets.canvas.region_layers import RegionLayers
from napari_thunder.widgets.canvas.shift_arrows import ShiftArrows
from napari_thunder.widgets.canvas.shown_plane import ShownPlane
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.preferences import Preferences
from napari_thunder.widgets.safekeeping import Safekeeping
from napari_thunder.widgets.settings import setting

if TYPE_CHECKING:
    import napari.viewer

log = logging.getLogger(__name__)

Held = TypeVar("Held", bound=QWidget)

_workplaces: dict[int, Workplace] = {}


class Workplace:
    """The desk of one viewer and what ties it to the window.

    Docks get it from `of` and `hold` it; it closes, and the desk with it, when the last of them is gone.

    Parameters
    ----------
    viewer
        Whose layers show what is on the desk.
    desk
        The state behind the windows.
    history
        The paths that were opened before.
    """

    def __init__(self, viewer: napari.viewer.Viewer, desk: Desk, history: History) -> None:
        self.viewer = viewer
        self.desk = desk
        self.history = history
        self.main_thread = MainThread()
        self.draft_memory = DraftMemory(desk.draft, history.folder / "draft.json")
        self.layers = Layers(viewer, desk, self.main_thread)
        self.recording_views = RecordingViews(desk, self.main_thread, self.layers)
        self.caption = Caption(viewer, desk, self.main_thread, self.layers, self.recording_views)
        self.map_layers = MapLayers(viewer, desk, self.main_thread)
        self.map_legends = MapLegends(viewer, desk, self.main_thread, self.map_layers)
        self.comparison = Comparison(viewer, desk, self.main_thread, self.map_layers, self.map_legends)
        self.before_after = BeforeAfter(viewer, desk, self.main_thread, self.layers, self.map_layers)
        self.comparison.beginning.connect(self.before_after.end)
        self.shift_arrows = ShiftArrows(viewer, desk, self.main_thread, self.layers)
        self.drawn_line = DrawnLine(viewer, desk, self.main_thread)
        self.shown_plane = ShownPlane(viewer, desk, self.layers)
        self.region_layers = RegionLayers(viewer, desk, self.main_thread)
        self.pointing = Pointing(viewer, desk, self.main_thread, self.layers)
        self.pin_marks = PinMarks(viewer, desk, self.main_thread, self.layers)
        self.highlight = Highlight(viewer, desk, self.main_thread, self.map_layers)
        self.preferences = Preferences(desk)
        self.safekeeping = Safekeeping(self)
        self._holders: dict[int, weakref.ref[QWidget]] = {}
        self._begun = False
        self.main_thread.connect(desk.attend, partial(bring_into_sight, self))
        self.layers.adopt_all()
        self.map_layers.adopt_all()

    @classmethod
    def of(cls, viewer: Any, desk: Desk | None = None, history: History | None = None) -> Workplace:
        """The workplace of a viewer, made if it has none yet; `desk` and `history` are for a new one.

        napari hands plugins a wrapped viewer; the one inside is the same for all.
        """
        real = getattr(viewer, "__wrapped__", viewer)
        if id(real) not in _workplaces:
            _workplaces[id(real)] = cls(real, desk or Desk(), history or History())
        return _workplaces[id(real)]

    @classmethod
    def there(cls, viewer: Any) -> Workplace | None:
        """The workplace of a viewer, if a dock has made one."""
        return _workplaces.get(id(getattr(viewer, "__wrapped__", viewer)))

    @property
    def settled(self) -> bool:
        """Whether nothing is under way: all that was opened and computed is on the screen."""
        desk = self.desk
        busy = desk.jobs.busy or desk.datasets.opening or not desk.pictures.idle
        shown = self.layers, self.map_layers, self.region_layers, self.before_after
        return not busy and all(part.settled for part in shown)

    def begin(self, engine: str | None = None) -> None:
        """Keep the desk safe, and connect to an engine; when left out, the first time, to that of the settings."""
        wanted = engine if engine is not None else "" if self._begun else _engine_at_start()
        self._begun = True
        self.safekeeping.begin()
        if wanted and self.desk.connection.state is ConnectionState.DISCONNECTED:
            self.desk.connection.connect(wanted)

    @property
    def docks(self) -> list[QWidget]:
        """The docks and tabs that are there."""
        return [widget for reference in self._holders.values() if (widget := reference()) is not None]

    def hold(self, widget: QWidget) -> MainThread:
        """Stay open as long as this widget lives; gives it a bridge of its own, whose connections end with it."""
        bridge = MainThread()
        self._holders[id(widget)] = weakref.ref(widget)
        widget.destroyed.connect(partial(_release, [(self, id(widget), bridge)]))
        return bridge

    def held(self, kind: type[Held]) -> Held | None:
        """A dock of this kind that is there, or None."""
        return next((widget for widget in self.docks if isinstance(widget, kind)), None)

    def close(self) -> None:
        """Undo every connection and let the desk go."""
        _workplaces.pop(id(self.viewer), None)
        for part in (
            self.highlight, self.before_after, self.shift_arrows, self.drawn_line, self.shown_plane, self.safekeeping,
            self.preferences, self.main_thread, self.pointing, self.pin_marks, self.draft_memory, self.layers,
            self.recording_views, self.caption, self.comparison, self.map_legends, self.map_layers,
            self.region_layers, self.desk,
        ):  # fmt: skip
            try:
                part.close()
            except Exception:
                log.exception("%s did not close as it should", type(part).__name__)


def _engine_at_start() -> str:
    return str(setting("engine", "target")) if setting("engine", "connect_at_start") else ""


def _release(held: list[tuple[Workplace, int, MainThread]], *_: object) -> None:
    """One holder less; needs nothing of the widget, which is gone. The list is emptied, as Qt may keep hold of it."""
    while held:
        workplace, holder, bridge = held.pop()
        bridge.close()
        workplace._holders.pop(holder, None)
        if not workplace._holders:
            workplace.close()
