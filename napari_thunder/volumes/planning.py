"""What to fetch next, and what to stop fetching: pure functions of where the viewer is and what is there."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

_STEP = 3
"""The slider travels when it moves by at most this many frames; more is a jump."""


@dataclass(frozen=True, slots=True)
class View:
    """Where the viewer is.

    Parameters
    ----------
    wanted
        Frames it asks for, rising; one, unless the time slider is thick.
    direction
        Of travel in time: 1, -1, or 0 when it stands or has jumped.
    generation
        Counts the requests, so that an answer to an old one can be told from an answer to a new one.
    """

    wanted: tuple[int, ...] = ()
    direction: int = 0
    generation: int = 0

    def moved_to(self, wanted: tuple[int, ...]) -> View:
        """The view after a new request."""
        return View(wanted, self._direction_to(wanted), self.generation + 1)

    def _direction_to(self, wanted: tuple[int, ...]) -> int:
        if not self.wanted or not wanted:
            return 0
        step = wanted[0] - self.wanted[0]
        if not 0 < abs(step) <= _STEP:
            return 0
        return 1 if step > 0 else -1


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a stream fetches.

    Parameters
    ----------
    n_frames
        Of the recording.
    ahead
        Frames that are fetched before they are asked for.
    stretch
        Frames that are fetched at once.
    playing
        Whether the slider is played: fetched is what comes in time, and from the other end what follows the last frame.
    stride
        While it is played: every how many frames.
    lead
        While it is played: frames that go by until one that is fetched now is there.
    """

    n_frames: int
    ahead: int
    stretch: int
    playing: bool = False
    stride: int = 1
    lead: int = 0

    @classmethod
    def within(cls, n_frames: int, volume_bytes: int, max_bytes: int, stretch: int) -> Reach:
        """As far as leaves a quarter of the cache for where the viewer has been, 16 frames at most."""
        quarter = max_bytes // max(1, volume_bytes) // 4
        return cls(n_frames, min(16, quarter), max(1, min(stretch, quarter)))

    def for_play(self, stride: int, lead: int, capacity: int) -> Reach:
        """While the slider is played: as far ahead as half of the cache holds, 48 volumes at most."""
        ahead = min(48, capacity // 2)
        return replace(
            self, playing=True, stride=stride, lead=lead, ahead=ahead, stretch=max(1, min(self.stretch, ahead))
        )

    def brings(self, t: int) -> bool:
        """Whether frame `t`, which is wanted now, is worth fetching now."""
        return not self.playing or (self.lead == 0 and t % self.stride == 0)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Frames that are being fetched in one go.

    Parameters
    ----------
    frames
        In the order in which they come.
    view
        What it was planned for.
    """

    frames: tuple[int, ...]
    view: View

    @property
    def prefetches(self) -> bool:
        """Whether nobody had asked for its frames when it was planned."""
        return not set(self.frames) & set(self.view.wanted)


def neighbours(view: View, reach: Reach) -> tuple[int, ...]:
    """Frames to have before they are asked for, the most urgent first.

    Ahead in the direction of travel; on both sides, half as far, when the viewer stands.
    """
    return tuple(t for line in _lines(view, reach) for t in line)


def next_run(
    view: View, reach: Reach, *, cached: Container[int], fetching: Container[int], failed: Container[int]
) -> Run | None:
    """What to fetch now, or None when there is nothing to do or the wanted frames are on their way.

    The wanted frames come first, together with those that follow when the viewer travels. When all that is wanted is
    there (or has failed), neighbours are fetched, a stretch at a time.
    """

    def free(t: int) -> bool:
        return 0 <= t < reach.n_frames and not (t in cached or t in fetching or t in failed)

    missing = [t for t in view.wanted if t not in cached and t not in failed and reach.brings(t)]
    new = tuple(t for t in missing if t not in fetching)
    if new:
        return Run(new + _following(new, view.direction * reach.stride, reach.stretch - len(new), free), view)
    if missing:
        return None
    for line in _lines(view, reach):
        first = tuple(t for t in line if free(t))[:1]
        if first:
            return Run(first + _following(first, line.step, reach.stretch - 1, free), view)
    return None


def useless_runs(
    runs: Sequence[tuple[Run, Sequence[int]]], view: View, reach: Reach, *, cached: Container[int], full: bool
) -> list[Run]:
    """Runs in flight to be cancelled because the viewer has moved on.

    Parameters
    ----------
    runs
        Each run, oldest first, with the frames it has still to bring.
    full
        Whether a new run has to wait for one of these to end.

    Returns
    -------
    list of Run
        While a wanted frame is missing: everything that does not bring it. But a run that is about to bring what was
        wanted before is left alone when there is room, and the oldest such run always, so that fast scrubbing still
        shows a picture now and then.
    """
    missing = {t for t in view.wanted if t not in cached}
    if reach.playing or not missing:
        near = {*view.wanted, *neighbours(view, replace(reach, stride=1, lead=0, ahead=_span(reach)))}
        return [run for run, left in runs if not near & set(left)]
    others = [(run, left) for run, left in runs if not missing & set(left)]
    late = [run for run, left in others if not run.prefetches and len(left) == len(run.frames)]
    ended = [run for run, _ in others if run not in late]
    waiting = missing - {t for _, left in runs for t in left}
    return ended + (late[1:] if waiting and full and not ended else [])


def _lines(view: View, reach: Reach) -> Iterator[range]:
    if not view.wanted:
        return
    first, last = view.wanted[0], view.wanted[-1]
    if reach.playing and view.direction:
        yield from _played(last if view.direction > 0 else first, view.direction, reach)
        return
    far = reach.ahead if view.direction else (reach.ahead + 1) // 2
    if view.direction >= 0:
        yield range(last + 1, min(last + 1 + far, reach.n_frames))
    if view.direction <= 0:
        yield range(first - 1, max(first - 1 - far, -1), -1)


def _span(reach: Reach) -> int:
    """Frames from the one that is shown to the farthest that is fetched."""
    return reach.lead + reach.ahead * reach.stride


def _played(edge: int, direction: int, reach: Reach) -> Iterator[range]:
    """What follows in a play, and what follows the end, as players begin anew."""
    step = direction * reach.stride
    first = edge + direction * (1 + reach.lead)
    first += -first % reach.stride if direction > 0 else -(first % reach.stride)
    end = reach.n_frames if direction > 0 else -1
    line = range(first, end, step)[: reach.ahead]
    yield line
    last = reach.n_frames - 1
    anew = range(0, end, step) if direction > 0 else range(last - last % reach.stride, -1, step)
    yield anew[: max(0, min(reach.ahead - len(line), len(anew) - len(line) - 1))]


def _following(frames: tuple[int, ...], step: int, n: int, free: Callable[[int], bool]) -> tuple[int, ...]:
    """Up to `n` frames that follow at this step without a gap."""
    if not step:
        return ()
    edge = max(frames) if step > 0 else min(frames)
    return tuple(takewhile(free, (edge + step * i for i in range(1, n + 1))))
