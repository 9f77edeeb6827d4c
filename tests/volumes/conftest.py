"""Arrays that are closed when a test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from napari_thunder.volumes import VolumeArray

MakeArray = Callable[..., VolumeArray]


@pytest.fixture
def make_array() -> Iterator[MakeArray]:
    """Makes `VolumeArray`s of a `SlowSource`."""
    made: list[VolumeArray] = []

    def make(source: Any, **given: Any) -> VolumeArray:
        made.append(VolumeArray(source.recording, **given))
        return made[-1]

    yield make
    for array in made:
        array.close()
