"""What the canvas shows of a registration, to be judged by eye: state and computations, no window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock
from typing import Any

import numpy as np
from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.errors import JobCancelled
from napari_thunder.models.background import Background
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.registration.arrows import fitting_length
from napari_thunder.models.registration.components import component_extremes, component_titles, n_components
from napari_thunder.models.registration.pair import Pair
from napari_thunder.models.registration.projected import Projected, engine_for, projected
from napari_thunder.models.registration.scenes import Content, Layout, Scene, before_and_after, extremes
from napari_thunder.models.registration.shift_maps import ShiftMaps
from napari_thunder.models.trouble import Trouble
from napari_thunder.volumes import MovieView, Sight, sight_of
from napari_thunder.volumes.compared import difference_from

SLOWEST, FASTEST = 0.2, 6.0
"""Turns per second of a flicker: three flashes a second can be borne by all (WCAG 2, 2.3.1)."""

NO_PAIR = "Register the recording first: there is nothing to compare yet."


class Subject(StrEnum):
    """What is compared."""

    FRAMES = "frames"
    MEAN = "mean"
    MAXIMUM = "maximum"
    COMPONENT = "component"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be seen.

    Parameters
    ----------
    layout
        How two pictures are compared; None for the recording as it was looked at before.
    subject
        Which pictures.
    component
        Which principal component, counted from 0.
    playing
        Whether a flicker goes by itself.
    rate
        Turns per second.
    phase
        Which picture of a flicker is seen: 0 before, or lowest; 1 after, or highest.
    template, arrows
        Whether the template lies on the canvas as a layer; whether arrows show the shifts of the frame.
    arrow_length
        How many times longer than the shift an arrow is; found from the shifts until somebody chooses one.
    """

    layout: Layout | None = None
    subject: Subject = Subject.FRAMES
    component: int = 0
    playing: bool = True
    rate: float = 2.0
    phase: int = 1
    template: bool = False
    arrows: bool = False
    arrow_length: float = 5.0


class QualityViews:
    """Which view of a registration is wanted, and what it needs.

    Signals, from any thread: `changed()` when another view is wanted or can be shown; `turned(phase)` when a flicker
    shows its other picture; `paired()` when another registration is looked at.

    Parameters
    ----------
    connection
        Reads what this computer does not see, and computes projections.

    Attributes
    ----------
    pair
        The registration that is looked at, or None.
    wish
        What is to be seen of it.
    job
        What is being computed for it, or None.
    trouble
        Why something could not be computed, or None.
    shift_maps
        Makes the heat map of its shifts.
    """

    changed = Signal()
    turned = Signal(int)
    paired = Signal()

    def __init__(self, connection: Connection) -> None:
        self.pair: Pair | None = None
        self.wish = Wish()
        self.job: Job | None = None
        self.trouble: Trouble | None = None
        self._connection = connection
        self.shift_maps = ShiftMaps()
        self._projected: Projected | None = None
        self._length_chosen = False
        self._background = Background("quality-views")
        self._lock = Lock()

    def take(self, pair: Pair | None) -> None:
        """Look at this registration from now on, or at none; returns at once.

        A view goes on with another registration of the same recording; it ends with another recording.
        """
        job = None
        with self._lock:
            before, self.pair = self.pair, pair
            if before is None or pair is None or _frames(before) != _frames(pair):
                self._projected, self.trouble = None, None
                job, self.job = self.job, None
            same = before is not None and pair is not None and before.dataset == pair.dataset
            if not same or self.why_not(self.wish.subject, self.wish.layout):
                self.wish = replace(self.wish, layout=None, template=same and self.wish.template and _has(pair))
            if self.wish.component >= (0 if pair is None else n_components(pair.quality)):
                self.wish = replace(self.wish, component=0)
            self._length_chosen &= same
            if pair is None:
                self.wish = replace(self.wish, arrows=False)
        if job is not None:
            self._background.start(job.cancel)
        self._need()
        self.shift_maps.take(pair)
        self.paired.emit()
        self.changed.emit()

    @property
    def look(self) -> tuple[object, ...]:
        """What is compared and how: equal as long as the canvas need not change; empty while nothing is."""
        pair, wish = self.pair, self.wish
        if pair is None or wish.layout is None:
            return ()
        if wish.subject is Subject.FRAMES:
            return pair.look, id(pair.template), wish.layout
        of = id(pair.quality) if wish.subject is Subject.COMPONENT else id(self._projected)
        return pair.look, of, wish.layout, wish.subject, wish.component

    def show(self, layout: Layout | None, subject: Subject | None = None, component: int | None = None) -> None:
        """Compare in this way, or end comparing (None); nothing happens if it cannot be, see `why_not`."""
        wish = replace(
            self.wish,
            layout=layout,
            subject=self.wish.subject if subject is None else subject,
            component=self.wish.component if component is None else component,
        )
        if layout is not None and self.why_not(wish.subject, layout):
            return
        self._take(wish)

    def toggle(self, layout: Layout) -> None:
        """Compare in this way, or end it if that is what is seen."""
        self.show(None if self.wish.layout is layout else layout)

    def choose(self, subject: Subject, component: int = 0) -> None:
        """Compare these pictures from now on; in another layout if the one that is seen does not suit them."""
        layout = self.wish.layout
        if layout is not None and self.why_not(subject, layout):
            layout = None if self.why_not(subject, Layout.SIDE_BY_SIDE) else Layout.SIDE_BY_SIDE
        self._take(replace(self.wish, subject=subject, component=component, layout=layout))

    def set(self, **changes: Any) -> None:
        """Change `playing`, `rate`, `template`, `arrows` or `arrow_length`."""
        if "rate" in changes:
            changes["rate"] = float(np.clip(changes["rate"], SLOWEST, FASTEST))
        self._length_chosen |= "arrow_length" in changes
        if self.pair is None:
            changes |= {"template": False, "arrows": False}
        elif changes.get("arrows") and not self._length_chosen:
            changes["arrow_length"] = fitting_length(self.pair)
        self._take(replace(self.wish, **changes))

    def flip(self) -> None:
        """Show the other picture of a flicker."""
        self.wish = replace(self.wish, phase=1 - self.wish.phase)
        self.turned.emit(self.wish.phase)

    def hold(self) -> None:
        """What a key does: the other picture of a flicker; a flicker that stands still if none is seen yet."""
        if self.wish.layout is Layout.FLICKER:
            if self.wish.playing:
                self.set(playing=False)
            self.flip()
        elif not self.why_not(self.wish.subject, Layout.FLICKER):
            self._take(replace(self.wish, layout=Layout.FLICKER, playing=False, phase=0))

    def why_not(self, subject: Subject, layout: Layout | None = None) -> str:
        """What is missing for a comparison, as the next step to take; empty when nothing is."""
        pair = self.pair
        if pair is None:
            return NO_PAIR
        if subject is Subject.COMPONENT:
            return "" if n_components(pair.quality) else "Judge the registration first: that finds the components."
        if layout in (Layout.DIFFERENCE, Layout.OVERLAY) and not _has(pair):
            return "Its template is not known: the shifts were given, not estimated here."
        if layout is Layout.DIFFERENCE and subject is Subject.MAXIMUM:
            return "A template is a mean: compare means or frames with it, not maxima."
        return ""

    @property
    def component_titles(self) -> tuple[str, ...]:
        """Of the principal components that can be looked at."""
        return () if self.pair is None else component_titles(self.pair.quality)

    def scene(self) -> Scene | None:
        """What the canvas is to show; None while nothing is compared, or what it needs is being computed."""
        pair, wish = self.pair, self.wish
        if pair is None or wish.layout is None:
            return None
        if wish.subject is Subject.COMPONENT:
            found = component_extremes(pair.quality, wish.component)
            return extremes(wish.layout, found) if found else None
        contents = self._contents(pair, wish.subject)
        if contents is None:
            return None
        template = None if pair.template is None else Content("Template", still=pair.template)
        return before_and_after(wish.layout, *contents, template)

    def sight(self, content: Content, minus: Any = None) -> Sight:
        """What brings a movie of a scene, near or far; reads nothing."""
        if self.pair is None or content.movie is None:
            raise ValueError(f"{content.title}: is no movie of the registration that is looked at")
        reads = self._connection if self.pair.is_elsewhere else None
        found = sight_of(content.movie, MovieView(), reads)
        return found if minus is None else difference_from(found, minus)

    def cancel(self) -> None:
        """Give up what is being computed, and the view that needs it."""
        job = self.job
        if job is not None:
            self._background.start(job.cancel)
            self.show(None)

    def close(self, seconds: float = 1.0) -> None:
        """Cancel and end in bounded time."""
        if self.job is not None:
            self.job.cancel()
        self.shift_maps.close(0.0)
        self._background.close(seconds)

    def _contents(self, pair: Pair, subject: Subject) -> tuple[Content, Content] | None:
        if subject is Subject.FRAMES:
            return Content("Raw", movie=pair.raw), Content("Registered", movie=pair.registered)
        found = self._projected
        if found is None:
            return None
        word, stills = ("mean", found.mean) if subject is Subject.MEAN else ("maximum", found.maximum)
        return Content(f"Raw {word}", still=stills[0]), Content(f"Registered {word}", still=stills[1])

    def _take(self, wish: Wish) -> None:
        before, self.wish = self.wish, wish
        if wish == before:
            return
        self._need()
        self.changed.emit()

    def _need(self) -> None:
        """Begin to compute what the view needs, and stop what none needs any more."""
        wish, pair = self.wish, self.pair
        wanted = wish.layout is not None and wish.subject in (Subject.MEAN, Subject.MAXIMUM)
        with self._lock:
            if pair is None or not wanted or self._projected is not None or self.job is not None:
                return
            job = self.job = Job(f"Mean and maximum of {pair.name}")
            self.trouble = None
        job.changed.connect(self._say_changed)
        self._background.start(self._project, pair, job)

    def _say_changed(self) -> None:
        self.changed.emit()

    def _project(self, pair: Pair, job: Job) -> None:
        found = trouble = None
        try:
            with job.running(), engine_for(pair, self._connection, job) as engine:
                found = projected(pair, engine, job)
        except JobCancelled:
            pass
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            if self.job is not job or self._background.closed:
                return
            self.job, self._projected, self.trouble = None, found, trouble
            if found is None:
                self.wish = replace(self.wish, layout=None)
        self.changed.emit()


def _frames(pair: Pair) -> tuple[object, ...]:
    return pair.look, pair.raw.exclude_frames


def _has(pair: Pair | None) -> bool:
    return pair is not None and pair.template is not None
