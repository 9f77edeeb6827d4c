"""Which failures a person has been told of, so that each is told once."""

from __future__ import annotations


class Reports:
    """Which failures a person has been told of."""

    def __init__(self) -> None:
        self._told: set[tuple[int, str]] = set()
        self._streak: str | None = None

    def is_news(self, t: int, message: str) -> bool:
        """Whether to tell: not for the same frame again, nor for frame after frame in a row."""
        news = (t, message) not in self._told and message != self._streak
        self._told.add((t, message))
        self._streak = message
        return news

    def succeeded(self, t: int) -> None:
        """A frame was read."""
        self._streak = None
        self._told = {(frame, message) for frame, message in self._told if frame != t}

    def clear(self) -> None:
        """Tell everything anew."""
        self._told.clear()
        self._streak = None
