"""Registrations on the desk: run, tried, judged, used, saved; and frames left out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis.summary.images import SummaryImages
from napari_thunder.errors import ParameterError, RegistrationError
from napari_thunder.judging import judge
from napari_thunder.models import Desk
from napari_thunder.models.registration import Reference, ReferenceKind, RegistrationEntry
from napari_thunder.models.registration.motion import motion_of
from napari_thunder.models.registration.trying import box_around, middle_box
from napari_thunder.models.registration.work import quality_path
from napari_thunder.models.registration.worst import badness_of, correlations, worst_of
from napari_thunder.pipeline import run
from napari_thunder.recording import Recording
from napari_thunder.recording import open as open_recording
from napari_thunder.regions import region_of_mask
from napari_thunder.registering import register
from napari_thunder.result import save_result
from tests.models.registration.wandering import N_FRAMES, SPACE, brain, moves, moving
from tests.models.waiting import wait_until


@pytest.fixture
def make_desk() -> Iterator[Any]:
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk())
        made[-1].connection.connect("threads")
        wait_until(lambda: made[-1].connection.engine is not None)
        return made[-1]

    yield make
    for desk in made:
        desk.close(2.0)


@pytest.fixture
def desk(make_desk: Any) -> Desk:
    made: Desk = make_desk()
    made.datasets.add(moving())
    return made


@pytest.fixture(scope="module")
def saved_registration(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A registration of `moving` that was judged."""
    path = tmp_path_factory.mktemp("registration") / "moving.zarr"
    made = register(moving())
    save_result(made, path)
    save_result(judge(moving(), made), quality_path(path))
    return str(path)


@pytest.fixture
def registered(desk: Desk, saved_registration: str) -> Desk:
    """With a registration that was judged."""
    assert desk.registration.dataset is not None
    desk.registration.files.load(desk.registration.dataset, saved_registration)
    wait_until(lambda: judged(desk), 20)
    return desk


def judged(desk: Desk) -> bool:
    assert desk.registration.trouble is None, desk.registration.trouble
    entry = desk.registration.current
    return entry is not None and entry.quality is not None


def error_of(entry: RegistrationEntry) -> float:
    """Root mean square over frames, in voxels, up to where the template lies."""
    error = entry.shifts.mean - moves()
    return float(np.sqrt(np.mean((error - np.median(error, axis=0)) ** 2)))


def shifts_in_use(desk: Desk) -> Any:
    current = desk.datasets.current
    assert current is not None
    return current.recording.shifts


def test_a_registration_finds_the_motion_and_is_judged_by_itself(desk: Desk) -> None:
    desk.registration.run()
    wait_until(lambda: judged(desk), 60)
    entry = desk.registration.current
    assert entry is not None
    assert entry.name == "rigid 3-D to a robust template"
    assert error_of(entry) < 0.1
    assert entry.verdict is not None
    assert entry.verdict.line
    assert 30 in [outlier.frame for outlier in entry.outliers]
    assert all(outlier.reason for outlier in entry.outliers)


def test_partial_shifts_come_while_it_runs_and_go_when_it_is_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, release = [], Event()
    found = desk.registration

    def slowly(recording: Recording, settings: Any, **given: Any) -> Iterator[Any]:
        from napari_thunder.registering import stream_registration

        for progress in stream_registration(recording, settings, **given):
            seen.append(progress.done)
            yield progress
            release.wait(10)

    monkeypatch.setattr("napari_thunder.models.registration.work.stream_registration", slowly)
    run = found.run()
    assert run is not None
    wait_until(lambda: found.current is not None and not found.current.finished, 20)
    assert found.runs.running is run
    assert found.current is not None
    assert found.current.state == "running"
    found.use()
    found.judge()
    assert shifts_in_use(desk) is None
    found.runs.cancel()
    release.set()
    wait_until(lambda: found.current is None)
    assert found.runs.running is None
    assert found.trouble is None


def test_what_fails_says_why_and_leaves_nothing_half_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise RegistrationError("The template is blank. Choose other frames.")
        yield

    monkeypatch.setattr("napari_thunder.models.registration.work.stream_registration", fail)
    found = desk.registration
    found.run()
    wait_until(lambda: found.trouble is not None)
    assert found.trouble is not None
    assert found.trouble.message == "The template is blank. Choose other frames."
    assert found.entries == ()
    monkeypatch.undo()
    found.run()
    wait_until(lambda: found.current is not None and found.current.finished, 30)


def test_wrong_settings_are_refused_before_anything_runs(desk: Desk) -> None:
    found = desk.registration
    found.configure({"upsampling": 0})
    assert found.run() is None
    assert found.trouble is not None
    assert "upsampling=0" in found.trouble.message
    with pytest.raises(ParameterError):
        _ = found.settings


def test_what_is_missing_is_said_as_the_next_step(make_desk: Any) -> None:
    desk = make_desk()
    found = desk.registration
    assert found.why_not_run() == "Open a recording first."
    assert found.run() is None
    desk.datasets.add(Recording.from_array(np.ones((1, 2, 8, 8))))
    assert "single frame" in found.why_not_run()
    desk.datasets.add(moving())
    found.refer(Reference(ReferenceKind.FRAMES, (50, 80)))
    assert found.why_not_run() == "Choose frames between 0 and 59 to register to."
    found.refer(Reference(ReferenceKind.STACK))
    assert found.why_not_run() == "Choose the file of the anatomy stack or recording to register to."
    found.refer(Reference())
    assert found.why_not_run() == ""


def test_a_recording_is_seen_through_a_registration_and_raw_again(registered: Desk) -> None:
    found, entry = registered.registration, registered.registration.current
    assert entry is not None
    found.use()
    wait_until(lambda: shifts_in_use(registered) is not None)
    assert found.in_use is entry
    recording = registered.datasets.current.recording  # type: ignore[union-attr]
    still = np.nanstd(recording.read_volume(30) - recording.read_volume(0))
    raw = recording.raw
    assert still < 0.3 * np.std(raw.read_volume(30) - raw.read_volume(0))
    found.use_raw()
    wait_until(lambda: shifts_in_use(registered) is None)
    assert found.in_use is None


def test_traces_and_analyses_use_what_is_in_use(registered: Desk) -> None:
    mask = np.zeros(SPACE, bool)
    mask[1, 18:22, 20:24] = True
    region = registered.regions.add(region_of_mask(mask, "cell", "#56b4e9"))
    registered.traces.configure(measure="raw")
    key = f"region:{region.key}"

    def unrest() -> float:
        trace = registered.traces.get(key)
        return float("nan") if trace is None else float(np.nanstd(trace.values))

    wait_until(lambda: np.isfinite(unrest()), 20)
    before = unrest()
    registered.registration.use()
    wait_until(lambda: unrest() < 0.5 * before, 20)
    registered.run("summary_images", {})
    wait_until(lambda: any(entry.finished for entry in registered.results), 20)
    entry = next(iter(registered.results))
    current = registered.datasets.current
    assert current is not None
    inner = (slice(1, 4), slice(8, 32), slice(8, 40))
    mean = np.mean([current.recording.read_volume(t)[inner] for t in range(N_FRAMES)], axis=0)
    np.testing.assert_allclose(entry.dataset["mean"].values[inner], mean, rtol=1e-4)
    registered.registration.use_raw()
    wait_until(lambda: unrest() == before, 20)


def test_excluded_frames_go_into_the_recording_and_come_back(registered: Desk) -> None:
    found, heard = registered.registration, []
    found.frames_changed.connect(lambda: heard.append(found.frames.excluded))
    found.frames.exclude([3, 4])
    wait_until(lambda: found.frames.excluded == (3, 4))
    found.frames.exclude(outlier.frame for outlier in found.outliers)
    wait_until(lambda: 30 in found.frames.excluded)
    assert not registered.datasets.current.recording.keep[[3, 4, 30]].any()  # type: ignore[union-attr]
    assert found.frames.can_undo
    found.frames.undo()
    wait_until(lambda: found.frames.excluded == (3, 4))
    found.frames.restore([3])
    wait_until(lambda: found.frames.excluded == (4,))
    found.frames.restore()
    wait_until(lambda: found.frames.excluded == ())
    found.frames.undo()
    wait_until(lambda: found.frames.excluded == (4,))
    assert (3, 4) in heard


def test_all_frames_cannot_be_excluded(desk: Desk) -> None:
    desk.registration.frames.exclude(range(N_FRAMES))
    wait_until(lambda: desk.registration.trouble is not None)
    assert "all frames are excluded" in desk.registration.trouble.message  # type: ignore[union-attr]
    assert desk.registration.frames.excluded == ()
    assert not desk.registration.frames.can_undo


def test_frames_stay_excluded_when_another_registration_is_used(registered: Desk) -> None:
    found = registered.registration
    found.frames.exclude([7])
    found.use()
    wait_until(lambda: shifts_in_use(registered) is not None and found.frames.excluded == (7,))
    found.use_raw()
    wait_until(lambda: shifts_in_use(registered) is None)
    assert found.frames.excluded == (7,)


def test_a_try_answers_for_the_worst_frames(desk: Desk) -> None:
    found, heard = desk.registration, []
    found.tried.connect(heard.append)
    found.try_out()
    wait_until(lambda: bool(heard), 30)
    trial = heard[0]
    assert 30 in trial.frames
    assert np.nanmedian(trial.after) > np.nanmedian(trial.before)
    assert trial.line.startswith("better: ")
    assert found.trial is trial
    assert found.entries == ()


def test_a_try_can_be_held_to_a_region_and_a_stretch(desk: Desk) -> None:
    mask = np.zeros(SPACE, bool)
    mask[1, 15:20, 0:4] = True
    found = desk.registration
    found.try_out(region_of_mask(mask, "cell", "#56b4e9"), (10, 30))
    wait_until(lambda: found.trial is not None, 30)
    assert found.trial is not None
    assert found.trial.frames == tuple(range(10, 30))
    assert found.trial.start == (0, 0, 0)
    assert found.trial.stop == (5, 36, 20)


@pytest.mark.parametrize("kind", [ReferenceKind.FRAMES, ReferenceKind.VIEW, ReferenceKind.STACK, ReferenceKind.CHANNEL])
def test_any_reference_can_be_tried_and_run(desk: Desk, kind: ReferenceKind, tmp_path: Path) -> None:
    found, path = desk.registration, tmp_path / "other.npy"
    other = brain()[None, :, 10:-10, 10:-10] if kind is ReferenceKind.STACK else moving().source.array  # type: ignore[attr-defined]
    np.save(path, np.asarray(other, np.float32))
    found.refer(Reference(kind, (0, 5), str(path)))
    found.try_out(frame=3)
    wait_until(lambda: found.trial is not None or found.trouble is not None, 30)
    assert found.trouble is None
    run = found.run(frame=3)
    wait_until(lambda: found.current is not None and found.current.finished, 30)
    assert run is not None
    assert found.current is not None
    assert error_of(found.current) < 0.2


def test_a_reference_of_another_size_is_refused_in_words(desk: Desk, tmp_path: Path) -> None:
    np.save(tmp_path / "small.npy", np.ones((1, 2, 8, 9), np.float32))
    found = desk.registration
    found.refer(Reference(ReferenceKind.STACK, path=str(tmp_path / "small.npy")))
    for ask in (found.try_out, found.run):
        found.tell(None)
        ask()
        wait_until(lambda: found.trouble is not None, 20)
        assert "small.npy" in found.trouble.message  # type: ignore[union-attr]


def test_a_recording_on_the_desk_can_be_the_reference(desk: Desk) -> None:
    first = desk.datasets.current
    desk.datasets.add(moving("other"))
    found = desk.registration
    assert first is not None
    found.refer(Reference(ReferenceKind.STACK, path=first.recording.uri))
    found.try_out()
    wait_until(lambda: found.trial is not None or found.trouble is not None, 30)
    assert found.trouble is None


def test_registrations_are_saved_with_their_judgement_and_loaded(registered: Desk, tmp_path: Path) -> None:
    found, entry, saved = registered.registration, registered.registration.current, []
    assert entry is not None
    found.files.saved.connect(saved.append)
    path = str(tmp_path / "moving.zarr")
    found.files.save(entry, path)
    wait_until(lambda: saved == [path], 20)
    assert found.current is not None
    assert found.current.state == "saved"
    found.remove(entry.key)
    assert found.current is None
    found.files.load(found.dataset, path)  # type: ignore[arg-type]
    wait_until(lambda: found.current is not None, 20)
    assert found.current is not None
    assert found.current.shifts == entry.shifts
    assert found.current.verdict == entry.verdict


@pytest.mark.parametrize("how", ["our own", "corrections"])
def test_shifts_from_a_table_are_used_like_any_registration(
    desk: Desk, saved_registration: str, tmp_path: Path, how: str
) -> None:
    found, path = desk.registration, tmp_path / "shifts.csv"
    assert found.dataset is not None
    if how == "our own":
        found.files.load(found.dataset, saved_registration)
        wait_until(lambda: found.current is not None, 20)
        assert found.current is not None
        found.files.export_csv(found.current, str(path))
        wait_until(path.exists, 20)
        shift = found.current.shifts.mean
    else:
        shift = moves()
        np.savetxt(path, -shift)
    found.files.load(found.dataset, str(path), "correction" if how == "corrections" else None)
    named = lambda: found.current is not None and found.current.name == "shifts.csv"  # noqa: E731
    wait_until(lambda: named() or found.trouble is not None, 20)
    assert found.trouble is None
    assert found.current is not None
    np.testing.assert_allclose(found.current.shifts.mean, shift, atol=1e-5)
    found.use()
    wait_until(lambda: shifts_in_use(desk) is not None)
    assert found.in_use is found.current
    found.judge()
    wait_until(lambda: judged(desk), 30)


def test_a_registration_is_judged_in_each_condition_too(make_desk: Any) -> None:
    desk = make_desk()
    events = pd.DataFrame({"start_time": [2.0, 12.0], "stop_time": [10.0, 20.0], "state": ["still", "running"]})
    desk.datasets.add(moving(events=events))
    found = desk.registration
    found.judge_by("state")
    found.run()
    wait_until(lambda: judged(desk), 60)
    assert found.current is not None
    assert [(epoch.name, epoch.frames) for epoch in found.current.epochs] == [("running", 16), ("still", 16)]
    assert "frames" in found.current.epochs[0].line
    found.judge_by("", "no such signal")
    assert found.quality.epochs_signal is None


def test_a_report_is_one_page(registered: Desk, tmp_path: Path) -> None:
    found, path = registered.registration, tmp_path / "page.html"
    assert found.current is not None
    found.files.report(found.current, str(path))
    wait_until(lambda: path.exists() or found.trouble is not None, 60)
    assert found.trouble is None
    assert found.current.verdict is not None
    assert found.current.verdict.word in path.read_text()


def test_a_registration_that_was_removed_can_be_brought_back(registered: Desk) -> None:
    found, entry = registered.registration, registered.registration.current
    assert entry is not None
    assert not found.can_bring_back
    found.remove(entry.key)
    assert found.can_bring_back
    found.bring_back()
    assert found.current is entry
    assert not found.can_bring_back


@pytest.mark.parametrize("what", ["nothing", "other", "result"])
def test_a_wrong_file_is_refused_in_words(desk: Desk, tmp_path: Path, what: str) -> None:
    found, path = desk.registration, tmp_path / "wrong.zarr"
    if what == "other":
        other = Recording.from_array(np.random.default_rng(0).normal(0, 1, (8, 2, 24, 24)))
        save_result(register(other), path)
    elif what == "result":
        save_result(run(SummaryImages(), moving()), path)
    found.files.load(found.dataset, str(path))  # type: ignore[arg-type]
    wait_until(lambda: found.trouble is not None, 20)
    said = {"nothing": "no such result", "other": "8 frames", "result": "not a registration"}
    assert said[what] in found.trouble.message  # type: ignore[union-attr]
    assert found.entries == ()


def test_a_session_keeps_registrations_their_judgement_and_what_is_in_use(make_desk: Any, tmp_path: Path) -> None:
    desk = make_desk()
    movie = tmp_path / "movie.npy"
    np.save(movie, moving().source.array)  # type: ignore[attr-defined]
    desk.datasets.add(open_recording(movie, voxel_size=(5, 2, 2), frame_rate=2))
    desk.registration.configure({"upsampling": 5})
    desk.registration.refer(Reference(ReferenceKind.FRAMES, (2, 9)))
    desk.registration.run()
    wait_until(lambda: judged(desk), 60)
    desk.registration.use()
    desk.registration.frames.exclude([30])
    wait_until(lambda: shifts_in_use(desk) is not None and desk.registration.frames.excluded == (30,))
    desk.session.save(tmp_path / "desk")
    wait_until(lambda: not desk.session.busy, 30)
    assert desk.session.trouble is None, desk.session.trouble
    again = make_desk()
    again.session.restore(desk.session.path)
    wait_until(lambda: not again.session.busy, 30)
    before, after = desk.registration.current, again.registration.current
    assert after is not None
    assert before is not None
    assert after.shifts == before.shifts
    assert after.verdict == before.verdict
    assert again.registration.in_use is after
    assert again.registration.frames.excluded == (30,)
    assert again.registration.given == {"upsampling": 5}
    assert again.registration.reference == Reference(ReferenceKind.FRAMES, (2, 9))


def test_closing_takes_bounded_time_while_a_registration_hangs(make_desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    release = Event()

    def hang(*_: Any, **__: Any) -> Iterator[Any]:
        release.wait(30)
        yield from ()

    monkeypatch.setattr("napari_thunder.models.registration.work.stream_registration", hang)
    desk = make_desk()
    desk.datasets.add(moving())
    run = desk.registration.run()
    wait_until(lambda: run.job.started is not None)
    begun = time.monotonic()
    desk.close(0.5)
    assert time.monotonic() - begun < 1.5
    release.set()


def test_removing_a_recording_takes_its_registrations_and_stops_its_runs(registered: Desk) -> None:
    key = registered.datasets.current.key  # type: ignore[union-attr]
    run = registered.registration.run()
    assert run is not None
    registered.datasets.remove(key)
    assert registered.registration.current is None
    assert run.job.cancelled
    registered.registration.bring_back()
    assert registered.registration.entries == ()


def test_traces_of_motion_are_in_um_or_voxels_and_split_into_drift_and_jitter(registered: Desk) -> None:
    entry, recording = registered.registration.current, moving()
    assert entry is not None
    um, voxels = motion_of(entry, recording), motion_of(entry, recording, in_um=False)
    np.testing.assert_allclose(um.shift, voxels.shift * (5, 2, 2))
    np.testing.assert_allclose(um.drift + um.jitter, um.shift)
    assert (um.unit, voxels.unit) == ("µm", "voxel")
    assert np.nanmedian(um.correlation) > np.nanmedian(um.before)  # type: ignore[arg-type]
    assert "µm · r 0." in um.words(10) or "µm · r 1." in um.words(10)
    assert um.words(N_FRAMES) == "not estimated"


def test_the_worst_frames_are_those_far_off_fast_or_unlike(registered: Desk) -> None:
    entry = registered.registration.current
    assert entry is not None
    assert 30 in worst_of(badness_of(entry), 5)
    assert worst_of(np.array([3.0, np.nan, 5.0, 1.0]), 2) == [0, 2]


def test_boxes_lie_inside_the_volume() -> None:
    wide = Recording.from_array(np.broadcast_to(np.float32(0), (2, 4, 900, 700)))
    start, stop = middle_box(wide)
    assert start[0] == 0
    assert stop[0] == 4
    assert all(0 <= a < b <= n for a, b, n in zip(start, stop, (4, 900, 700), strict=True))
    assert np.prod(np.subtract(stop, start)) <= 200_000
    mask = np.zeros((4, 900, 700), bool)
    mask[2, 890:, 5:9] = True
    assert box_around(region_of_mask(mask, "corner", "#ffffff"), wide) == ((0, 874, 0), (4, 900, 25))


def test_correlations_are_those_of_numpy_where_both_are_known() -> None:
    rng = np.random.default_rng(0)
    movie, template = rng.normal(size=(3, 2, 5, 6)), rng.normal(size=(2, 5, 6))
    movie[1, 0, 0, :] = np.nan
    found = correlations(movie, template)
    known = np.isfinite(movie[1])
    np.testing.assert_allclose(found[1], np.corrcoef(movie[1][known], template[known])[0, 1])
    assert np.isnan(correlations(np.ones((1, 2, 2, 2)), np.ones((2, 2, 2)))[0])
