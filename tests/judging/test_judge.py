import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.engine import Job
from napari_thunder.errors import (
    JobCancelled,
    MissingMetadataError,
    ParameterError,
    RegistrationError,
    ResultError,
    TableError,
)
from napari_thunder.judging import CONTRACT, Quality, judge, outlier_frames, passes, verdict_of
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts
from napari_thunder.result import load_result, save_result
from tests.judging.moving import moving_fish

RAW, CONTROL, REGISTERED = range(3)
FEW = Quality(components=2)
BY_RUNNING = Quality(components=4, epochs_signal="running")


@pytest.fixture(scope="module")
def fish():
    found = moving_fish(jumps=(40,))
    running = pd.DataFrame({"running": np.arange(120) // 20 % 2}, index=pd.RangeIndex(120, name="frame"))
    return dataclasses.replace(found, recording=found.recording.without_frames([10, 11]).with_known(signals=running))


@pytest.fixture(scope="module")
def quality(fish):
    return judge(fish.recording, fish.shifts, BY_RUNNING)


@pytest.fixture(scope="module")
def movies(fish):
    """Each stage's movie (t, z, y, x) in full, by reading it as anyone would."""
    control = np.tile([0.5, 0.5, 0.5], (fish.recording.shape[0], 1))
    stages = (
        fish.recording,
        fish.recording.registered(Shifts.rigid(control, fish.recording.shape[1:])),
        fish.recording.registered(fish.shifts),
    )
    return [np.stack([r.read_volume(t) for t in range(r.shape[0])]).astype(np.float64) for r in stages]


@pytest.fixture(scope="module")
def used(fish):
    return np.setdiff1d(np.arange(fish.recording.shape[0]), [10, 11, 40])


def test_a_good_registration_is_called_good_and_the_jump_is_named(fish, quality):
    verdict = verdict_of(quality)
    assert verdict.line.startswith(verdict.word)
    assert verdict.word in ("good", "fair")  # a tenth of this small volume leaves the view
    assert float(quality.pc_shift.sel(stage="registered").mean()) < 0.1
    assert 40 in quality.attrs["outlier_frames"]
    assert "it jumps away from the frame before" in json.loads(quality.attrs["outlier_reasons"])["40"]
    assert len(quality.attrs["outlier_frames"]) <= 4


def test_frames_are_excluded_by_rule(fish, quality):
    assert outlier_frames(quality) == quality.attrs["outlier_frames"]
    assert outlier_frames(quality, ["speed"]) == [40]
    assert outlier_frames(quality, ["limit"]) == []
    cleaned = fish.recording.without_frames(outlier_frames(quality, ["speed"]))
    assert cleaned.exclude_frames == (10, 11, 40)
    with pytest.raises(ParameterError, match="There are: not estimated"):
        outlier_frames(quality, ["mood"])


def test_no_registration_at_all_is_called_bad(fish):
    verdict = verdict_of(judge(fish.recording, Shifts.rigid(np.zeros_like(fish.true), fish.recording.shape[1:]), FEW))
    assert verdict.word == "bad"


def test_shifts_of_the_wrong_sign_make_it_worse(fish):
    verdict = verdict_of(judge(fish.recording, Shifts.rigid(-fish.true, fish.recording.shape[1:]), FEW))
    assert verdict.word == "bad"
    assert any("made it worse" in reason for reason in verdict.reasons)


def test_frame_correlation_is_pearsons_with_the_mean_without_the_frame(quality, movies, used):
    region = quality.region.values
    for stage, movie in enumerate(movies):
        # all used frames but a few are in the templates of 100 evenly spaced ones
        chosen = used[np.linspace(0, len(used) - 1, 100).round().astype(int)]
        for t in (0, 57, 58, 99):
            template = movie[[c for c in chosen if c != t]].mean(axis=0)
            expected = np.corrcoef(movie[t][region], template[region])[0, 1]
            assert float(quality.frame_corr[stage, t]) == pytest.approx(expected, abs=2e-6)
            plane = region[2]
            of_plane = np.corrcoef(movie[t][2][plane], template[2][plane])[0, 1]
            assert float(quality.frame_corr_plane[stage, t, 2]) == pytest.approx(of_plane, abs=2e-6)


def test_an_outlier_that_leaves_the_region_is_compared_where_it_is_known(quality, movies, used):
    chosen = used[np.linspace(0, len(used) - 1, 100).round().astype(int)]
    frame, template = movies[REGISTERED][40], movies[REGISTERED][chosen].mean(axis=0)
    both = quality.region.values & np.isfinite(frame)
    assert 0 < both.sum() < quality.region.values.sum()
    expected = np.corrcoef(frame[both], template[both])[0, 1]
    assert float(quality.frame_corr[REGISTERED, 40]) == pytest.approx(expected, abs=2e-6)
    change = movies[REGISTERED][40] - movies[REGISTERED][39]
    assert float(quality.dvars[REGISTERED, 40]) == pytest.approx(np.sqrt(np.mean(change[both] ** 2)), rel=1e-5)


def test_dvars_is_the_root_mean_square_of_the_change(quality, movies):
    region = quality.region.values
    for stage, movie in enumerate(movies):
        expected = np.sqrt(np.mean((movie[71] - movie[70])[region] ** 2))
        assert float(quality.dvars[stage, 71]) == pytest.approx(expected, rel=1e-5)
    assert np.isnan(quality.dvars[:, [0, 10, 11, 12]]).all()


def test_excluded_frames_are_in_nothing(quality):
    assert quality.excluded.values.nonzero()[0].tolist() == [10, 11]
    for name in ("frame_corr", "dvars"):
        assert np.isnan(quality[name][:, 10:12]).all()
    assert np.isnan(quality["shift"][10:12]).all()
    assert not quality.outlier[10:12].any()


def test_maps_are_those_of_the_whole_movies(quality, movies, used):
    region = quality.region.values
    for stage, movie in enumerate(movies):
        series = movie[used][:, region]
        np.testing.assert_allclose(quality["mean"].values[stage][region], series.mean(axis=0), rtol=1e-5)
        tsnr = series.mean(axis=0) / series.std(axis=0)
        np.testing.assert_allclose(quality.tsnr.values[stage][region], tsnr, rtol=1e-4)
        assert np.isnan(quality.tsnr.values[stage][~region]).all()
        assert float(quality.tsnr_median[stage]) == pytest.approx(np.median(tsnr), rel=1e-4)


def test_motion_r2_is_that_of_a_regression_on_the_shifts(fish, quality, movies, used):
    region = quality.region.values
    traces = np.column_stack([np.ones(len(used)), fish.true[used]])
    for stage in (RAW, REGISTERED):
        series = movies[stage][used][:, region]
        rest = series - traces @ np.linalg.lstsq(traces, series, rcond=None)[0]
        expected = 1 - rest.var(axis=0) / series.var(axis=0)
        np.testing.assert_allclose(quality.motion_r2.values[stage][region], expected, atol=1e-4)
    assert quality.motion_r2_median[REGISTERED] < quality.motion_r2_median[RAW] / 2


def test_halves_are_compared_as_whole_movies_would_be(quality, movies, used):
    region = quality.region.values
    half = (len(used) + 1) // 2
    for stage, movie in enumerate(movies):
        series = movie[used][:, region]
        halves = np.corrcoef(series[:half].mean(axis=0), series[half:].mean(axis=0))[0, 1]
        parities = np.corrcoef(series[::2].mean(axis=0), series[1::2].mean(axis=0))[0, 1]
        assert float(quality.half_split[stage]) == pytest.approx(halves, abs=1e-6)
        assert float(quality.odd_even[stage]) == pytest.approx(parities, abs=1e-6)


def test_valid_is_what_was_sampled_in_every_frame(quality, movies, used):
    sampled = np.isfinite(movies[REGISTERED][used])
    np.testing.assert_array_equal(quality.valid.values, sampled.all(axis=0))
    np.testing.assert_allclose(quality.coverage.values, sampled.mean(axis=0), rtol=1e-6)
    assert not (quality.region.values & ~quality.valid.values).any()
    assert float(quality.valid_fraction) == pytest.approx(sampled.all(axis=0).mean())


def test_naive_measures_gain_by_blurring_alone_and_pc_shift_does_not(quality):
    corr, tsnr, dvars = (
        quality.frame_corr.median("frame"), quality.tsnr_median, quality.dvars.median("frame")
    )  # fmt: skip
    assert corr[CONTROL] > corr[RAW]
    assert tsnr[CONTROL] > tsnr[RAW]
    assert dvars[CONTROL] < dvars[RAW]
    pc_shift = quality.pc_shift.mean("component")
    assert pc_shift[CONTROL] > 0.8 * pc_shift[RAW]
    assert pc_shift[REGISTERED] < 0.1 * pc_shift[RAW]
    assert quality.crispness[CONTROL] < quality.crispness[RAW] < quality.crispness[REGISTERED]


def test_traces_are_in_voxels_and_micrometres(fish, quality):
    known = ~quality.excluded.values
    np.testing.assert_allclose(quality["shift"].values[known], fish.true[known], atol=1e-5)
    np.testing.assert_allclose(quality["shift_um"], quality["shift"] * fish.recording.voxel_size)
    np.testing.assert_allclose((quality.drift + quality.jitter).values[known], fish.true[known], atol=1e-5)


def test_epochs_are_judged_for_themselves(quality):
    assert sum(quality.epoch_frames.values) == 118
    assert quality.epoch.values.tolist() == ["running > 0.5", "running ≤ 0.5"]
    assert quality.epoch_word.values.tolist() == ["good", "good"]
    assert quality.epoch_shift.sel(stage="registered").max() < 0.3


def test_a_condition_in_which_the_brain_lies_elsewhere_is_named_bad(fish):
    times = fish.recording.frame_times
    epochs = pd.DataFrame({"start_time": times[[60, 90]], "stop_time": times[[90, 119]], "state": ["run", "still"]})
    values = fish.true.copy()
    values[60:90, 2] += 1.0  # the registration missed this while the fish ran
    found = judge(fish.recording, Shifts.rigid(values, fish.recording.shape[1:]), FEW, epochs=epochs)
    assert found.epoch.values.tolist() == ["run", "still"]
    assert found.epoch_displacement.sel(stage="registered", epoch="run", axis="x") == pytest.approx(-1, abs=0.15)
    assert found.epoch_word.values[0] == verdict_of(found).word == "bad"
    assert "In “run” the picture lies" in " ".join(verdict_of(found).reasons)


def test_the_mask_restricts_what_is_measured(fish):
    mask = np.zeros(fish.recording.shape[1:], bool)
    mask[1:3, 10:45, 15:65] = True
    found = judge(fish.recording.with_known(mask=mask), fish.shifts, FEW)
    assert not (found.region.values & ~mask).any()
    assert found.attrs["outlier_frames"] == judge(fish.recording, fish.shifts, FEW, mask=mask).attrs["outlier_frames"]


@pytest.mark.parametrize("voxels", [56 * 72 * 2, 72 * 20])
def test_boxes_give_the_same_numbers_as_the_whole(voxels, fish, quality, monkeypatch):
    monkeypatch.setattr(passes, "affordable_voxels", lambda memory, cores: voxels)
    _same(judge(fish.recording, fish.shifts, BY_RUNNING), quality)


def test_shifts_by_plane_are_judged(fish):
    planes = np.repeat(fish.true[:, None, 1:], fish.recording.shape[1], axis=1)
    found = judge(fish.recording, Shifts.of_planes(planes, fish.recording.shape[1:]), FEW)
    assert found.pc_shift.sel(stage="registered").max() < 0.5 * found.pc_shift.sel(stage="raw").max()


def test_shifts_by_block_that_are_all_the_same_are_judged_like_one(fish, quality):
    values = np.broadcast_to(fish.true[:, None, None, None], (len(fish.true), 1, 2, 2, 3))
    blocks = Shifts(values, ([2], [14, 42], [18, 54]), fish.recording.shape[1:])
    found = judge(fish.recording, blocks, FEW)
    np.testing.assert_allclose(found.frame_corr, quality.frame_corr, atol=1e-5)


def test_a_registered_recording_is_judged_by_its_own_shifts(fish, quality):
    _same(judge(fish.recording.registered(fish.shifts), settings=BY_RUNNING), quality)


def test_frames_that_were_not_estimated_are_left_out(fish):
    values = fish.true.copy()
    values[[5, 80]] = np.nan
    found = judge(fish.recording, Shifts.rigid(values, fish.recording.shape[1:]), FEW)
    assert {5, 80} <= set(found.attrs["outlier_frames"])
    assert np.isnan(found.frame_corr[REGISTERED, 5])
    assert found.valid_fraction > 0.3


def test_where_nothing_stays_in_view_the_verdict_is_bad(fish):
    values = np.zeros_like(fish.true)
    values[::2, 1], values[1::2, 1] = 40, -40
    values[:, 1] += np.random.default_rng(0).uniform(-1, 1, len(values))
    found = judge(fish.recording, Shifts.rigid(values, fish.recording.shape[1:]), Quality(speed_outlier=1e6))
    assert verdict_of(found).word == "bad"
    assert float(found.region_fraction) == 0


def test_a_recording_of_one_plane_and_of_few_frames_is_judged_as_far_as_it_goes():
    fish = moving_fish((15, 1, 64, 80))
    found = judge(fish.recording, fish.shifts)
    assert "Too few frames" in " ".join(verdict_of(found).reasons)
    assert np.isnan(found.plane_agreement).all()
    assert np.isfinite(found.frame_corr).all()


def test_it_is_saved_and_loaded_with_its_verdict(quality, tmp_path):
    save_result(quality, tmp_path / "quality.zarr")
    loaded = load_result(tmp_path / "quality.zarr")
    assert verdict_of(loaded) == verdict_of(quality)
    assert list(loaded.attrs["outlier_frames"]) == quality.attrs["outlier_frames"]
    _same(loaded, quality)


def test_the_contract_names_what_is_there(quality):
    for name in (*quality.data_vars, *quality.coords, *quality.attrs):
        assert name.removesuffix("_um") in CONTRACT, name


def test_its_provenance_says_what_was_judged_and_how(fish, quality):
    record = json.loads(quality.attrs["provenance"])
    assert record["analysis"] == "registration_quality"
    assert record["registration"]["shifts"] == fish.shifts.digest
    assert record["parameters"]["interpolation"] == "linear"
    assert record["recording"]["exclude_frames"] == [10, 11]


def test_a_judgement_is_judged_again_and_not_rerun(quality):
    with pytest.raises(ResultError, match="Judge the registration again"):
        nt.rerun(quality)


def test_a_cancelled_job_stops_soon(fish):
    job = Job("judge")
    job.changed.connect(lambda: job.cancel() if job.fraction > 0.2 else None, check_nargs=False)
    with pytest.raises(JobCancelled):
        judge(fish.recording, fish.shifts, FEW, job=job)


def test_progress_never_goes_back_and_ends_at_one(fish):
    job, seen = Job("judge"), []
    job.changed.connect(lambda: seen.append(job.fraction), check_nargs=False)
    judge(fish.recording, fish.shifts, FEW, job=job)
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_what_cannot_be_judged_is_said(fish):
    with pytest.raises(RegistrationError, match="no shifts to judge"):
        judge(fish.recording)
    with pytest.raises(RegistrationError, match="shifts are of 7 frames"):
        judge(fish.recording, Shifts.rigid(np.zeros((7, 3)), fish.recording.shape[1:]))
    with pytest.raises(RegistrationError, match="not a registration"):
        judge(fish.recording, nt.ground_truth(fish.still).drop_vars("shift"))
    with pytest.raises(RegistrationError, match="no column 'mood'"):
        judge(fish.recording, fish.shifts, Quality(epochs_by="mood"))
    plain = Recording.from_array(fish.recording.source.array)
    with pytest.raises(RegistrationError, match="it has none"):
        judge(plain, fish.shifts, Quality(epochs_by="direction"))
    with pytest.raises(RegistrationError, match="it has none"):
        judge(plain, fish.shifts, BY_RUNNING)
    epochs = pd.DataFrame({"start_time": [0.0], "stop_time": [1.0], "state": ["run"]})
    with pytest.raises(MissingMetadataError, match="frame_rate"):
        judge(plain, fish.shifts, epochs=epochs)
    with pytest.raises(TableError, match="start_time"):
        judge(fish.recording, fish.shifts, epochs=pd.DataFrame({"state": ["run"]}))


def _same(found, expected):
    assert set(found.data_vars) == set(expected.data_vars)
    for name in expected.data_vars:
        scale = float(np.nanmax(np.abs(expected[name].values), initial=0.0))
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-5 * scale, err_msg=name)
