"""Tells what a window shows by itself from what someone wants."""

from __future__ import annotations

from types import TracebackType


class Showing:
    """True inside `with`: what fields say then is not a wish.

    ```
    with self._showing:
        self.field.setValue(3)  # its slot looks whether `self._showing` is true
    ```
    """

    def __init__(self) -> None:
        self._depth = 0

    def __bool__(self) -> bool:
        return self._depth > 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
