from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from napari_thunder.display.caption import CanvasState, Captions
from napari_thunder.recording import Recording

EVENTS = pd.DataFrame(
    {
        "start_time": [2.0, 12.0, 13.0],
        "stop_time": [6.0, 18.0, 14.0],
        "direction": [90, 180, 270],
        "speed": [1.5, np.nan, 2],
    }
)


def recording(**known: object) -> Recording:
    return Recording.from_array(np.zeros((100, 1, 2, 2), np.uint8), **known)


def test_time_frame_and_stimulus_are_said() -> None:
    said = Captions(recording(frame_rate=5.0, events=EVENTS))
    assert said(62) == "12.4 s · frame 62 · direction 180"
    assert said(10) == "2.0 s · frame 10 · direction 90, speed 1.5"
    assert said(30) == "6.0 s · frame 30"


@pytest.mark.parametrize(
    ("rate", "said"), [(1.0, "1.0 s"), (2.0, "0.5 s"), (4.0, "0.25 s"), (2.1, "0.48 s"), (30.0, "0.033 s")]
)
def test_time_is_as_fine_as_the_frames_are(rate: float, said: str) -> None:
    assert Captions(recording(frame_rate=rate))(1) == f"{said} · frame 1"


def test_of_events_that_overlap_the_last_begun_is_said() -> None:
    assert "direction 270" in Captions(recording(frame_rate=5.0, events=EVENTS))(66)


def test_events_without_columns_are_stimuli() -> None:
    said = Captions(recording(frame_rate=5.0, events=EVENTS[["start_time", "stop_time"]]))
    assert said(62) == "12.4 s · frame 62 · stimulus"


def test_without_times_only_the_frame_is_said() -> None:
    assert Captions(recording(exclude_frames=[3]))(3) == "frame 3 · excluded"


def test_what_else_there_is_to_know_stands_below() -> None:
    state = CanvasState("fish", "ΔF/F, mean of ±2 frames", "loading…")
    assert Captions(recording())(7, state) == "frame 7\nfish · ΔF/F, mean of ±2 frames · loading…"


def test_a_caption_takes_no_time_however_many_events_there_are() -> None:
    starts = np.arange(10_000) * 0.01
    events = pd.DataFrame({"start_time": starts, "stop_time": starts + 0.005, "trial": np.arange(10_000)})
    said = Captions(recording(frame_rate=1.0, events=events))
    begun = time.perf_counter()
    for frame in range(100):
        said(frame)
    assert (time.perf_counter() - begun) / 100 < 0.001
