"""The traces on the desk: what is read, in which order, and that nothing stale is ever shown."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import napari_thunder as nt
from napari_thunder.analysis import DirectionTuning
from napari_thunder.errors import EngineError, ParameterError, RecordingError
from napari_thunder.io.source import Metadata
from napari_thunder.models import Desk
from napari_thunder.models.pointer import Place
from napari_thunder.models.rois.regions import COLORS
from napari_thunder.models.traces.store import TraceStore, digest_of
from napari_thunder.models.traces.subjects import PIN_COLORS
from napari_thunder.regions import Region, region_of_mask, surround
from tests.models.waiting import wait_until

SPACE = (6, 32, 40)
FRAMES = 80


@pytest.fixture(scope="module")
def movie() -> np.ndarray:
    return np.random.default_rng(0).integers(100, 4000, (FRAMES, *SPACE)).astype(np.uint16)


@dataclass(frozen=True)
class Disk:
    """A movie whose blocks can take their time, hang, or be damaged, and which remembers what was read."""

    movie: np.ndarray = field(repr=False)
    seconds: float = 0.0
    reads: list[Any] = field(default_factory=list)
    gate: Event = field(default_factory=Event)
    damaged: list[bool] = field(default_factory=list)
    free_planes: set[int] = field(default_factory=set)
    stamp: list[str] = field(default_factory=lambda: ["1"])
    uri: str = "/disk/movie"
    format: str = "test"
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.movie.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.movie.dtype

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return self.movie.shape[0], 1, 32, 40

    def read_volume(self, t: int) -> np.ndarray:
        return self.movie[t].copy()

    def read_block(self, block: nt.blocks.Block) -> np.ndarray:
        self.reads.append(block.box)
        time.sleep(self.seconds)
        assert block.start[0] in self.free_planes or self.gate.wait(30)
        if self.damaged:
            raise RecordingError("movie: the block is damaged. Copy it again.")
        return self.movie[(block.time, *block.padded)].copy()

    def fingerprint(self) -> str:
        return self.stamp[0]


def disk(movie: np.ndarray, seconds: float = 0.0) -> Disk:
    """One that does not hang."""
    found = Disk(movie, seconds)
    found.gate.set()
    return found


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.connection.connect("threads")
    wait_until(lambda: desk.connection.engine is not None)
    yield desk
    begun = time.monotonic()
    desk.close(1.0)
    assert time.monotonic() - begun < 1.5


def box(*spans: tuple[int, int], name: str = "ROI") -> Region:
    mask = np.zeros(SPACE, bool)
    mask[tuple(slice(*span) for span in spans)] = True
    return region_of_mask(mask, name, COLORS[0])


def by_hand(movie: np.ndarray, region: Region) -> np.ndarray:
    return movie[:, region.full_mask()].mean(axis=1, dtype=np.float64)


def settle(desk: Desk) -> None:
    wait_until(lambda: not desk.traces.pending and desk.traces.job is None)


def raw(desk: Desk, key: str) -> np.ndarray:
    trace = desk.traces.get(key)
    assert trace is not None
    return trace.raw


def put(desk: Desk, region: Region) -> str:
    return f"region:{desk.regions.add(region).key}"


def test_a_region_and_a_voxel_have_the_traces_of_exactly_their_voxels(desk, movie):
    dataset = desk.datasets.add(nt.Recording(disk(movie)))
    region = box((1, 3), (4, 20), (5, 30))
    key = put(desk, region)
    desk.pointer.pin(Place(dataset.key, (2, 3, 4)))
    desk.pointer.hover(Place(dataset.key, (5, 31, 39)))
    settle(desk)
    assert [subject.kind for subject in desk.traces.subjects] == ["region", "voxel", "hover"]
    np.testing.assert_array_equal(raw(desk, key), by_hand(movie, region))
    np.testing.assert_array_equal(raw(desk, desk.traces.subjects[1].key), movie[:, 2, 3, 4])
    np.testing.assert_array_equal(raw(desk, "hover"), movie[:, 5, 31, 39])


def test_times_are_in_seconds_where_they_are_known_and_excluded_frames_have_no_number(desk, movie):
    dataset = desk.datasets.add(nt.Recording(disk(movie)))
    desk.pointer.pin(Place(dataset.key, (0, 0, 0)))
    settle(desk)
    key = desk.traces.subjects[0].key
    assert desk.traces.get(key).time_unit == "frame"
    desk.datasets.amend(dataset, frame_rate=4.0, exclude_frames=(3, 9))
    wait_until(lambda: desk.traces.get(key).time_unit == "s")
    trace = desk.traces.get(key)
    np.testing.assert_allclose(trace.times, np.arange(FRAMES) / 4)
    for values in (trace.raw, trace.values):
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(values)), [3, 9])


def test_colours_of_voxels_are_not_those_of_regions(desk, movie):
    dataset = desk.datasets.add(nt.Recording(disk(movie)))
    for x in range(len(PIN_COLORS)):
        desk.pointer.pin(Place(dataset.key, (0, 0, x)))
    colors = [subject.color for subject in desk.traces.subjects]
    assert len(set(colors)) == len(PIN_COLORS)
    assert not set(colors) & set(COLORS)
    settle(desk)


def test_a_voxel_that_is_unpinned_leaves_its_colour_to_the_next(desk, movie):
    dataset = desk.datasets.add(nt.Recording(disk(movie)))
    for x in range(3):
        desk.pointer.pin(Place(dataset.key, (0, 0, x)))
    gone = desk.traces.subjects[1]
    desk.traces.unpin(gone.key)
    desk.pointer.pin(Place(dataset.key, (0, 1, 1)))
    assert desk.traces.subjects[-1].color == gone.color
    desk.traces.clear_pins()
    assert desk.traces.subjects == ()
    assert desk.traces.selection is None


def test_a_hidden_region_has_no_trace_and_is_not_read_again_when_shown(desk, movie):
    source = disk(movie)
    desk.datasets.add(nt.Recording(source))
    region = desk.regions.add(box((0, 1), (0, 4), (0, 4)))
    settle(desk)
    reads = len(source.reads)
    desk.regions.edit(region.key, visible=False)
    assert desk.traces.subjects == ()
    desk.regions.edit(region.key, visible=True)
    assert desk.traces.get(f"region:{region.key}") is not None
    assert len(source.reads) == reads


def test_a_renamed_region_keeps_its_trace_under_the_new_name(desk, movie):
    desk.datasets.add(nt.Recording(disk(movie)))
    region = desk.regions.add(box((0, 1), (0, 4), (0, 4)))
    settle(desk)
    desk.regions.edit(region.key, name="tectum")
    assert desk.traces.get(f"region:{region.key}").subject.name == "tectum"


def test_a_region_of_another_volume_is_left_out_and_told(desk, movie):
    desk.datasets.add(nt.Recording(disk(movie)))
    region = desk.regions.add(region_of_mask(np.ones((2, 3, 4), bool), "elsewhere", "#000000"))
    assert desk.traces.subjects == ()
    assert "elsewhere" in desk.traces.why_left_out()
    desk.regions.add_all([replace(region, name=f"cell {n}") for n in range(40)])
    assert "elsewhere, cell 0, cell 1 and 38 more: drawn" in desk.traces.why_left_out()


def test_settings_change_what_is_shown_and_not_what_is_read(desk, movie):
    source = disk(movie)
    dataset = desk.datasets.add(nt.Recording(source))
    desk.pointer.pin(Place(dataset.key, (0, 0, 0)))
    settle(desk)
    key, reads = desk.traces.subjects[0].key, len(source.reads)
    series = movie[:, 0, 0, 0].astype(float)
    f0 = np.percentile(series, 20)
    np.testing.assert_allclose(desk.traces.get(key).values, (series - f0) / f0)
    desk.traces.configure(measure="z")
    np.testing.assert_allclose(desk.traces.get(key).values, (series - series.mean()) / series.std())
    assert len(source.reads) == reads
    with pytest.raises(ParameterError, match="measure"):
        desk.traces.configure(measure="loud")


def test_neuropil_is_that_of_the_ring_without_other_regions(desk, movie):
    desk.datasets.add(nt.Recording(disk(movie), voxel_size=(1, 1, 1)))
    one = desk.regions.add(box((2, 3), (10, 14), (10, 14)))
    other = desk.regions.add(box((2, 3), (16, 20), (10, 14)))
    desk.traces.configure(measure="raw", neuropil=True)
    settle(desk)
    ring = surround(one, voxel_size=(1, 1, 1), exclude=[one, other])
    trace = desk.traces.get(f"region:{one.key}")
    np.testing.assert_array_equal(trace.surround, by_hand(movie, ring))
    np.testing.assert_allclose(trace.values, by_hand(movie, one) - 0.7 * trace.surround)
    desk.regions.remove(other.key)
    settle(desk)
    ring = surround(one, voxel_size=(1, 1, 1))
    np.testing.assert_array_equal(desk.traces.get(f"region:{one.key}").surround, by_hand(movie, ring))


def test_several_regions_are_read_in_one_pass_and_shared_blocks_once(desk, movie):
    source = disk(movie)
    source.gate.clear()
    desk.datasets.add(nt.Recording(source))
    desk.regions.add_all([box((1, 2), (0, 9), (0, 9)), box((1, 2), (3, 9), (0, 9)), box((1, 2), (0, 2), (0, 9))])
    source.gate.set()
    settle(desk)
    assert len(source.reads) == len({str(read) for read in source.reads})
    assert all(desk.traces.get(subject.key) is not None for subject in desk.traces.subjects)


class Watched:
    """The threads engine, noting the regions of each pass."""

    def __init__(self) -> None:
        self.engine = nt.connect("threads")
        self.name = "threads"
        self.passes: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def map(self, function: Any, recording: Any, blocks: Sequence[Any], job: Any = None) -> Any:
        self.passes.append(len({part.region for parts in function.parts.values() for part in parts}))
        return self.engine.map(function, recording, blocks, job)


def test_an_edit_during_a_pass_reads_that_region_only(movie):
    engine = Watched()
    desk = Desk(connect=lambda name, job: engine)
    desk.connection.connect("threads")
    wait_until(lambda: desk.connection.engine is not None)
    source = disk(movie)
    source.gate.clear()
    desk.datasets.add(nt.Recording(source))
    regions = desk.regions.add_all([box((z, z + 1), (0, 9), (0, 9)) for z in range(3)])
    wait_until(lambda: bool(source.reads))
    new = box((0, 1), (2, 20), (2, 9))
    desk.regions.reshape(regions[0].key, new)
    source.gate.set()
    settle(desk)
    assert engine.passes == [3, 1]
    np.testing.assert_array_equal(raw(desk, f"region:{regions[0].key}"), by_hand(movie, new))
    for region in regions[1:]:
        np.testing.assert_array_equal(raw(desk, f"region:{region.key}"), by_hand(movie, region))
    desk.close()


def test_the_newest_hover_wins_and_no_older_one_is_told(desk, movie):
    source = disk(movie)
    source.gate.clear()
    dataset = desk.datasets.add(nt.Recording(source))
    seen: list[np.ndarray] = []
    desk.traces.arrived.connect(lambda key: seen.append(raw(desk, key)))
    for z in range(SPACE[0]):
        desk.pointer.hover(Place(dataset.key, (z, z, z)))
        wait_until(lambda n=z: len(source.reads) > n)  # the mouse rests
        assert desk.traces.get("hover") is None
    source.gate.set()
    settle(desk)
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], movie[:, 5, 5, 5])


def test_a_region_waits_neither_for_the_hover_nor_for_a_region_that_takes_long(desk, movie):
    source = disk(movie)
    source.gate.clear()
    dataset = desk.datasets.add(nt.Recording(source))
    desk.pointer.hover(Place(dataset.key, (0, 0, 0)))
    slow = put(desk, box((1, 2), (0, 32), (0, 40)))
    wait_until(lambda: len(source.reads) > 1)
    source.free_planes.add(4)
    key = put(desk, box((4, 5), (0, 9), (0, 9)))
    wait_until(lambda: desk.traces.get(key) is not None)
    assert desk.traces.pending == {slow, "hover"}
    source.gate.set()
    settle(desk)
    assert desk.traces.get(slow) is not None


def test_the_hover_does_not_wait_for_a_region_that_takes_long(desk, movie):
    source = disk(movie)
    source.gate.clear()
    source.free_planes.add(4)
    dataset = desk.datasets.add(nt.Recording(source))
    put(desk, box((1, 2), (0, 32), (0, 40)))
    desk.pointer.hover(Place(dataset.key, (4, 0, 0)))
    wait_until(lambda: desk.traces.get("hover") is not None)
    source.gate.set()
    settle(desk)


def test_a_mouse_that_moves_over_what_is_not_read_yet_does_not_start_a_read_for_every_voxel(desk, movie):
    source = disk(movie)
    source.gate.clear()
    dataset = desk.datasets.add(nt.Recording(source))
    for n in range(20):
        desk.pointer.hover(Place(dataset.key, (n % 6, n, n)))
        time.sleep(0.02)
    source.gate.set()
    settle(desk)
    assert len(source.reads) <= 4
    np.testing.assert_array_equal(raw(desk, "hover"), movie[:, 1, 19, 19])


def test_a_slow_source_never_shows_anything_stale(desk, movie):
    """0.5 s a block, 5 s and more for all of them, and something else wanted every 0.05 s."""
    dataset = desk.datasets.add(nt.Recording(disk(movie, seconds=0.5)))
    region = desk.regions.add(box((0, 1), (0, 4), (0, 4)))
    wrong: list[str] = []

    def compare(key: str) -> None:
        with desk.traces._lock:
            trace = desk.traces.get(key)
            place = desk.pointer.place
            wanted = (
                movie[(slice(None), *place.voxel)] if key == "hover" else by_hand(movie, desk.regions.get(region.key))
            )
            if trace is not None and not np.array_equal(trace.raw, wanted):
                wrong.append(key)

    desk.traces.arrived.connect(compare)
    longest = 0.0
    for n in range(40):
        begun = time.monotonic()
        desk.pointer.hover(Place(dataset.key, (n % 6, n % 32, n % 40)))
        if n % 4 == 0:
            desk.regions.reshape(region.key, box((n % 6, n % 6 + 1), (0, 4 + n % 20), (0, 4)))
        for subject in desk.traces.subjects:
            compare(subject.key)
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.05)
    wait_until(lambda: not desk.traces.pending, 10)
    compare("hover")
    compare(f"region:{region.key}")
    assert wrong == []
    assert longest < 0.05


def test_another_recording_has_traces_of_its_own(desk, movie):
    source = disk(movie)
    source.gate.clear()
    first = desk.datasets.add(nt.Recording(source))
    region = box((1, 2), (0, 9), (0, 9))
    key = put(desk, region)
    wait_until(lambda: bool(source.reads))
    other = movie[::-1].copy()
    desk.datasets.add(nt.Recording.from_array(other))
    settle(desk)
    np.testing.assert_array_equal(raw(desk, key), by_hand(other, region))
    source.gate.set()
    desk.datasets.make_current(first.key)
    settle(desk)
    np.testing.assert_array_equal(raw(desk, key), by_hand(movie, region))


def test_pins_go_with_their_recording(desk, movie):
    dataset = desk.datasets.add(nt.Recording(disk(movie)))
    desk.pointer.pin(Place(dataset.key, (0, 0, 0)))
    desk.datasets.remove(dataset.key)
    assert desk.traces.subjects == ()
    assert desk.traces.state()["pins"] == []


def test_cancel_acts_at_once_and_retry_reads_what_is_missing(desk, movie):
    source = disk(movie)
    source.gate.clear()
    desk.datasets.add(nt.Recording(source))
    key = put(desk, box((1, 2), (0, 9), (0, 9)))
    wait_until(lambda: bool(source.reads))
    assert desk.traces.pending == {key}
    job = desk.traces.job
    begun = time.monotonic()
    desk.traces.cancel()
    assert desk.traces.job is None
    assert desk.traces.pending == frozenset()
    wait_until(lambda: job.ended)
    assert time.monotonic() - begun < 0.5
    assert "Retry" in desk.traces.trouble.message
    source.gate.set()
    desk.traces.retry()
    settle(desk)
    assert desk.traces.trouble is None
    assert desk.traces.get(key) is not None


def test_progress_is_told_while_blocks_are_read(desk, movie):
    desk.datasets.add(nt.Recording(disk(movie, seconds=0.02)))
    fractions: list[float] = []
    desk.traces.progressed.connect(lambda: desk.traces.job and fractions.append(desk.traces.job.fraction))
    put(desk, box((0, 6), (0, 32), (0, 40)))
    settle(desk)
    assert len(set(fractions)) > 3
    assert fractions == sorted(fractions)


def test_a_damaged_block_is_told_and_not_asked_for_again_and_again(desk, movie):
    source = disk(movie)
    source.damaged.append(True)
    desk.datasets.add(nt.Recording(source))
    key = put(desk, box((1, 2), (0, 9), (0, 9)))
    wait_until(lambda: desk.traces.trouble is not None)
    assert "damaged" in desk.traces.trouble.message
    assert desk.traces.pending == frozenset()
    reads = len(source.reads)
    time.sleep(0.1)
    assert len(source.reads) == reads
    source.damaged.clear()
    desk.traces.retry()
    settle(desk)
    assert desk.traces.trouble is None
    assert desk.traces.get(key) is not None


def test_without_an_engine_the_next_step_is_told_and_done_when_there_is_one(movie):
    desk = Desk()
    desk.datasets.add(nt.Recording(disk(movie)))
    key = put(desk, box((1, 2), (0, 9), (0, 9)))
    wait_until(lambda: desk.traces.trouble is not None)
    assert "Connect" in desk.traces.trouble.message
    desk.connection.connect("threads")
    wait_until(lambda: desk.traces.get(key) is not None)
    assert desk.traces.trouble is None
    desk.close()


def test_an_engine_that_is_being_connected_is_waited_for(movie):
    ready = Event()

    def connect(name: str, job: Any) -> Any:
        ready.wait(10)
        return nt.connect("threads")

    desk = Desk(connect=connect)
    desk.connection.connect("slow")
    desk.datasets.add(nt.Recording(disk(movie)))
    key = put(desk, box((1, 2), (0, 9), (0, 9)))
    time.sleep(0.05)
    assert desk.traces.pending == {key}
    assert desk.traces.trouble is None
    ready.set()
    settle(desk)
    assert desk.traces.get(key) is not None
    desk.close()


def test_after_a_lost_engine_the_next_one_reads_what_is_missing(movie):
    class Failing(Watched):
        def map(self, *given: Any) -> Any:
            raise EngineError("The server is gone. Connect again.")

        def check(self) -> None:
            raise EngineError("gone")

    engines = iter([Failing(), Watched()])
    desk = Desk(connect=lambda name, job: next(engines))
    desk.connection.connect("first")
    wait_until(lambda: desk.connection.engine is not None)
    desk.datasets.add(nt.Recording(disk(movie)))
    key = put(desk, box((1, 2), (0, 9), (0, 9)))
    wait_until(lambda: desk.connection.state == "lost")
    wait_until(lambda: desk.traces.trouble is not None)
    desk.connection.connect("second")
    wait_until(lambda: desk.traces.get(key) is not None)
    assert desk.traces.trouble is None
    desk.close()


def test_a_movie_that_changed_on_disk_is_read_again(desk, movie):
    source = disk(movie.copy())
    dataset = desk.datasets.add(nt.Recording(source))
    desk.pointer.pin(Place(dataset.key, (0, 0, 0)))
    settle(desk)
    source.movie[:] = 7
    source.stamp[0] = "2"
    time.sleep(1.1)  # the engine trusts a fingerprint for a second
    desk.pointer.pin(Place(dataset.key, (5, 0, 0)))
    settle(desk)
    assert (raw(desk, desk.traces.subjects[0].key) == 7).all()


def events() -> pd.DataFrame:
    start = 2.0 + 2.0 * np.arange(16)
    return pd.DataFrame({"start_time": start, "stop_time": start + 1, "direction": 45.0 * (np.arange(16) % 8)})


def test_the_selected_subject_answers_events_by_condition(desk, movie):
    known = {"frame_rate": 2.0, "events": events()}
    desk.datasets.add(nt.Recording.from_array(movie, **known))
    desk.traces.configure(measure="raw", group_by="direction", before=1, after=2, baseline=1)
    place = Place(desk.datasets.current.key, (3, 4, 5))
    desk.pointer.pin(place)
    wait_until(lambda: desk.traces.tuning() is not None)
    analysis = DirectionTuning(baseline=1.0)
    result = nt.run(analysis, nt.Recording.from_array(movie, **known)).isel(z=3, y=4, x=5)
    np.testing.assert_allclose(desk.traces.tuning().mean, result["response"], rtol=1e-5)
    np.testing.assert_allclose(desk.traces.tuning().preferred, result["preferred_direction"], rtol=1e-5)
    assert desk.traces.response().labels[0] == "direction=0"


def test_no_answer_of_another_subject_or_setting_is_left(desk, movie):
    dataset = desk.datasets.add(nt.Recording.from_array(movie, frame_rate=2.0, events=events()))
    desk.traces.configure(group_by="direction")
    desk.pointer.pin(Place(dataset.key, (0, 0, 0)))
    wait_until(lambda: desk.traces.tuning() is not None)
    before = desk.traces.tuning()
    desk.pointer.pin(Place(dataset.key, (1, 1, 1)))
    assert desk.traces.tuning() is not before
    wait_until(lambda: desk.traces.tuning() is not None)
    assert not np.allclose(desk.traces.tuning().mean, before.mean)
    desk.traces.configure(group_by="")
    assert desk.traces.tuning() is None
    wait_until(lambda: desk.traces.response() is not None)
    assert desk.traces.response().labels == ("event",)


def test_events_given_later_are_answered(desk, movie):
    dataset = desk.datasets.add(nt.Recording.from_array(movie))
    desk.pointer.pin(Place(dataset.key, (0, 0, 0)))
    wait_until(lambda: desk.traces.answer_trouble is not None)
    assert "events" in desk.traces.answer_trouble.message
    desk.datasets.amend(dataset, frame_rate=2.0, events=events())
    wait_until(lambda: desk.traces.response() is not None)
    assert desk.traces.answer_trouble is None


def test_regions_and_traces_are_selected_together(desk, movie):
    desk.datasets.add(nt.Recording(disk(movie)))
    keys = [put(desk, box((z, z + 1), (0, 3), (0, 3))) for z in (0, 1)]
    assert desk.traces.selection == keys[0]
    desk.traces.select(keys[1])
    assert desk.regions.selection == int(keys[1].split(":")[1])
    desk.regions.select(int(keys[0].split(":")[1]))
    assert desk.traces.selection == keys[0]
    settle(desk)


def test_export_writes_what_is_shown(desk, movie, tmp_path: Path):
    dataset = desk.datasets.add(nt.Recording(disk(movie), frame_times=np.arange(FRAMES) / 2))
    put(desk, box((0, 1), (0, 3), (0, 3), name="tectum"))
    desk.pointer.pin(Place(dataset.key, (0, 0, 0)))
    settle(desk)
    saved: list[str] = []
    desk.traces.saved.connect(saved.append)
    desk.traces.export_csv(str(tmp_path / "traces.csv"))
    wait_until(lambda: bool(saved))
    first, *_ = (tmp_path / "traces.csv").read_text().splitlines()
    assert json.loads(first.removeprefix("# "))["measure"] == "dff"
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "traces.csv", skiprows=1), desk.traces.table())
    assert desk.traces.table().columns.tolist() == ["time", "tectum", "Voxel 0, 0, 0"]


def test_an_export_that_fails_is_told(desk, movie, tmp_path: Path):
    desk.datasets.add(nt.Recording(disk(movie)))
    desk.traces.export_csv(str(tmp_path / "none.csv"))
    wait_until(lambda: desk.traces.trouble is not None)
    assert "no trace" in desk.traces.trouble.message
    put(desk, box((0, 1), (0, 3), (0, 3)))
    settle(desk)
    desk.traces.export_csv(str(tmp_path / "no folder" / "x.csv"))
    wait_until(lambda: "no such folder" in desk.traces.trouble.message)


def test_state_comes_back_with_other_keys(desk, movie):
    dataset = desk.datasets.add(nt.Recording(disk(movie)))
    region = desk.regions.add(box((0, 1), (0, 3), (0, 3)))
    desk.pointer.pin(Place(dataset.key, (1, 2, 3)))
    desk.traces.configure(measure="z", before=1.5)
    state = json.loads(json.dumps(desk.traces.state()))
    settle(desk)
    other = Desk()
    other.connection.connect("threads")
    again = other.datasets.add(nt.Recording(disk(movie)))
    moved = other.regions.add(region)
    other.traces.restore(state, {dataset.key: again.key}, {region.key: moved.key})
    settle(other)
    assert other.traces.settings == desk.traces.settings
    assert [s.name for s in other.traces.subjects] == [s.name for s in desk.traces.subjects]
    assert [s.color for s in other.traces.subjects] == [s.color for s in desk.traces.subjects]
    assert other.traces.selection == f"voxel:{again.key}:1,2,3"
    other.close()


def test_a_session_brings_back_pins_settings_and_selection(desk, movie, tmp_path: Path):
    np.save(tmp_path / "movie.npy", movie)
    dataset = desk.datasets.add(nt.open(tmp_path / "movie.npy"))
    region = desk.regions.add(box((0, 1), (0, 3), (0, 3), name="tectum"))
    desk.pointer.pin(Place(dataset.key, (1, 2, 3)))
    desk.traces.configure(measure="z")
    desk.traces.select(f"region:{region.key}")
    desk.session.save(tmp_path / "desk.json")
    wait_until(lambda: not desk.session.busy)
    other = Desk()
    other.connection.connect("threads")
    other.session.restore(desk.session.path)
    wait_until(lambda: not other.session.busy)
    settle(other)
    assert other.traces.settings.measure == "z"
    assert [subject.name for subject in other.traces.subjects] == ["tectum", "Voxel 1, 2, 3"]
    assert other.traces.selection == other.traces.subjects[0].key
    other.close()


def test_a_damaged_state_is_taken_as_far_as_it_goes(desk, movie):
    dataset = desk.datasets.add(nt.Recording(disk(movie)))
    state = {"settings": {"measure": "loud", "before": 3.0, "gone": 1}, "pins": [{"recording": 99}], "selection": "x"}
    desk.traces.restore(state, {1: dataset.key}, {})
    assert desk.traces.settings.before == 3.0
    assert desk.traces.settings.measure == "dff"
    assert desk.traces.subjects == ()


def test_closing_does_not_wait_for_a_read_that_hangs(movie):
    desk = Desk()
    desk.connection.connect("threads")
    wait_until(lambda: desk.connection.engine is not None)
    source = disk(movie)
    source.gate.clear()
    desk.datasets.add(nt.Recording(source))
    put(desk, box((0, 6), (0, 32), (0, 40)))
    wait_until(lambda: bool(source.reads))
    begun = time.monotonic()
    desk.close(0.5)
    assert time.monotonic() - begun < 1.0
    source.gate.set()


def test_the_store_keeps_what_was_used_last():
    store = TraceStore(most_bytes=3 * 80)
    for n in range(3):
        store.put("movie", str(n), np.zeros(10))
    assert store.get("movie", "0") is not None
    store.put("movie", "3", np.zeros(10))
    assert [store.get("movie", str(n)) is not None for n in range(4)] == [True, False, True, True]


def test_the_store_gives_up_nothing_that_is_needed():
    store = TraceStore(most_bytes=80)
    store.need({"0", "1"})
    for n in range(5):
        store.put("movie", str(n), np.zeros(10))
    assert [store.get("movie", str(n)) is not None for n in range(5)] == [True, True, False, False, True]


def test_many_traces_are_shaped_beside_the_window(desk, movie, monkeypatch):
    monkeypatch.setattr("napari_thunder.models.traces.shapes.AT_ONCE", FRAMES)
    desk.datasets.add(nt.Recording(disk(movie)))
    regions = desk.regions.add_all([box((z, z + 1), (0, 9), (0, 9)) for z in range(6)])
    settle(desk)
    keys = {f"region:{region.key}" for region in regions}
    assert all(desk.traces.get(key) is not None for key in keys)
    arrived: list[str] = []
    desk.traces.arrived.connect(arrived.append)
    desk.traces.configure(measure="z")
    settle(desk)
    wait_until(lambda: set(arrived) == keys)
    for region in regions:
        shown = desk.traces.get(f"region:{region.key}").values
        np.testing.assert_allclose(shown, stats.zscore(by_hand(movie, region)))


def test_a_digest_is_of_the_voxels_and_nothing_else():
    one = box((0, 1), (0, 3), (0, 3), name="one")
    assert digest_of(one) == digest_of(box((0, 1), (0, 3), (0, 3), name="other"))
    assert digest_of(one) != digest_of(box((1, 2), (0, 3), (0, 3)))
    assert digest_of(one) != digest_of(box((0, 1), (0, 3), (0, 2)))
