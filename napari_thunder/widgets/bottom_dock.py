"""Docks below the canvas: what they have in common, and how they take their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_thunder.widgets.traces.theme import Colours, colours_of
from napari_thunder.widgets.workplace import Workplace

if TYPE_CHECKING:
    import napari.viewer

Dock = TypeVar("Dock", bound="BottomDock")


class BottomDock(QWidget):
    """Shows something of the desk below the canvas, in the theme's colours and as high as it needs when it comes.

    At the end of its set-up a dock calls `follow_theme`; from then on it is given the `set_colours` of every theme.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    title: ClassVar[str] = ""
    usual_size: ClassVar[tuple[int, int]] = (1200, 290)
    least_size: ClassVar[tuple[int, int]] = (500, 200)

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.workplace = Workplace.of(napari_viewer)
        self.bridge = self.workplace.hold(self)
        self.desk = self.workplace.desk
        self.colours: Colours | None = None
        self._was_shown = False

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""

    def follow_theme(self) -> None:
        """Take the colours of the theme, if they are others."""
        colours = colours_of(self.workplace.viewer)
        if colours != self.colours:
            self.colours = colours
            self.set_colours(colours)

    def sizeHint(self) -> QSize:
        return QSize(*self.usual_size)

    def minimumSizeHint(self) -> QSize:
        return QSize(*self.least_size)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme changes the style sheet."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self.colours is not None:
            self.follow_theme()

    def showEvent(self, event: QShowEvent) -> None:
        """The first time, take the height that it needs: docks at the bottom begin as low as they can."""
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            _take_height(self, self.usual_size[1])


def bring(workplace: Workplace, kind: type[Dock]) -> Dock:
    """The dock of a kind in sight: opened below the canvas if it is not there, over others so that the canvas stays."""
    found = workplace.held(kind)
    if found is None:
        found = kind(workplace.viewer)
        workplace.viewer.window.add_dock_widget(found, name=kind.title, area="bottom")
        others = [dock for dock in workplace.docks if isinstance(dock, BottomDock) and dock is not found]
        _lay_over(found.window(), found, others)
    frame = _frame_of(found)
    if frame is not None:
        frame.show()
        frame.raise_()
    return found


def _take_height(widget: QWidget, height: int) -> None:
    frame, window = _frame_of(widget), widget.window()
    if frame is not None and isinstance(window, QMainWindow) and not frame.isFloating():
        window.resizeDocks([frame], [height], Qt.Orientation.Vertical)


def _lay_over(window: Any, widget: QWidget, others: list[BottomDock]) -> None:
    """Share the place of another dock at the bottom, with a tab each; and leave the corner to the docks on the right.

    Forms need their height more than curves their width.
    """
    if not isinstance(window, QMainWindow):
        return
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
    frame, below = _frame_of(widget), Qt.DockWidgetArea.BottomDockWidgetArea
    there = [other for dock in others if (other := _frame_of(dock)) is not None and not other.isFloating()]
    beside = next((other for other in there if window.dockWidgetArea(other) == below), None)
    if frame is not None and beside is not None:
        window.tabifyDockWidget(beside, frame)


def _frame_of(widget: QWidget) -> QDockWidget | None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
