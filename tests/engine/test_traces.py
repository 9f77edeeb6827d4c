"""Some blocks of a plan, and the traces that rest on them, on every engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.blocks import Block, plan_blocks
from napari_thunder.engine import Job
from napari_thunder.engine.spark.frames import waves, whole_plan
from napari_thunder.errors import JobCancelled
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.regions import region_of_mask
from napari_thunder.traces.means import mean_series, region_of_voxel
from tests.engine.test_spark import WatchedSource

pytestmark = pytest.mark.timeout(150)

SHAPE = (12, 6, 20, 24)


@pytest.fixture(scope="module")
def movie() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 60000, SHAPE).astype("uint16")


@pytest.fixture
def recording(movie, tmp_path):
    np.save(tmp_path / "movie.npy", movie)
    return nt.open(tmp_path / "movie.npy")


def masks() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    ball = np.zeros(SHAPE[1:], bool)
    ball[2:5, 3:17, 5:20] = rng.random((3, 14, 15)) < 0.6
    return [ball, rng.random(SHAPE[1:]) < 0.01]


def regions():
    return [region_of_mask(mask, "ROI", "#56b4e9") for mask in masks()]


def by_hand(movie: np.ndarray) -> np.ndarray:
    return np.stack([movie[:, mask].mean(axis=1, dtype=np.float64) for mask in masks()])


def index(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
    return {"index": np.array(block.index), "sum": voxels.sum(dtype=np.int64)}


def test_some_blocks_of_a_plan_are_answered_and_no_others(engine, recording, movie):
    plan = engine.plan(recording)
    for wanted in (plan[:1], plan[1:], plan[2:7:2], plan[-1:]):
        answers = dict(engine.map(index, recording, wanted))
        assert {block.index for block in answers} == {block.index for block in wanted}
        for block, answer in answers.items():
            assert answer["index"] == block.index
            assert answer["sum"] == movie[(slice(None), *block.box)].sum(dtype=np.int64)


def test_some_blocks_are_merged_and_no_others(engine, recording, movie):
    wanted = engine.plan(recording)[1:6:2]

    def add(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"sum": a["sum"] + b["sum"]}

    merged = engine.reduce(index, add, recording, wanted)
    assert merged["sum"] == sum(movie[(slice(None), *block.box)].sum(dtype=np.int64) for block in wanted)


def test_traces_are_those_by_hand_on_every_engine(engine, recording, movie):
    np.testing.assert_array_equal(mean_series(regions(), recording, engine), by_hand(movie))


def test_traces_of_a_recording_in_memory_are_the_same(engine, movie):
    np.testing.assert_array_equal(mean_series(regions(), nt.Recording.from_array(movie), engine), by_hand(movie))


def test_traces_of_floats_agree_to_the_last_digits(spark, threads, tmp_path):
    np.save(tmp_path / "movie.npy", np.random.default_rng(1).lognormal(0, 4, SHAPE).astype(np.float32))
    recording = nt.open(tmp_path / "movie.npy")
    here, there = (mean_series(regions(), recording, engine) for engine in (threads, spark))
    np.testing.assert_allclose(there, here, rtol=1e-13)


def test_what_an_analysis_read_is_warm_for_traces(engine, recording, movie, counter):
    watched = nt.Recording(WatchedSource(recording.source, counter))
    plan = engine.plan(watched)
    list(engine.map(index, watched, plan))
    assert counter.stat().st_size == len(plan)
    np.testing.assert_array_equal(mean_series(regions(), watched, engine), by_hand(movie))
    assert counter.stat().st_size == len(plan)


def test_only_blocks_with_some_of_a_region_are_read(engine, recording, movie, counter):
    watched = nt.Recording(WatchedSource(recording.source, counter))
    voxel = region_of_voxel((5, 19, 23), SHAPE[1:])
    np.testing.assert_array_equal(mean_series([voxel], watched, engine)[0], movie[:, 5, 19, 23])
    assert counter.stat().st_size == 1


def test_a_cancelled_trace_stops_on_every_engine(engine, recording):
    job = Job("traces")
    job.cancel()
    with pytest.raises(JobCancelled):
        mean_series(regions(), recording, engine, job)


def test_traces_of_what_only_the_cluster_sees(remote, recording, movie, tmp_path: Path):
    source = remote.open(recording.uri)
    assert isinstance(source, ElsewhereSource)
    np.testing.assert_array_equal(mean_series(regions(), nt.Recording(source), remote), by_hand(movie))


def test_a_block_is_in_the_same_frame_whatever_else_is_wanted():
    plan = plan_blocks((100, 40, 64, 64), 2, at_least=500)
    whole = {(wave.places, wave.tasks): set(wave.blocks) for wave in waves(plan, plan, 10**6, 2)}
    assert len(whole) > 2
    some = plan[3::50]
    found = list(waves(plan, some, 10**6, 2))
    assert [block for wave in found for block in wave.blocks.values()] == some
    for wave in found:
        assert set(wave.blocks) <= whole[wave.places, wave.tasks]
        assert all(plan[place] is block for place, block in wave.blocks.items())


def test_blocks_of_another_plan_or_order_are_taken_for_a_plan_of_their_own():
    plan = plan_blocks(SHAPE, 2, at_least=20)
    other = plan_blocks(SHAPE, 2, at_least=5)
    assert whole_plan(plan[2:4], plan) is plan
    assert whole_plan(other, plan) is other
    turned = plan[::-1]
    assert whole_plan(turned, plan) is turned
    halo = plan_blocks(SHAPE, 2, at_least=20, halo=(1, 1, 1))[3:5]
    assert whole_plan(halo, plan) is plan
