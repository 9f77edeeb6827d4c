"""A registration is judged the same on threads and on Spark."""

from __future__ import annotations

import numpy as np

from napari_thunder.judging import Quality, judge, verdict_of
from tests.judging.moving import moving_fish


def test_the_numbers_are_the_same_on_threads_and_on_spark(threads, spark):
    fish = moving_fish((60, 4, 40, 56), jumps=(30,))
    recording = fish.recording.without_frames([3])
    here, there = (judge(recording, fish.shifts, Quality(components=3), engine=engine) for engine in (threads, spark))
    assert verdict_of(here) == verdict_of(there)
    assert here.attrs["outlier_frames"] == there.attrs["outlier_frames"]
    for name in here.data_vars:
        scale = float(np.nanmax(np.abs(here[name].values), initial=0.0))
        np.testing.assert_allclose(there[name], here[name], rtol=1e-4, atol=1e-5 * scale, err_msg=name)
