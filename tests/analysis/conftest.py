"""Small recordings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Context
from napari_thunder.regions import Region, region_of_mask
from tests.analysis.runner import make_context


@pytest.fixture
def events() -> pd.DataFrame:
    """16 events of 3 s, one every 7.5 s, in four directions, two speeds and eight positions."""
    start = 5 + 7.5 * np.arange(16)
    direction, speed = np.tile([0, 90, 180, 270], 4), np.repeat([1, 2], 8)
    where = {"direction": direction, "speed": speed, "position": np.tile(np.arange(8) * 45.0, 2)}
    return pd.DataFrame({"start_time": start, "stop_time": start + 3} | where)


@pytest.fixture
def tiny(events: pd.DataFrame) -> Context:
    """A recording of 260 frames at 2 Hz, of 12 voxels in a row, with events, two signals, motion and five regions."""
    rng = np.random.default_rng(5)
    signals = pd.DataFrame(rng.normal(size=(260, 2)), columns=["swim", "tail"], index=pd.RangeIndex(260, name="frame"))
    return make_context(
        260,
        frame_times=np.arange(260) / 2,
        events=events,
        signals=signals,
        motion=rng.normal(size=(260, 3)),
        space=(1, 1, 12),
        regions=five_regions(),
    )


def five_regions() -> tuple[Region, ...]:
    """Of one to three of 12 voxels in a row; the last two overlap."""
    found = []
    for i, (low, high) in enumerate([(0, 1), (1, 3), (3, 6), (6, 9), (8, 11)]):
        mask = np.zeros((1, 1, 12), bool)
        mask[..., low:high] = True
        found.append(region_of_mask(mask, f"region {i + 1}", "#ff0000"))
    return tuple(found)


@pytest.fixture
def series() -> NDArray[np.float64]:
    """(260, 12) float64: a random walk on a baseline of 100."""
    rng = np.random.default_rng(11)
    return 100 + rng.normal(size=(260, 12)) + rng.normal(size=(260, 12)).cumsum(axis=0) / 4
