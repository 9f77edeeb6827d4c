"""What went wrong on the way, where going on is better than stopping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from napari_thunder.errors import JobCancelled, ThunderError


class Problems:
    """What went wrong so far, in words; what a damaged file holds must not stop what is whole."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        try:
            yield
        except JobCancelled:
            raise
        except ThunderError as error:
            self.found.append(f"{what}: {error}")
        except Exception as error:
            self.found.append(f"{what}: the session says it in a way that is not understood ({error!r}).")
