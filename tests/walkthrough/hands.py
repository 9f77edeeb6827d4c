"""A person's hands and eyes: real mouse and key events of the X server, and pictures of its screen."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import ImageGrab

Point = tuple[float, float]


class Hands:
    """Moves the mouse and presses keys by `xdotool`, at the pace of a person.

    Parameters
    ----------
    pace
        Seconds between two movements.
    """

    def __init__(self, pace: float = 0.05) -> None:
        self._pace = pace

    def move(self, to: Point) -> None:
        """Put the mouse somewhere on the screen."""
        self._do("mousemove", *_rounded(to))

    def click(self, at: Point, *held: str, times: int = 1) -> None:
        """Click, while keys (`shift`) are held."""
        self.move(at)
        for key in held:
            self._do("keydown", key)
        for _ in range(times):
            self._do("click", "1")
        for key in held:
            self._do("keyup", key)

    def drag(self, points: Sequence[Point]) -> None:
        """Press at the first point, go through the others, let go at the last."""
        self.move(points[0])
        self._do("mousedown", "1")
        for point in points[1:]:
            self.move(point)
        self._do("mouseup", "1")

    def glide(self, start: Point, stop: Point, steps: int, *held: str) -> None:
        """Move along a line while keys are held."""
        self.move(start)
        for key in held:
            self._do("keydown", key)
        for n in range(1, steps + 1):
            self.move(tuple(a + (b - a) * n / steps for a, b in zip(start, stop, strict=True)))
        for key in held:
            self._do("keyup", key)

    def press(self, *keys: str) -> None:
        """Press keys one after the other: `ctrl+Return`, `Escape`."""
        for key in keys:
            self._do("key", "--clearmodifiers", key)

    def write(self, text: str) -> None:
        """Type a text."""
        self._do("type", "--delay", "8", text)

    def focus(self, title: str, seconds: float = 20.0) -> None:
        """Give a window the keyboard, as there is no window manager to do it; waits until it is there."""
        deadline = time.monotonic() + seconds
        while True:
            found = subprocess.run(
                ["xdotool", "search", "--onlyvisible", "--name", title], capture_output=True, text=True, timeout=20
            ).stdout.split()
            if found:
                self._do("windowfocus", found[-1])
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"no window called {title!r} came")
            time.sleep(0.1)

    def _do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], check=True, timeout=60)
        time.sleep(self._pace)


def picture(path: Path) -> None:
    """Save what is on the screen."""
    ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(path)


def _rounded(point: Point) -> tuple[str, str]:
    return str(round(point[0])), str(round(point[1]))
