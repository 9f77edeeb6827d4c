"""A job tells how far it is, ends in one state, and stops when asked."""

from __future__ import annotations

import threading

import pytest

from napari_thunder.engine.job import Job, JobState
from napari_thunder.errors import JobCancelled


def test_a_job_that_ends_well_is_done_and_whole():
    job = Job("work")
    with job.running():
        assert job.state is JobState.RUNNING
    assert (job.state, job.fraction) == (JobState.DONE, 1.0)


def test_a_job_that_raises_has_failed_and_says_why():
    job = Job("work")
    with pytest.raises(ZeroDivisionError), job.running():
        1 / 0  # noqa: B018
    assert job.state is JobState.FAILED
    assert job.message == "division by zero"


def test_cancelling_stops_the_work_at_its_next_check():
    job = Job("work")
    with pytest.raises(JobCancelled, match="work: cancelled"), job.running():
        job.cancel()
        assert job.state is JobState.CANCELLING
        job.check()
    assert job.state is JobState.CANCELLED


def test_a_job_cancelled_while_queued_never_starts():
    job = Job("work")
    job.cancel()
    with pytest.raises(JobCancelled), job.running():
        pytest.fail("must not run")
    assert job.state is JobState.CANCELLED


def test_cancelling_calls_back_once_and_only_while_it_matters():
    job, calls = Job("work"), []
    with job.on_cancel(lambda: calls.append("early")):
        pass
    with job.on_cancel(lambda: calls.append("now")):
        job.cancel()
        job.cancel()
    with job.on_cancel(lambda: calls.append("late")):
        pass
    assert calls == ["now", "late"]


def test_a_waiting_job_wakes_up_when_cancelled():
    job = Job("work")
    threading.Timer(0.05, job.cancel).start()
    assert job.wait(30)


def test_stages_share_out_the_progress_and_it_never_goes_back():
    job, seen = Job("work"), []
    job.changed.connect(lambda: seen.append(job.fraction))
    with job.running():
        with job.stage(0.0, 0.5, "first"):
            job.advance(0.5)
            job.advance(1.0)
        with job.stage(0.5, 1.0, "second"):
            job.advance(0.5)
    assert seen == sorted(seen)
    assert 0.25 in seen
    assert 0.75 in seen


def test_an_inner_engine_call_does_not_end_the_job_that_holds_it():
    job = Job("work")
    with job.running():
        with job.running():
            pass
        assert job.state is JobState.RUNNING
