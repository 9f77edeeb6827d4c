"""What a person points at: a moment and a voxel."""

from __future__ import annotations

from dataclasses import dataclass

from psygnal import Signal

Voxel = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A voxel of a recording on the desk.

    Parameters
    ----------
    dataset
        Key of the recording.
    voxel
        (z, y, x).
    """

    dataset: int
    voxel: Voxel


class Pointer:
    """The moment that is shown, and the voxels that are pointed at.

    Signals: `moved(frame)` when the window shows another frame of the current recording; `asked(frame)` when someone
    wants it to; `hovered(place)` for the voxel under the mouse while Shift is held (None when there is none any more);
    `pinned(place)` for a voxel that was chosen by Shift and a click.
    """

    moved = Signal(int)
    asked = Signal(int)
    hovered = Signal(object)
    pinned = Signal(object)

    def __init__(self) -> None:
        self.frame = 0
        self.place: Place | None = None

    def move(self, frame: int) -> None:
        """Say which frame is shown."""
        if frame != self.frame:
            self.frame = frame
            self.moved.emit(frame)

    def ask(self, frame: int) -> None:
        """Ask for a frame to be shown."""
        self.asked.emit(frame)

    def hover(self, place: Place | None) -> None:
        """Say what the mouse is over while Shift is held."""
        if place != self.place:
            self.place = place
            self.hovered.emit(place)

    def pin(self, place: Place) -> None:
        """Choose a voxel."""
        self.pinned.emit(place)
