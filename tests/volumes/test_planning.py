"""What to fetch next is a pure function of where the viewer is and what is there."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.volumes.planning import Reach, Run, View, neighbours, next_run, useless_runs

REACH = Reach(n_frames=100, ahead=4, stretch=1)
RUNS = Reach(n_frames=100, ahead=8, stretch=5)


def plan(view, reach=REACH, cached=(), fetching=(), failed=()):
    run = next_run(view, reach, cached=set(cached), fetching=set(fetching), failed=set(failed))
    return run.frames if run else None


@pytest.mark.parametrize(
    ("before", "after", "direction"), [(5, 6, 1), (5, 8, 1), (5, 4, -1), (5, 9, 0), (5, 80, 0), (99, 0, 0)]
)
def test_small_steps_are_travel_and_large_ones_are_jumps(before, after, direction):
    assert View((before,)).moved_to((after,)).direction == direction


def test_every_move_is_a_new_generation():
    assert View((3,), 0, 7).moved_to((4,)).generation == 8


def test_the_wanted_frame_comes_first():
    assert plan(View((10,), 1), cached=[9]) == (10,)


def test_nothing_is_prefetched_while_the_wanted_frame_is_on_its_way():
    assert plan(View((10,), 1), fetching=[10]) is None


def test_neighbours_are_fetched_in_the_direction_of_travel():
    assert neighbours(View((10,), 1), REACH) == (11, 12, 13, 14)
    assert neighbours(View((10,), -1), REACH) == (9, 8, 7, 6)


def test_neighbours_on_both_sides_are_fetched_at_rest():
    assert neighbours(View((10,), 0), REACH) == (11, 12, 9, 8)


def test_neighbours_stay_inside_the_recording():
    assert neighbours(View((99,), 1), REACH) == ()
    assert neighbours(View((1,), -1), REACH) == (0,)


def test_travel_fetches_a_stretch_at_once_and_a_jump_one_frame():
    assert plan(View((10,), 1), RUNS) == (10, 11, 12, 13, 14)
    assert plan(View((10,), -1), RUNS) == (10, 9, 8, 7, 6)
    assert plan(View((10,), 0), RUNS) == (10,)


def test_a_stretch_stops_at_what_is_there_or_at_the_end():
    assert plan(View((10,), 1), RUNS, cached=[12]) == (10, 11)
    assert plan(View((98,), 1), RUNS) == (98, 99)
    assert plan(View((1,), -1), RUNS) == (1, 0)


def test_prefetch_takes_the_nearest_gap():
    assert plan(View((10,), 1), RUNS, cached=[10, 11, 12]) == (13, 14, 15, 16, 17)


def test_a_thick_slider_fetches_all_its_frames():
    assert plan(View((10, 11, 12), 0), RUNS, cached=[11]) == (10, 12)


def test_a_failed_frame_is_left_alone_and_holds_up_nothing():
    assert plan(View((10,), 1), failed=[10]) == (11,)
    assert plan(View((10,), 1), cached=[10], failed=[11]) == (12,)


def test_nothing_wanted_means_nothing_to_do():
    assert plan(View()) is None


@pytest.mark.parametrize("capacity", [0, 1, 3, 4, 5, 9, 40, 400])
@pytest.mark.parametrize("direction", [-1, 0, 1])
def test_what_is_planned_always_fits_the_cache_together(capacity, direction):
    """Otherwise prefetching one frame would push another out, forever."""
    reach = Reach.within(200, volume_bytes=10, max_bytes=10 * capacity, stretch=32)
    view, cached = View((100,), direction), set()
    for _ in range(1000):
        run = next_run(view, reach, cached=cached, fetching=(), failed=())
        if run is None:
            break
        cached |= set(run.frames)
    else:
        pytest.fail("planning does not come to an end")
    assert 100 in cached
    assert len(cached) <= max(1, capacity)


def in_flight(*runs):
    return [(run, list(run.frames)) for run in runs]


def test_a_prefetch_in_the_wrong_place_is_cancelled():
    prefetch = Run((11, 12), View((10,), 1))
    assert useless_runs(in_flight(prefetch), View((50,)), REACH, cached={10}, full=False) == [prefetch]
    assert useless_runs(in_flight(prefetch), View((50,)), REACH, cached={50}, full=False) == [prefetch]
    assert useless_runs(in_flight(prefetch), View((11,), 1), REACH, cached={10}, full=False) == []


def test_the_rest_of_a_run_that_brought_its_picture_is_cancelled_after_a_jump():
    run = Run((10, 11, 12), View((10,), 1))
    assert useless_runs([(run, [11, 12])], View((50,)), RUNS, cached={10}, full=False) == [run]


def test_of_runs_that_are_late_the_oldest_may_finish():
    first, second = Run((1,), View((1,))), Run((5,), View((5,)))
    assert useless_runs(in_flight(first, second), View((50,)), REACH, cached=set(), full=False) == []
    assert useless_runs(in_flight(first, second), View((50,)), REACH, cached=set(), full=True) == [second]


def test_a_run_that_brings_the_wanted_frame_is_kept():
    run = Run((10, 11, 12), View((10,), 1))
    assert useless_runs(in_flight(run), View((12,), 1), RUNS, cached=np.empty(0), full=True) == []
