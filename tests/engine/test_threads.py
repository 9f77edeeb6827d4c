"""The threads engine: answers as they are done, exact sums, quick cancel."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from napari_thunder.engine.job import Job, JobState
from napari_thunder.engine.threads import ThreadsEngine
from napari_thunder.errors import EngineError, JobCancelled, RecordingError
from napari_thunder.recording import Recording


@pytest.fixture
def engine():
    engine = ThreadsEngine(2)
    yield engine
    engine.close()


@pytest.fixture
def recording():
    return Recording.from_array(np.random.default_rng(0).integers(0, 1000, (20, 4, 30, 40), np.uint16))


def _mean(voxels, block):
    return {"mean": voxels.mean(0)}


def _total(voxels, block):
    return {"total": voxels.sum(dtype=np.int64)}


def _add(a, b):
    return {"total": a["total"] + b["total"]}


def test_mapped_blocks_put_together_equal_the_whole(engine, recording):
    mean = np.full(recording.shape[1:], np.nan)
    for block, answer in engine.map(_mean, recording, engine.plan(recording)):
        mean[block.box] = answer["mean"]
    np.testing.assert_allclose(mean, recording.source.array.mean(0))


def test_a_reduced_sum_equals_the_sum(engine, recording):
    blocks = engine.plan(recording)
    assert len(blocks) >= 4
    assert engine.reduce(_total, _add, recording, blocks)["total"] == recording.source.array.sum(dtype=np.int64)


def test_volumes_come_in_the_order_asked_for(engine, recording):
    read = list(engine.read(recording, [7, 3, 19]))
    assert [t for t, _ in read] == [7, 3, 19]
    np.testing.assert_array_equal(read[1][1], recording.source.array[3])


def test_a_cancelled_map_stops_within_a_moment(engine, recording):
    job = Job("slow")
    started = threading.Event()

    def slow(voxels, block):
        started.set()
        time.sleep(0.1)
        return {}

    threading.Thread(target=lambda: (started.wait(), job.cancel())).start()
    before = time.monotonic()
    with pytest.raises(JobCancelled):
        list(engine.map(slow, recording, engine.plan(recording) * 1000, job))
    assert time.monotonic() - before < 2
    assert job.state is JobState.CANCELLED


def test_an_error_in_a_block_comes_back_as_it_is(engine, recording):
    def fail(voxels, block):
        raise RecordingError("frame 3 is truncated")

    job = Job("failing")
    with pytest.raises(RecordingError, match="frame 3 is truncated"):
        list(engine.map(fail, recording, engine.plan(recording), job))
    assert job.state is JobState.FAILED


def test_a_closed_engine_says_so(recording):
    engine = ThreadsEngine(1)
    blocks = engine.plan(recording)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        list(engine.map(_mean, recording, blocks))


def test_leaving_a_map_early_leaves_no_threads_working(engine, recording):
    for _ in engine.map(_mean, recording, engine.plan(recording)):
        break
    deadline = time.monotonic() + 5
    while any(t.name.startswith("thunder-block") for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_some_blocks_of_a_plan_are_reduced_too(engine, recording):
    blocks = engine.plan(recording)[1:3]
    expected = sum(recording.source.array[(block.time, *block.box)].sum(dtype=np.int64) for block in blocks)
    assert engine.reduce(_total, _add, recording, blocks)["total"] == expected


def test_jobs_that_overlap_leave_blas_its_threads(engine, recording):
    def n_threads():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        before = n_threads()
        first, second = (engine.map(_mean, recording, engine.plan(recording)) for _ in range(2))
        next(first)
        next(second)
        list(first)
        assert n_threads() == {1}
        list(second)
        assert n_threads() == before == {2}
