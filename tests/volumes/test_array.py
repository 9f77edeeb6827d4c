"""The array behind a layer never makes the window wait, and ends with the right picture."""

from __future__ import annotations

import copy
import gc
import threading
import time
import weakref

import numpy as np
import pytest

from napari_thunder.engine import connect
from napari_thunder.errors import RecordingError
from napari_thunder.recording import Recording
from napari_thunder.volumes import DirectReader, EngineReader, VolumeArray
from napari_thunder.volumes import crew as crew_module

from .slow_source import SlowSource, wait_until


def our_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("thunder-volumes")]


def step(array: VolumeArray, t: int) -> float:
    """Ask as napari does; seconds it took."""
    start = time.perf_counter()
    array[t, 1, :, :]
    return time.perf_counter() - start


def test_thirty_fast_steps_over_a_slow_source_never_block_and_read_little(make_array):
    source = SlowSource(seconds=0.5)
    array = make_array(source)
    arrived = []
    array.arrived.connect(arrived.append)
    seconds = sorted(step(array, t) for t in range(30))
    assert seconds[15] < 0.005
    assert seconds[-2] < 0.05
    assert seconds[-1] < 0.25, "one step may lose the processor to another program, but none waits for a read"
    assert wait_until(lambda: array.shown_frame == 29)
    assert (array[29] == 29).all()
    assert len([t for t in source.reads if t <= 29]) <= 4
    assert arrived[-1] == 29


def test_a_blank_comes_first_then_the_last_good_picture_then_the_right_one(make_array):
    source = SlowSource()
    array = make_array(source)
    source.gate.clear()
    blank = array[3]
    assert blank.dtype == np.uint16
    assert blank.shape == (2, 6, 8)
    assert not blank.any()
    assert (array.shown_frame, array.wanted_frame, array.loading) == (None, 3, True)
    source.gate.set()
    assert wait_until(lambda: array.shown_frame == 3)
    source.gate.clear()
    assert (array[40] == 3).all()
    assert (array.shown_frame, array.wanted_frame, array.loading) == (3, 40, True)
    source.gate.set()
    assert wait_until(lambda: not array.loading)
    assert (array[40] == 40).all()


def test_a_picture_to_begin_with_stands_in_for_the_blank_one_until_the_first_is_there(make_array):
    source = SlowSource()
    array = make_array(source)
    source.gate.clear()
    before = np.full(array.shape[1:], np.nan, np.float32)
    before[0] = 7
    array.begin_with(before[:, 1:])
    assert not array[3].any()
    array.begin_with(before)
    assert (array[3][0] == 7).all()
    assert not array[3][1:].any()
    source.gate.set()
    assert wait_until(lambda: not array.loading)
    array.begin_with(before)
    assert (array[3] == 3).all()


def test_scrubbing_shows_pictures_on_the_way(make_array):
    """Newest wins, but a picture that is nearer than what is shown is not thrown away."""
    source = SlowSource(seconds=0.1)
    array = make_array(source)
    shown = []
    array.arrived.connect(shown.append)
    for t in range(0, 50, 5):
        array[t]
        time.sleep(0.05)
    assert wait_until(lambda: array.shown_frame == 45)
    assert len(shown) >= 3
    assert shown == sorted(shown)


def test_an_answer_to_an_older_request_never_replaces_a_newer_picture(make_array):
    source = SlowSource()
    array = make_array(source)
    array[10]
    assert wait_until(lambda: array.shown_frame == 10)
    arrived = []
    array.arrived.connect(arrived.append)
    source.gate.clear()
    array[50]
    assert wait_until(lambda: 50 in source.reads)
    assert (array[10] == 10).all()
    source.gate.set()
    assert wait_until(lambda: 50 in array.cached_frames)
    assert array.shown_frame == 10
    assert 50 not in arrived


def test_prefetch_follows_the_direction_of_travel(make_array):
    source = SlowSource()
    array = make_array(source)
    for t in (30, 29):
        array[t]
        assert wait_until(lambda t=t: array.shown_frame == t)
    assert wait_until(lambda: 13 in array.cached_frames)
    assert max(source.reads) <= 38
    source.reads.clear()
    array[28]
    assert array.shown_frame == 28
    assert wait_until(lambda: 12 in array.cached_frames)
    assert source.reads == [12]


def test_memory_stays_within_its_bound(make_array):
    source = SlowSource(n_frames=200)
    volume_bytes = 2 * 6 * 8 * 2
    array = make_array(source, max_bytes=20 * volume_bytes)
    for t in range(0, 200, 2):
        array[t]
        assert wait_until(lambda t=t: array.shown_frame == t)
        assert array.used_bytes <= 20 * volume_bytes
    assert wait_until(lambda: not array.loading)
    assert 198 in array.cached_frames


def test_a_volume_larger_than_the_memory_is_still_shown(make_array):
    array = make_array(SlowSource(), max_bytes=10)
    array[7]
    assert wait_until(lambda: array.shown_frame == 7)
    assert array.cached_frames == (7,)


def test_closing_while_a_read_hangs_takes_no_time(make_array):
    source = SlowSource()
    source.gate.clear()
    array = make_array(source)
    array[3]
    assert wait_until(lambda: 3 in source.reads)
    start = time.perf_counter()
    array.close()
    assert time.perf_counter() - start < 0.2
    said = []
    array.arrived.connect(said.append)
    source.gate.set()
    time.sleep(0.05)
    assert said == []
    assert array[5].shape == (2, 6, 8)
    assert wait_until(lambda: not our_threads())
    assert source.reads == [3]


def test_closing_at_rest_leaves_no_thread(make_array):
    array = make_array(SlowSource())
    array[3]
    assert wait_until(lambda: array.shown_frame == 3)
    array.close()
    assert wait_until(lambda: not our_threads(), 0.2)


def test_threads_end_by_themselves_and_let_go_of_the_array(monkeypatch):
    monkeypatch.setattr(crew_module, "IDLE_SECONDS", 0.05)
    arrays = [VolumeArray(SlowSource().recording)]
    for t in (3, 9):
        arrays[0][t]
        assert wait_until(lambda t=t: arrays[0].shown_frame == t)
        assert wait_until(lambda: not our_threads())
    gone = weakref.ref(arrays.pop())
    gc.collect()
    assert gone() is None


def test_a_damaged_frame_keeps_the_last_picture_and_is_told_once(make_array):
    source = SlowSource()
    source.broken.add(20)
    array = make_array(source)
    told = []
    array.failed.connect(told.append)
    for t in (5, 20, 5, 20):
        array[t]
        assert wait_until(lambda: not array.loading)
        assert (array[t] == 5).all()
    assert told == ["slow: frame 20 is damaged."]
    assert array.failure == "slow: frame 20 is damaged."
    assert (array.shown_frame, array.wanted_frame) == (5, 20)


def test_asking_again_for_a_damaged_frame_does_not_read_it_again(make_array):
    source = SlowSource()
    source.broken.add(20)
    array = make_array(source)
    array[20]
    assert wait_until(lambda: array.failure is not None)
    for _ in range(10):
        array[20]
    time.sleep(0.05)
    assert source.reads.count(20) == 1


def test_a_retry_reads_it_again_and_tells_again(make_array):
    source = SlowSource()
    source.broken.add(20)
    array = make_array(source)
    told = []
    array.failed.connect(told.append)
    array[20]
    assert wait_until(lambda: len(told) == 1)
    array.retry()
    assert wait_until(lambda: len(told) == 2)
    source.broken.clear()
    array.retry()
    assert wait_until(lambda: array.shown_frame == 20)
    assert array.failure is None


def test_a_lost_disk_is_told_once_not_for_every_frame(make_array):
    class Gone:
        stretch = 1

        def read(self, times, job):
            raise OSError("no route to host")
            yield

    array = make_array(SlowSource(), reader=Gone())
    told = []
    array.failed.connect(told.append)
    for t in range(5):
        array[t * 10]
        assert wait_until(lambda: not array.loading)
    assert len(told) == 5
    assert told[0] == "slow: frame 0 could not be read (OSError: no route to host). Check the disk and try again."


def test_the_same_trouble_frame_after_frame_is_told_once(make_array):
    class Gone:
        stretch = 1

        def read(self, times, job):
            raise RecordingError("The server is not there.")
            yield

    array = make_array(SlowSource(), reader=Gone())
    told = []
    array.failed.connect(told.append)
    for t in range(5):
        array[t * 10]
        assert wait_until(lambda: not array.loading)
    assert told == ["The server is not there."]
    array.use(DirectReader(array.recording))
    assert wait_until(lambda: array.shown_frame == 40)


def test_a_retry_leaves_a_read_that_hangs_behind(make_array):
    source = SlowSource()
    source.gate.clear()
    array = make_array(source)
    array[3]
    assert wait_until(lambda: 3 in source.reads)
    stuck, source.__dict__["gate"] = source.gate, threading.Event()
    source.gate.set()
    array.retry()
    assert wait_until(lambda: array.shown_frame == 3)
    stuck.set()


def test_a_frame_of_another_shape_is_a_failure_with_words(make_array):
    class Changed:
        stretch = 1

        def read(self, times, job):
            for t in times:
                yield t, np.zeros((2, 6, 9), np.uint16)

    array = make_array(SlowSource(), reader=Changed())
    array[3]
    assert wait_until(lambda: array.failure is not None)
    assert "frame 3 has shape (2, 6, 9), but the recording's volumes have (2, 6, 8)" in array.failure


def test_a_reader_that_stops_early_is_a_failure_not_a_loop(make_array):
    class Silent:
        stretch = 1
        calls = 0

        def read(self, times, job):
            Silent.calls += 1
            return iter(())

    array = make_array(SlowSource(), reader=Silent())
    array[3]
    assert wait_until(lambda: array.failure is not None)
    time.sleep(0.05)
    assert array.failure == "slow: frame 3 did not come. Try again."
    assert Silent.calls <= 2


def test_busy_follows_the_wanted_frame(make_array):
    source = SlowSource()
    array = make_array(source)
    said = []
    array.busy.connect(said.append)
    for t in (3, 40):
        array[t]
        assert wait_until(lambda t=t: array.shown_frame == t)
    assert wait_until(lambda: said == [True, False, True, False])


def test_a_listener_that_fails_does_not_stop_the_pictures(make_array, caplog):
    array = make_array(SlowSource())
    array.arrived.connect(lambda t: 1 / 0)
    for t in (3, 40):
        array[t]
        assert wait_until(lambda t=t: t in array.cached_frames)
    assert wait_until(lambda: caplog.text.count("a listener failed") == 2)


class Cluster:
    """An engine that reads in stretches and remembers its jobs."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.seconds, self.asked, self.jobs = seconds, [], []

    def read(self, recording, times, job):
        self.asked.append(tuple(times))
        self.jobs.append(job)
        for t in times:
            if job.wait(self.seconds):
                job.check()
            yield t, recording.read_volume(t)


def test_an_engine_is_asked_for_stretches_and_stale_ones_are_cancelled(make_array):
    source, engine = SlowSource(), Cluster()
    array = make_array(source, reader=EngineReader(source.recording, engine))
    for t in (9, 10):
        array[t]
        assert wait_until(lambda t=t: array.shown_frame == t)
    assert wait_until(lambda: any(len(times) > 8 for times in engine.asked))
    prefetch = max(range(len(engine.asked)), key=lambda i: len(engine.asked[i]))
    array[50]
    assert wait_until(lambda: engine.jobs[prefetch].cancelled)
    assert wait_until(lambda: array.shown_frame == 50)


def test_an_engine_that_does_not_answer_does_not_hold_up_close(make_array):
    class Hanging:
        def read(self, recording, times, job):
            with job.on_cancel(lambda: time.sleep(3)):
                time.sleep(3)
            yield times[0], recording.read_volume(times[0])

    source = SlowSource()
    array = make_array(source, reader=EngineReader(source.recording, Hanging()))
    array[3]
    time.sleep(0.05)
    start = time.perf_counter()
    array.close()
    assert time.perf_counter() - start < 0.2


@pytest.fixture
def movie(make_array):
    data = np.random.default_rng(0).integers(0, 1000, (6, 3, 4, 5)).astype(np.int16)
    array = VolumeArray(Recording.from_array(data))
    for t in range(6):
        array[t]
        assert wait_until(lambda t=t: array.shown_frame == t)
    yield array, data
    array.close()


@pytest.mark.parametrize(
    "key",
    [
        2,
        np.int64(-1),
        (2, 1),
        (slice(2, 3), slice(1, 2), slice(None), slice(None)),
        (4, slice(None), 2, slice(None, None, 2)),
        (..., 3),
        (1, ..., 3),
        (slice(1, 4),),
        (slice(None, None, -1), 1),
        (slice(4, 4),),
        (slice(-2, None), slice(None), 0, 0),
    ],
)
def test_indexing_means_what_it_means_to_numpy(movie, key):
    array, data = movie
    assert np.array_equal(array[key], data[key])
    assert array[key].shape == data[key].shape


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (6, "index 6 is out of range for an axis of 6"),
        ((0, 3), "index 3 is out of range for an axis of 3"),
        ((0, 0, 0, 0, 0), "5 indices were given"),
        (([0, 1],), "whole numbers and slices"),
        ("t", "'t': a recording is indexed with whole numbers and slices"),
    ],
)
def test_a_key_that_makes_no_sense_is_an_index_error(movie, key, message):
    with pytest.raises(IndexError, match=message):
        movie[0][key]


def test_pictures_cannot_be_written_on(movie):
    with pytest.raises(ValueError, match="read-only"):
        movie[0][2][0, 0, 0] = 1


def test_a_small_movie_becomes_an_array_and_a_large_one_refuses(movie, make_array):
    array, data = movie
    assert np.array_equal(np.asarray(array), data)
    assert np.asarray(array, float).dtype == float
    large = make_array(SlowSource(n_frames=1000), whole_bytes=1000)
    with pytest.raises(RecordingError, match=r"slow: the whole movie is 192 kB, too large .* \(the limit is 1 kB\)"):
        np.asarray(large)


def test_more_frames_at_once_than_memory_holds_are_refused(make_array):
    array = make_array(SlowSource(), max_bytes=20 * 192)
    assert array[0:9].shape == (9, 2, 6, 8)
    with pytest.raises(RecordingError, match=r"60 frames were asked for at once .* make the time slider thinner"):
        array[:, 0]


def test_a_thick_slider_gets_all_its_frames(make_array):
    array = make_array(SlowSource())
    array[10:13]
    assert wait_until(lambda: not array.loading)
    assert array[10:13, 0, 0, 0].tolist() == [10, 11, 12]


def test_what_napari_may_probe(movie):
    array, data = movie
    assert (array.shape, array.dtype, array.ndim, array.size, array.nbytes) == (
        data.shape,
        data.dtype,
        4,
        data.size,
        data.nbytes,
    )
    assert not hasattr(array, "chunks")
    assert copy.deepcopy(array) is array
    assert copy.copy(array) is array


def test_a_read_cancelled_by_someone_else_is_a_failure_not_a_loop(make_array):
    class Closing:
        stretch = 1
        calls = 0

        def read(self, times, job):
            Closing.calls += 1
            job.cancel()
            job.check()
            yield

    array = make_array(SlowSource(), reader=Closing())
    array[3]
    assert wait_until(lambda: array.failure is not None)
    time.sleep(0.05)
    assert array.failure == "slow: reading was cancelled. Try again."
    assert Closing.calls <= 2


def test_volumes_come_through_an_engine(make_array):
    source = SlowSource()
    engine = connect("threads")
    array = make_array(source, reader=EngineReader(source.recording, engine))
    for t in (30, 31, 5):
        array[t]
        assert wait_until(lambda t=t: array.shown_frame == t)
    assert wait_until(lambda: {6, 7, 8} <= set(array.cached_frames))
    engine.close()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("through", ["files", "cluster"])
def test_any_scrubbing_over_any_trouble_ends_with_the_right_picture(make_array, seed, through):
    rng = np.random.default_rng(seed)
    source = SlowSource(n_frames=100, seconds=0.002)
    source.broken.update(rng.choice(100, 20, replace=False).tolist())
    reader = EngineReader(source.recording, Cluster(0.001)) if through == "cluster" else None
    array = make_array(source, reader=reader, max_bytes=24 * 192)
    t = 50
    for _ in range(150):
        t = int(np.clip(t + rng.choice([-1, 1, 1, 1, 40, -40]), 0, 99))
        picture = array[t]
        assert len(np.unique(picture)) == 1
        assert array.used_bytes <= 24 * 192
        time.sleep(rng.choice([0, 0.001, 0.01], p=[0.6, 0.3, 0.1]))
        if rng.random() < 0.02:
            array.retry()
    source.broken.clear()
    array.retry()
    assert wait_until(lambda: (array[t] == t).all())
    assert wait_until(lambda: not array.loading)
    assert wait_until(lambda: len(our_threads()) <= 4)
