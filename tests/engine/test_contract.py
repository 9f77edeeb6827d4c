"""What every engine promises, tested on each."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.blocks import Block, plan_blocks
from napari_thunder.engine import Job, JobState, connect
from napari_thunder.errors import AnalysisError, EngineError, JobCancelled
from napari_thunder.registration import Shifts

pytestmark = pytest.mark.timeout(120)

SHAPE = (12, 4, 10, 8)


@pytest.fixture(scope="module")
def movie() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60000, SHAPE).astype("uint16")


@pytest.fixture
def in_memory(movie):
    return nt.Recording.from_array(movie)


@pytest.fixture
def recording(movie, tmp_path):
    np.save(tmp_path / "movie.npy", movie)
    return nt.open(tmp_path / "movie.npy")


def mean(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
    assert voxels.shape == block.shape
    return {"mean": voxels.mean(0)[block.inner], "first": voxels[0][block.inner]}


def whole(answers, name: str) -> np.ndarray:
    filled = np.full(SHAPE[1:], np.nan)
    for block, answer in answers:
        filled[block.box] = answer[name]
    return filled


@pytest.mark.parametrize("halo", [(0, 0, 0), (1, 2, 1)])
def test_map_gives_every_block_its_answer(engine, recording, movie, halo):
    blocks = plan_blocks(SHAPE, 2, at_least=10, halo=halo)
    answers = list(engine.map(mean, recording, blocks))
    assert sorted(block.index for block, _ in answers) == list(range(len(blocks)))
    np.testing.assert_array_equal(whole(answers, "mean"), movie.mean(0))
    np.testing.assert_array_equal(whole(answers, "first"), movie[0])


def test_a_recording_in_memory_gives_the_same(engine, in_memory, movie):
    answers = engine.map(mean, in_memory, plan_blocks(SHAPE, 2, at_least=10))
    np.testing.assert_array_equal(whole(answers, "mean"), movie.mean(0))
    for t, volume in engine.read(in_memory, [2, 1]):
        np.testing.assert_array_equal(volume, movie[t])


def test_map_keeps_types_and_shapes_and_gives_arrays_of_ones_own(engine, recording):
    def answer(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        return {
            "float32": np.ones((2, *block.box_shape), "float32").T,
            "empty": np.zeros((0, 3)),
            "scalar": np.array(block.index),
            "bool": voxels[0] > 5,
            "big endian": np.arange(3, dtype=">i4"),
        }

    blocks = engine.plan(recording)[:2]
    for block, got in engine.map(answer, recording, blocks):
        assert got["float32"].shape == (*block.box_shape[::-1], 2)
        assert got["float32"].dtype == np.float32
        assert got["empty"].shape == (0, 3)
        assert got["scalar"] == block.index
        assert got["bool"].dtype == bool
        np.testing.assert_array_equal(got["big endian"], [0, 1, 2])
        got["float32"] += 1


def test_map_of_some_blocks_gives_those(engine, recording):
    blocks = plan_blocks(SHAPE, 2, at_least=10)[3:7:2]
    assert [block.index for block, _ in engine.map(mean, recording, blocks)] in ([3, 5], [5, 3])


def test_map_of_no_blocks_gives_nothing(engine, recording):
    assert list(engine.map(mean, recording, [])) == []


def test_same_blocks_with_another_function_give_another_answer(engine, recording):
    blocks = plan_blocks(SHAPE, 2, at_least=10)

    def scaled(by: int, voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        return {"sum": by * voxels.sum(dtype="int64")}

    one, two = (sum(a["sum"] for _, a in engine.map(partial(scaled, by), recording, blocks)) for by in (1, 2))
    assert two == 2 * one


def test_reduce_merges_all_blocks(engine, recording, movie):
    def gram(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        series = voxels.reshape(len(voxels), -1).astype("float64")
        return {"gram": series @ series.T, "n": np.array(series.shape[1])}

    def add(a, b):
        return {name: a[name] + b[name] for name in a}

    job = Job("gram")
    merged = engine.reduce(gram, add, recording, plan_blocks(SHAPE, 2, at_least=20), job)
    series = movie.reshape(SHAPE[0], -1).astype("float64")
    np.testing.assert_allclose(merged["gram"], series @ series.T, rtol=1e-12)
    assert merged["n"] == series.shape[1]
    assert job.state is JobState.DONE


def test_read_gives_volumes_in_the_order_asked_for(engine, recording, movie):
    read = list(engine.read(recording, [3, 0, 11, 3]))
    assert [t for t, _ in read] == [3, 0, 11, 3]
    for t, volume in read:
        np.testing.assert_array_equal(volume, movie[t])


def test_an_error_raised_on_purpose_comes_back_as_it_is(engine, recording):
    def refuse(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        raise AnalysisError("events.csv: no event has direction 400")

    job = Job("refused")
    with pytest.raises(AnalysisError, match=r"^events.csv: no event has direction 400$"):
        list(engine.map(refuse, recording, engine.plan(recording), job))
    assert job.state is JobState.FAILED


def test_a_job_advances_and_ends(engine, recording):
    job = Job("mean")
    seen = []
    job.changed.connect(lambda: seen.append(job.fraction))
    list(engine.map(mean, recording, plan_blocks(SHAPE, 2, at_least=10), job))
    assert job.state is JobState.DONE
    assert seen == sorted(seen)
    assert len(set(seen)) > 4


def work_slowly(counter: Path, voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
    for _ in range(10 if "Threads" in counter.name else 600):
        work_a_little(counter, voxels, block)
    return {}


def work_a_little(counter: Path, voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
    with counter.open("ab") as file:
        file.write(b".")
    time.sleep(0.1)
    return {}


@pytest.mark.parametrize("function", [work_slowly, work_a_little])
@pytest.mark.parametrize("engine", ["threads", "spark", "remote"], indirect=True)
def test_a_cancelled_job_stops_working_within_two_seconds(engine, recording, counter, function):
    counter = counter.with_name(f"counter of {type(engine).__name__}")
    job = Job("slow")
    threading.Thread(target=_cancel_once_there, args=(job, counter)).start()
    with pytest.raises(JobCancelled):
        list(engine.map(partial(function, counter), recording, plan_blocks(SHAPE, 2, at_least=320), job))
    ended = time.monotonic()
    assert job.state is JobState.CANCELLED
    assert grew_last(counter) - ended < 2


def grew_last(file: Path, quiet: float = 0.8) -> float:
    """When a file grew for the last time, said when it has not for a while."""
    size, grew = file.stat().st_size, time.monotonic()
    while time.monotonic() - grew < quiet:
        time.sleep(0.02)
        if file.stat().st_size != size:
            size, grew = file.stat().st_size, time.monotonic()
    return grew


def _cancel_once_there(job: Job, file: Path) -> None:
    until = time.monotonic() + 60
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.05)
    job.cancel()


def test_a_job_cancelled_beforehand_does_not_start(engine, recording):
    job = Job("never")
    job.cancel()
    with pytest.raises(JobCancelled):
        list(engine.map(mean, recording, engine.plan(recording), job))


def test_plan_covers_every_voxel_once_with_the_halo_asked_for(engine, recording):
    blocks = engine.plan(recording, halo=(1, 1, 0))
    covered = np.zeros(SHAPE[1:], int)
    for block in blocks:
        covered[block.box] += 1
    assert (covered == 1).all()
    assert len(blocks) >= engine.facts().cores


def test_facts_say_what_the_engine_is(engine):
    facts = engine.facts()
    assert facts.name == engine.name
    assert facts.cores >= 1
    assert facts.versions["numpy"] == np.__version__


def test_several_threads_may_use_an_engine_at_once(engine, recording, movie):
    blocks = plan_blocks(SHAPE, 2, at_least=6)
    found = {}

    def ask(number: int) -> None:
        found[number] = whole(engine.map(mean, recording, blocks), "mean")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for number in range(3):
        np.testing.assert_array_equal(found[number], movie.mean(0))


def test_an_unknown_engine_is_told_with_what_there_is():
    with pytest.raises(EngineError, match=r"no engine 'sprak'\. There are: threads .*, spark .*, and sc://host:port"):
        connect("sprak")


def test_stretches_are_all_frames_and_map_reads_them_without_keeping_them(engine, recording, movie):
    stretches = engine.stretches(recording)
    before = engine.cache_use().used_bytes
    answers = dict(engine.map(mean, recording, stretches, keep=False))
    assert engine.cache_use().used_bytes == before
    assert [t for stretch in stretches for t in range(*stretch.times)] == list(range(SHAPE[0]))
    for block, answer in answers.items():
        np.testing.assert_array_equal(answer["mean"], movie[block.time].mean(0))


def test_a_movie_in_memory_whose_motion_is_undone_is_the_same_everywhere(engine, in_memory, movie):
    shifts = Shifts.rigid([[0, 1, 0]] * SHAPE[0], SHAPE[1:])
    registered = in_memory.registered(shifts)
    for t, volume in engine.read(registered, [2]):
        np.testing.assert_array_equal(volume[:, :-1], movie[t, :, 1:])
    for block, answer in engine.map(first_rows, registered, engine.stretches(registered), keep=False):
        np.testing.assert_array_equal(answer["rows"], movie[block.time, :, 1:])


def first_rows(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
    return {"rows": voxels[:, :, :-1]}
