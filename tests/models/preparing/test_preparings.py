"""Behind the Prepare tab: planned, run, cancelled, resumed and opened, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.io.storing.errands import draft_of
from napari_thunder.models import Desk
from napari_thunder.models.preparing import Keep, Motion, Place, Preparings
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from napari_thunder.registration import Shifts
from tests.models.waiting import wait_until

SHAPE = (30, 4, 24, 32)


def movie() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """A bright ball in noise."""
    z, y, x = np.ogrid[: SHAPE[1], : SHAPE[2], : SHAPE[3]]
    ball = ((y - 12) ** 2 + (x - 16) ** 2 < 64) & (z >= 0)
    noise = np.random.default_rng(0).poisson(20, SHAPE)
    return (noise + 200 * ball).astype(np.uint16)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """With an engine and a recording, of which a store is wanted in a folder of its own."""
    desk = Desk()
    desk.connection.connect("threads")
    wait_until(lambda: desk.connection.engine is not None)
    desk.datasets.add(Recording.from_array(movie(), name="fish", frame_rate=2, voxel_size=(4, 1, 1)))
    desk.preparing.configure(path=str(tmp_path / "fish"))
    desk.preparing.watch(True)
    yield desk
    desk.close(5)


def planned(preparing: Preparings) -> None:
    wait_until(lambda: not preparing.planner.busy and (preparing.forecast or preparing.planner.trouble) is not None, 20)


def test_before_it_runs_one_reads_what_it_takes(desk: Desk, tmp_path: Path) -> None:
    preparing = desk.preparing
    assert preparing.why_not_run() == "Wait for the plan."
    planned(preparing)
    assert preparing.forecast is not None
    assert preparing.forecast.line.startswith("Writes about ")
    assert " free, about " in preparing.forecast.line
    assert preparing.why_not_run() == ""
    assert preparing.forecast.plan is not None
    assert preparing.forecast.plan.place == str(tmp_path / "fish.ome.zarr")


def test_it_runs_in_the_list_of_jobs_and_the_store_is_opened(desk: Desk, tmp_path: Path) -> None:
    preparing = desk.preparing
    desk.datasets.add(desk.datasets.current.recording.without_frames([3, 4]))  # type: ignore[union-attr]
    preparing.configure(path=str(tmp_path / "fish"), given={"bin": (1, 2, 2)})
    planned(preparing)
    run = preparing.run()
    assert run is not None
    assert run in desk.jobs.runs
    assert preparing.why_not_run().startswith("Wait until this recording is prepared")
    wait_until(lambda: preparing.made != "", 20)
    assert run.trouble is None
    assert desk.result_of(run) == run.key
    assert "something of this name already" in preparing.why_not_run()
    seen: list[str] = []
    desk.attend.connect(seen.append)
    desk.show(run)
    wait_until(lambda: len(desk.datasets) == 3)
    assert desk.datasets.current is not None
    store = desk.datasets.current.recording
    assert store.uri == str(tmp_path / "fish.ome.zarr")
    assert store.shape == (30, 4, 12, 16)
    assert store.exclude_frames == (3, 4)
    assert seen == ["data"]
    preparing.open_store(store.uri)
    assert len(desk.datasets) == 3


def test_the_brain_is_found_as_a_region_and_only_it_is_kept(desk: Desk) -> None:
    preparing = desk.preparing
    planned(preparing)
    preparing.configure(given={"brain_margin": 0.0, "crop_y": (4.0, 20.0), "bin": (1, 2, 2)})
    run = preparing.find_brain()
    assert run is not None
    wait_until(lambda: run.ended, 20)
    assert run.trouble is None
    (brain,) = desk.regions
    assert (brain.name, brain.volume) == ("brain", SHAPE[1:])
    assert preparing.wish.keep is Keep.REGION
    bright = movie().mean(0) > 120
    overlap = (brain.full_mask() & bright).sum() / (brain.full_mask() | bright).sum()
    assert overlap > 0.7
    assert brain.full_mask()[bright].all()
    planned(preparing)
    assert preparing.forecast is not None
    assert preparing.forecast.plan is not None
    assert preparing.forecast.plan.brain_share < 0.6
    again = preparing.find_brain()
    assert again is not None
    wait_until(lambda: again.ended, 20)
    assert len(desk.regions) == 1
    seen: list[str] = []
    desk.attend.connect(seen.append)
    desk.show(again)
    assert seen == ["rois"]


def test_an_edit_of_the_kept_region_is_planned_anew(desk: Desk) -> None:
    preparing = desk.preparing
    mask = np.zeros(SHAPE[1:], bool)
    mask[:, :12] = True
    region = desk.regions.add(region_of_mask(mask, "half", "#ff0000"))
    preparing.configure(keep=Keep.REGION, region=region.key)
    planned(preparing)
    before = preparing.forecast
    assert before is not None
    assert before.plan is not None
    assert before.plan.brain_share == pytest.approx(0.5)
    mask[:, 6:] = False
    desk.regions.reshape(region.key, region_of_mask(mask, "less", "#ff0000"))
    wait_until(lambda: preparing.forecast is not before, 5)
    planned(preparing)
    assert preparing.forecast is not None
    assert preparing.forecast.plan is not None
    assert preparing.forecast.plan.brain_share == pytest.approx(0.25)
    desk.regions.remove(region.key)
    assert "ROI that shall be kept is gone" in preparing.why_not_run()


def test_what_was_cancelled_is_resumed(desk: Desk, tmp_path: Path) -> None:
    preparing = desk.preparing
    planned(preparing)
    run = preparing.run()
    assert run is not None
    wait_until(lambda: Path(draft_of(preparing.wish.path)).exists() or run.ended)
    preparing.cancel()
    wait_until(lambda: run.job.ended, 20)
    planned(preparing)
    assert preparing.forecast is not None
    if not run.job.cancelled or preparing.forecast.standing.place is Place.TAKEN:
        pytest.skip("it was done before it could be cancelled")
    assert preparing.forecast.standing.place is Place.BEGUN
    assert preparing.why_not_run() == ""
    again = preparing.run()
    assert again is not None
    wait_until(lambda: preparing.made != "", 20)
    np.testing.assert_array_equal(nt.open(preparing.made).read_volume(7), movie()[7])


def test_what_was_begun_otherwise_is_only_begun_anew_if_one_says_so(desk: Desk) -> None:
    preparing = desk.preparing
    planned(preparing)
    first = preparing.run()
    assert first is not None
    wait_until(lambda: preparing.made != "", 20)
    Path(preparing.made).rename(draft_of(preparing.made))  # as if it was killed just before the end
    preparing.configure(given={"dtype": "float32"})
    planned(preparing)
    assert preparing.forecast is not None
    assert preparing.forecast.standing.place is Place.BEGUN_OTHERWISE
    assert "dtype was recorded" in preparing.why_not_run()
    assert preparing.run() is None
    assert preparing.trouble is not None
    assert preparing.run(restart=True) is not None
    wait_until(lambda: preparing.made != "", 20)
    assert nt.open(preparing.made).dtype == np.float32


def test_a_registration_is_baked_in_or_left_out(desk: Desk) -> None:
    preparing, dataset = desk.preparing, desk.datasets.current
    assert dataset is not None
    values = np.zeros((SHAPE[0], 3), np.float32)
    values[5] = (0, 2, 0)
    shifts = Shifts.rigid(values, SHAPE[1:])
    desk.datasets.change(dataset.key, lambda recording: recording.registered(shifts), print)
    wait_until(lambda: desk.datasets.current is not None and desk.datasets.current.recording.shifts is not None)
    for motion, wanted in ((Motion.RAW, movie()[5, 0, 0]), (Motion.AS_SEEN, movie()[5, 0, 2])):
        preparing.configure(motion=motion)
        planned(preparing)
        preparing.run()
        wait_until(lambda: preparing.made != "", 20)
        np.testing.assert_array_equal(nt.open(preparing.made).read_volume(5)[0, 0], wanted)
        shutil.rmtree(preparing.made)
    preparing.configure(motion=Motion.CHOSEN, entry=99)
    assert "registration that shall be used is gone" in preparing.why_not_run()


def test_every_missing_thing_is_said_as_the_next_step(tmp_path: Path) -> None:
    desk = Desk()
    try:
        preparing = desk.preparing
        assert preparing.why_not_run() == "Open a recording first."
        assert preparing.run() is None
        assert preparing.find_brain() is None
        desk.datasets.add(Recording.from_array(movie(), name="fish"))
        assert preparing.why_not_run() == "Connect to an engine first."
        desk.connection.connect("threads")
        wait_until(lambda: desk.connection.engine is not None)
        preparing.configure(path="")
        assert preparing.why_not_run() == "Say where the store shall be."
        preparing.configure(path=str(tmp_path / "no" / "folder"), given={"crop_t": (5.0, 2.0)})
        assert "crop_t" in preparing.why_not_run()
        preparing.configure(given={})
        preparing.watch(True)
        planned(preparing)
        assert "there is no such folder" in preparing.why_not_run()
    finally:
        desk.close(5)


def test_it_plans_as_long_as_one_of_two_tabs_is_looked_at(desk: Desk) -> None:
    desk.preparing.watch(True, 1)
    desk.preparing.watch(False)
    desk.preparing.configure(given={"compression": "small"})
    planned(desk.preparing)
    assert desk.preparing.why_not_run() == ""
    desk.preparing.watch(False, 1)
    desk.preparing.configure(given={"compression": "fast"})
    assert not desk.preparing.planner.busy


def test_a_full_disk_is_said_before(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage.__class__(usage.total, usage.total - 5000, 5000))
    desk.preparing.configure(given={"compression": "small"})
    planned(desk.preparing)
    assert "but only 5 kB are free" in desk.preparing.why_not_run()


def test_a_recording_that_is_closed_is_prepared_no_further(desk: Desk) -> None:
    planned(desk.preparing)
    run = desk.preparing.run()
    assert run is not None
    assert desk.datasets.current is not None
    desk.datasets.remove(desk.datasets.current.key)
    assert run.ended
    assert desk.preparing.why_not_run() == "Open a recording first."
