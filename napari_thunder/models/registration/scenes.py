"""What stands where when frames before and after registration are compared: layers to be, without napari."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

from napari_thunder.recording import Recording
from napari_thunder.volumes.compared import difference

Array = NDArray[Any]


class Layout(StrEnum):
    """How two pictures are compared."""

    FLICKER = "flicker"
    SIDE_BY_SIDE = "side by side"
    DIFFERENCE = "difference"
    OVERLAY = "overlay"


class Tint(StrEnum):
    """The colours of a picture."""

    GRAY = "gray"
    MAGENTA = "magenta"
    GREEN = "green"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """A movie or a volume that can be looked at.

    Parameters
    ----------
    title
        What it is.
    movie
        The recording it comes from, or None.
    still
        (z, y, x), or None if it is a movie.
    scale, translate
        Of a volume's voxels in the units of the recording (µm, or voxels), if they are not those of the recording.
    """

    title: str
    movie: Recording | None = None
    still: Array | None = field(default=None, repr=False)
    scale: tuple[float, ...] = ()
    translate: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A layer to be.

    Parameters
    ----------
    title
        What it is.
    content
        What it shows.
    minus
        A volume (z, y, x) that is subtracted from every frame of it, or None.
    tint
        Its colours.
    cell
        In which part of the canvas it stands, counted from the upper left along the rows.
    phase
        Of a flicker, when it is seen; None for always.
    """

    title: str
    content: Content
    minus: Array | None = field(default=None, repr=False)
    tint: Tint = Tint.GRAY
    cell: int = 0
    phase: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What the canvas shows.

    Parameters
    ----------
    pictures
        The lower ones of a cell first.
    n_cells
        Parts of the canvas, two in a row.
    flickers
        Whether pictures take turns.
    """

    pictures: tuple[Picture, ...]
    n_cells: int = 1
    flickers: bool = False

    def __post_init__(self) -> None:
        if len({sum(p.cell == cell for p in self.pictures) for cell in range(self.n_cells)}) != 1:
            raise ValueError("napari's grid wants as many layers in every part of the canvas")


def before_and_after(layout: Layout, before: Content, after: Content, reference: Content | None) -> Scene:
    """Frames, or volumes made of them, before and after registration.

    Parameters
    ----------
    reference
        The template; needed for `DIFFERENCE` and `OVERLAY`.
    """
    if layout is Layout.FLICKER:
        pictures = tuple(Picture(c.title, c, phase=phase) for phase, c in enumerate((before, after)))
        return Scene(pictures, flickers=True)
    if layout is Layout.SIDE_BY_SIDE or reference is None or reference.still is None:
        return Scene((Picture(before.title, before), Picture(after.title, after, cell=1)), 2)
    if layout is Layout.DIFFERENCE:
        return Scene(tuple(_difference(c, reference, cell) for cell, c in enumerate((before, after))), 2)
    return Scene(tuple(p for cell, c in enumerate((before, after)) for p in _overlay(c, reference, cell)), 2)


def extremes(layout: Layout, stages: Mapping[str, tuple[Content, Content]]) -> Scene:
    """The means of the frames in which a component is lowest and highest, for each stage (raw, registered).

    What moves between the two is motion that the component stands for; cells that only light up are activity.
    """
    if layout is Layout.FLICKER:
        found = [
            Picture(_of(stage, c), c, cell=cell, phase=phase)
            for cell, (stage, pair) in enumerate(stages.items())
            for phase, c in enumerate(pair)
        ]
        return Scene(tuple(found), len(stages), flickers=True)
    if layout is Layout.SIDE_BY_SIDE:
        contents = [(stage, c) for stage, pair in stages.items() for c in pair]
        return Scene(tuple(Picture(_of(s, c), c, cell=i) for i, (s, c) in enumerate(contents)), len(contents))
    if layout is Layout.DIFFERENCE:
        return Scene(
            tuple(
                replace(_difference(high, low, cell), title=f"{stage}: {high.title} − low")
                for cell, (stage, (low, high)) in enumerate(stages.items())
            ),
            len(stages),
        )
    found = []
    for cell, (stage, (low, high)) in enumerate(stages.items()):
        found.append(Picture(_of(stage, low), low, tint=Tint.GREEN, cell=cell))
        title = f"{stage}: {high.title} (magenta), low (green)"
        found.append(Picture(title, high, tint=Tint.MAGENTA, cell=cell))
    return Scene(tuple(found), len(stages))


def _of(stage: str, content: Content) -> str:
    return f"{stage}: {content.title}"


def _difference(content: Content, reference: Content, cell: int) -> Picture:
    title = f"{content.title} − {reference.title}"
    if content.still is None or reference.still is None:
        return Picture(title, content, reference.still, Tint.SIGNED, cell)
    still = difference(content.still, reference.still)
    return Picture(title, replace(content, title=title, still=still), None, Tint.SIGNED, cell)


def _overlay(content: Content, reference: Content, cell: int) -> tuple[Picture, Picture]:
    return (
        Picture(f"{reference.title} under {content.title.lower()}", reference, tint=Tint.GREEN, cell=cell),
        Picture(f"{content.title} (magenta), {reference.title.lower()} (green)", content, tint=Tint.MAGENTA, cell=cell),
    )
