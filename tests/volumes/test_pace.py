"""Playing is told from scrubbing, and is shown as steadily as reading allows."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_thunder.volumes import VolumeArray
from napari_thunder.volumes.pace import Pace, stride_for
from napari_thunder.volumes.planning import Reach, View, next_run

from .slow_source import SlowSource, wait_until


def paced(times: list[float], frames: list[int], n_frames: int = 1000) -> Pace:
    pace = Pace()
    for before, after, now in zip(frames[:-1], frames[1:], times, strict=True):
        pace = pace.moved(after - before, now, n_frames)
    return pace


def test_steady_small_steps_are_a_play():
    pace = paced([0.1 * i for i in range(10)], list(range(11)))
    assert pace.playing(1.0)
    assert pace.rate == pytest.approx(10)
    assert not pace.playing(2.0)


def test_a_jump_or_a_turn_is_none():
    assert not paced([0.1 * i for i in range(6)], [0, 1, 2, 3, 4, 5, 80]).playing(0.5)
    assert not paced([0.1 * i for i in range(6)], [0, 1, 2, 3, 4, 5, 4]).playing(0.5)


def test_a_player_that_begins_anew_goes_on():
    pace = paced([0.1 * i for i in range(8)], [54, 55, 56, 57, 58, 59, 0, 1, 2], 60)
    assert pace.playing(0.75)
    assert pace.direction == 1


def test_the_stride_grows_at_once_and_shrinks_with_room():
    assert stride_for(10, 20, 1) == 1
    assert stride_for(10, 5, 1) == 3
    assert stride_for(10, 6, 3) == 3
    assert stride_for(10, 30, 3) == 1


def test_a_play_fetches_what_comes_in_time_on_its_grid():
    reach = Reach(100, 4, 1).for_play(stride=3, lead=2, capacity=20)
    run = next_run(View((10,), 1), reach, cached=(), fetching=(), failed=())
    assert run is not None
    assert run.frames == (15,)
    back = next_run(View((10,), -1), reach, cached=(), fetching=(), failed=())
    assert back is not None
    assert back.frames == (6,)


def test_a_play_prepares_its_new_beginning():
    reach = Reach(20, 4, 1).for_play(stride=1, lead=0, capacity=20)
    run = next_run(View((18,), 1), reach, cached={18, 19}, fetching=(), failed=())
    assert run is not None
    assert run.frames == (0,)


def test_a_run_of_a_play_keeps_to_the_grid():
    reach = Reach(100, 16, 4).for_play(stride=3, lead=1, capacity=40)
    run = next_run(View((10,), 1), reach, cached=(), fetching=(), failed=())
    assert run is not None
    assert run.frames == (12, 15, 18, 21)


def play(array: VolumeArray, n: int, rate: float) -> list[tuple[float, int]]:
    """When which frame was seen first, by someone who looks as napari draws."""
    begun, seen = time.monotonic(), []
    for i in range(n):
        while (now := time.monotonic() - begun) < (i + 1) / rate:
            shown = int(array[i].flat[0])
            if not seen or shown != seen[-1][1]:
                seen.append((now, shown))
            time.sleep(0.004)
    return seen


def test_a_source_as_fast_as_the_play_shows_every_frame_in_time():
    array = VolumeArray(SlowSource(n_frames=60, seconds=0.1).recording)
    seen = play(array, 50, 10.0)
    array.close()
    shown = [t for _, t in seen]
    assert shown == sorted(shown)
    assert len([t for t in shown if t >= 15]) >= 32


def test_a_source_that_cannot_keep_up_shows_every_kth_frame_steadily():
    array = VolumeArray(SlowSource(n_frames=120, seconds=0.35).recording)
    seen = [(at, t) for at, t in play(array, 80, 10.0) if t >= 30]
    assert array.stride >= 2
    assert array.played_rate is not None
    array[40]
    assert wait_until(lambda: array.shown_frame == 40)
    array.close()
    gaps = np.diff([at for at, _ in seen])
    assert len(seen) >= 10
    assert np.percentile(gaps, 90) < 0.75
    assert [t for _, t in seen] == sorted(t for _, t in seen)


def test_when_a_play_stops_the_frame_it_stops_at_is_fetched():
    array = VolumeArray(SlowSource(n_frames=120, seconds=0.3).recording)
    play(array, 32, 10.0)
    array[31]
    assert wait_until(lambda: array.shown_frame == 31)
    array.close()
