"""From recording to result: maps fill in, frames stay out, steps come first, plans may ask for passes first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis.protocol import Map, MapStep, Reduce, Role
from napari_thunder.engine import Job, JobState
from napari_thunder.engine.threads import ThreadsEngine
from napari_thunder.errors import JobCancelled, ParameterError
from napari_thunder.parameters import parameter


def _mean_of(series):
    return {"mean": series.mean(0)}


@dataclass(frozen=True, slots=True)
class Mean:
    family: ClassVar[str] = "Test"
    title: ClassVar[str] = "Mean"
    summary: ClassVar[str] = "Mean over time."
    unused: float = parameter(1.0, help="nothing")

    def plan(self, context):
        return MapStep((Map("mean", "mean", Role.IMAGE),), _mean_of)


def _sum(series):
    return {"total": series.sum(), "voxels": np.array(series.shape[1])}


def _add(a, b):
    return {name: a[name] + b[name] for name in a}


def _minus(series, level):
    return {"above": series.mean(0) - level}


@dataclass(frozen=True, slots=True)
class AboveBrainMean:
    family: ClassVar[str] = "Test"
    title: ClassVar[str] = "Above the mean of the brain"
    summary: ClassVar[str] = "Mean minus the mean of all voxels."

    def plan(self, context):
        sums = yield Reduce(_sum, _add)
        level = float(sums["total"] / sums["voxels"] / context.n_kept)
        curves = {"level": ((), np.array(level), {}), "ones": (("frame",), np.ones(context.n_kept), {})}
        return MapStep((Map("above", "above", Role.SIGNED),), partial(_minus, level=level), curves=curves)


@pytest.fixture
def movie():
    return np.random.default_rng(0).integers(0, 1000, (30, 3, 20, 25), np.uint16)


@pytest.fixture
def engine():
    engine = ThreadsEngine(2)
    yield engine
    engine.close()


def test_a_map_equals_the_same_formula_on_the_whole_array(movie, engine):
    result = nt.run(Mean(), nt.Recording.from_array(movie), engine=engine)
    assert result["mean"].dims == ("z", "y", "x")
    assert result["mean"].dtype == np.float32
    np.testing.assert_allclose(result["mean"], movie.mean(0), rtol=1e-6)
    assert result["mean"].attrs["role"] == "image"


def test_excluded_frames_do_not_count(movie, engine):
    recording = nt.Recording.from_array(movie, exclude_frames=[0, 11])
    result = nt.run(Mean(), recording, engine=engine)
    np.testing.assert_allclose(result["mean"], np.delete(movie, [0, 11], axis=0).mean(0), rtol=1e-6)
    assert result.attrs["n_frames_used"] == 28


def test_coordinates_are_micrometres_when_known_and_voxels_when_not(movie, engine):
    known = nt.run(Mean(), nt.Recording.from_array(movie, voxel_size=(4, 2, 2)), engine=engine)
    np.testing.assert_array_equal(known["z"], [0, 4, 8])
    assert known["z"].attrs["units"] == "um"
    unknown = nt.run(Mean(), nt.Recording.from_array(movie), engine=engine)
    assert unknown["x"].attrs["units"] == "pixel"


def test_a_plan_may_ask_for_a_pass_over_the_brain_first(movie, engine):
    result = nt.run(AboveBrainMean(), nt.Recording.from_array(movie, frame_rate=2), engine=engine)
    np.testing.assert_allclose(result["level"], movie.mean(), rtol=1e-12)
    np.testing.assert_allclose(result["above"], movie.mean(0) - movie.mean(), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(result["time"], np.arange(30) / 2)


def test_the_map_fills_in_block_by_block(movie, engine):
    filled = []
    for part in nt.stream(Mean(), nt.Recording.from_array(movie), engine=engine):
        filled.append(int(np.isfinite(part.dataset["mean"].values).sum()))
    assert filled[0] == 0
    assert filled == sorted(filled)
    assert len(set(filled)) > 3
    assert filled[-1] == movie[0].size
    assert part.done


def test_preprocessing_comes_before_the_analysis(movie, engine):
    result = nt.run(Mean(), nt.Recording.from_array(movie), engine=engine, preprocess=["zscore"])
    np.testing.assert_allclose(result["mean"], 0, atol=1e-6)


def test_an_unknown_step_is_named(movie, engine):
    with pytest.raises(ParameterError, match="blur"):
        nt.run(Mean(), nt.Recording.from_array(movie), engine=engine, preprocess=["blur"])


def test_progress_reaches_one_and_never_goes_back(movie, engine):
    job, seen = Job("watched"), []
    job.changed.connect(lambda: seen.append(job.fraction))
    nt.run(AboveBrainMean(), nt.Recording.from_array(movie), engine=engine, job=job)
    assert seen == sorted(seen)
    assert (job.state, seen[-1]) == (JobState.DONE, 1.0)


def test_a_run_can_be_cancelled_while_the_map_fills(movie, engine):
    job = Job("cancelled")
    with pytest.raises(JobCancelled):
        for part in nt.stream(Mean(), nt.Recording.from_array(movie), engine=engine, job=job):
            if part.blocks_done == 1:
                job.cancel()
    assert job.state is JobState.CANCELLED


def test_leaving_a_stream_early_ends_its_job(movie, engine):
    job = Job("left")
    stream = nt.stream(Mean(), nt.Recording.from_array(movie), engine=engine, job=job)
    next(stream)
    stream.close()
    assert job.state is JobState.CANCELLED
