"""How fast the time slider moves: whether it is played, and what can be shown of it in time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

_STEADY = 4
"""Small steps in one direction that make a play of it."""

_SMALL = 8
"""Frames of a small step: players skip some when drawing is slow."""

_LONGEST = 1.0
"""Seconds between two steps of a play."""

_REST = 0.2
"""Seconds without a move after which it is said to rest."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Of the moves so far.

    Parameters
    ----------
    moved_at
        When it moved last, in s.
    interval
        Seconds between moves, smoothed.
    step
        Frames of a move, smoothed, without sign.
    direction
        1, -1, or 0 after a jump.
    steady
        Small steps in one direction in a row.
    """

    moved_at: float = -math.inf
    interval: float = math.inf
    step: float = 0.0
    direction: int = 0
    steady: int = 0

    def moved(self, frames: int, now: float, n_frames: int) -> Pace:
        """After a move by so many frames; a player that begins anew at the other end goes on."""
        waited, direction = now - self.moved_at, (frames > 0) - (frames < 0)
        if self.playing(now) and abs(frames) > n_frames - 1 - _SMALL and direction == -self.direction:
            return replace(self, moved_at=now)
        if not 0 < abs(frames) <= _SMALL or waited > _LONGEST:
            return Pace(now, waited)
        if direction != self.direction:
            return Pace(now, waited, abs(frames), direction, 1)
        return Pace(now, _smooth(self.interval, waited), _smooth(self.step, abs(frames)), direction, self.steady + 1)

    def playing(self, now: float) -> bool:
        """Whether it goes on steadily."""
        return self.steady >= _STEADY and now < self.ends_at

    @property
    def ends_at(self) -> float:
        """When a play has ended unless it moves before."""
        return self.moved_at + max(0.3, 3 * self.interval)

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.step / self.interval if self.interval > 0 else math.inf

    @property
    def rests_at(self) -> float:
        """When what is looked at may be fetched at its finest: at once after a single move, else after a short rest."""
        return self.moved_at + (_REST if self.interval < 2 * _REST else 0.0)


def stride_for(rate: float, readable: float, stride: int) -> int:
    """Every how many frames can be shown in time.

    Parameters
    ----------
    rate
        Frames per second that go by.
    readable
        Frames per second that can be read.
    stride
        What it is now; it grows at once, but shrinks only when there is room, so that it does not flicker.
    """
    need = max(1, math.ceil(rate / (0.9 * readable))) if readable > 0 else 1
    roomy = max(1, math.ceil(rate / (0.7 * readable))) if readable > 0 else 1
    return need if need > stride else min(stride, roomy)


def _smooth(before: float, now: float) -> float:
    return now if not math.isfinite(before) or before <= 0 else 0.7 * before + 0.3 * now
