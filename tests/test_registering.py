"""Registering recordings: motion that is known for certain, real fish before and after, and what comes of it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
import xarray as xr
from numpy.typing import NDArray

import napari_thunder as nt
from napari_thunder.cli import main
from napari_thunder.engine import Job
from napari_thunder.errors import JobCancelled, ParameterError, RegistrationError, ResultError
from napari_thunder.registering import register, shifts_of, stream_registration
from napari_thunder.registration import Shifts
from napari_thunder.registration.estimator import Estimate
from napari_thunder.registration.likeness import Likeness
from napari_thunder.registration.settings import Registration
from tests.registration.scenes import Scene, jitter, rms

SPACE = (6, 40, 48)
SIZE = (4.0, 1.0, 1.0)
FEW = Registration(template_frames=20, template_rounds=4)


def motion(n: int = 48) -> NDArray[np.float64]:
    """Drift, jitter and jumps (n, 3) in voxels."""
    shifts = 0.3 * jitter(n, SPACE, seed=1)
    shifts += np.linspace(-1, 1, n)[:, None] * [0.4, 1.5, -1.0]
    shifts[[10, 30]] += [0.8, 3, 2]
    return shifts


@pytest.fixture(scope="module")
def movie() -> NDArray[np.uint16]:
    return (Scene(SPACE).frames(motion(), 30).clip(0) + 100).astype(np.uint16)


@pytest.fixture(scope="module")
def recording(movie: NDArray[np.uint16], tmp_path_factory: pytest.TempPathFactory) -> nt.Recording:
    path = tmp_path_factory.mktemp("moving") / "movie.npy"
    np.save(path, movie)
    return nt.open(path, voxel_size=SIZE, frame_rate=2.0)


@pytest.fixture(scope="module")
def registration(recording: nt.Recording) -> xr.Dataset:
    return register(recording, FEW)


def error_of(found: xr.Dataset, true: NDArray[np.float64]) -> NDArray[np.float64]:
    """Error (t, 3) of shifts, apart from where the template lies."""
    error = shifts_of(found).mean - true
    return error - np.nanmedian(error, axis=0)


def test_injected_motion_is_found(registration: xr.Dataset) -> None:
    assert rms(error_of(registration, motion())) < 0.06
    assert registration["confidence"].min() > 2


def test_registered_frames_are_like_the_template_and_alike(recording: nt.Recording, registration: xr.Dataset) -> None:
    template = Likeness(registration["template"].values)
    registered = recording.registered(shifts_of(registration))
    after = np.array([template.of(registered.read_volume(t)) for t in range(48)])
    before = np.array([template.of(recording.read_volume(t).astype(np.float32)) for t in range(48)])
    np.testing.assert_allclose(registration["frame_correlation"], after, atol=1e-5)
    assert after.min() > 0.95 > np.quantile(before, 0.1)


def test_the_dataset_says_what_it_holds(recording: nt.Recording, registration: xr.Dataset) -> None:
    assert registration["shift"].dims == ("frame", "grid_z", "grid_y", "grid_x", "axis")
    assert registration["shift"].dtype == registration["template"].dtype == np.float32
    assert list(registration["axis"].values) == ["z", "y", "x"]
    assert (float(registration["grid_z"][0]), float(registration["grid_x"][0])) == (2.5, 23.5)
    np.testing.assert_array_equal(registration["frame"], np.arange(48))
    np.testing.assert_allclose(registration["time"], recording.frame_times)
    assert registration.attrs["analysis"] == "registration"
    record = json.loads(registration.attrs["provenance"])
    assert record["parameters"]["template_frames"] == 20
    assert record["recording"]["uri"] == recording.uri
    assert record["template"] is None


def test_it_fills_in_while_it_runs(recording: nt.Recording) -> None:
    known = []
    for progress in stream_registration(recording, FEW):
        known.append(int(np.isfinite(progress.dataset["frame_correlation"].values).sum()))
        assert progress.done == known[-1]
        assert np.isfinite(progress.dataset["template"].values).any()
        assert progress.n == 48
    assert known[0] == 0
    assert known == sorted(known)
    assert len(set(known)) > 3
    assert progress.finished
    assert known[-1] == 48


def test_planes_that_move_on_their_own_are_found_plane_by_plane() -> None:
    scenes = [Scene((1, *SPACE[1:]), seed) for seed in range(3)]
    true = np.stack([jitter(16, (1, 2, 2), seed, spread=1.5) for seed in range(3)], axis=1)
    planes = [scene.frames(true[:, z], 30)[:, 0] for z, scene in enumerate(scenes)]
    found = register(nt.Recording.from_array(np.stack(planes, axis=1)), Registration(mode="rigid 2-D planes"))
    shifts = shifts_of(found)
    assert shifts.kind == "planes"
    error = shifts.values[:, :, 0, 0, 1:] - true[..., 1:]
    assert rms(error - np.median(error, axis=0)) < 0.12


def test_a_saved_registration_is_loaded_and_made_again_to_the_last_bit(
    registration: xr.Dataset, tmp_path: Path
) -> None:
    path = nt.save_result(registration, tmp_path / "reg.zarr")
    loaded = nt.load_result(path)
    assert shifts_of(loaded) == shifts_of(registration)
    again = nt.rerun(path)
    for name in ("shift", "confidence", "frame_correlation", "template"):
        np.testing.assert_array_equal(again[name], registration[name])


def test_excluded_frames_are_never_part_of_the_template_but_have_shifts(movie: NDArray[np.uint16]) -> None:
    spoilt = movie.copy()
    spoilt[::2] = np.roll(spoilt[::2], 20, axis=3)
    recording = nt.Recording.from_array(spoilt, exclude_frames=range(0, 48, 2))
    found = register(recording, FEW)
    alone = register(nt.Recording.from_array(movie[1::2]), FEW)
    np.testing.assert_array_equal(found["template"], alone["template"])
    assert np.isfinite(shifts_of(found).values).all()


def test_chosen_frames_make_the_template(recording: nt.Recording, movie: NDArray[np.uint16]) -> None:
    found = register(recording, Registration(chosen_frames=(3, 4, 5)))
    np.testing.assert_allclose(found["template"], movie[3:6].mean(axis=0), rtol=1e-6)
    middle = register(recording, Registration(template="middle", template_frames=20))
    np.testing.assert_allclose(middle["template"], movie[14:34].mean(axis=0), rtol=1e-6)


def test_chosen_frames_that_cannot_be_used_are_refused(recording: nt.Recording) -> None:
    with pytest.raises(RegistrationError, match="run from 0 to 47"):
        register(recording, Registration(chosen_frames=(3, 48)))
    with pytest.raises(RegistrationError, match="all of them are excluded"):
        register(recording.without_frames([3]), Registration(chosen_frames=(3,)))
    with pytest.raises(ParameterError, match="must be one of"):
        Registration(mode="by magic")


def test_another_recording_an_array_and_a_file_may_be_the_template(recording: nt.Recording, tmp_path: Path) -> None:
    stack = Scene(SPACE).frame((0, 1, 0)).astype(np.float32)
    tifffile.imwrite(tmp_path / "anatomy.tif", stack)
    anatomy = nt.Recording.from_array(stack[None])
    expected = register(recording, template=stack)
    error = shifts_of(expected).mean - (motion() - [0, 1, 0])
    assert rms(error) < 0.08
    for other in (anatomy, f"{tmp_path / 'anatomy.tif'}?planes=6"):
        found = register(recording, template=other)
        np.testing.assert_array_equal(found["shift"], expected["shift"])
        again = nt.rerun(found, recording=recording)
        np.testing.assert_array_equal(again["shift"], expected["shift"])
        assert json.loads(again.attrs["provenance"])["template"] == json.loads(found.attrs["provenance"])["template"]


def test_a_registration_that_was_saved_lends_its_template(
    recording: nt.Recording, registration: xr.Dataset, tmp_path: Path
) -> None:
    path = nt.save_result(registration, tmp_path / "reg.zarr")
    found = register(recording, template=path)
    np.testing.assert_array_equal(found["shift"], registration["shift"])


def test_a_template_that_does_not_fit_is_refused(recording: nt.Recording) -> None:
    with pytest.raises(RegistrationError, match=r"4 × 40 × 48 voxels does not fit a recording of 6 × 40 × 48"):
        register(recording, template=np.zeros((4, 40, 48)))
    with pytest.raises(RegistrationError, match="the same everywhere"):
        register(recording, template=np.zeros(SPACE))


def test_another_channel_tells_the_shifts(recording: nt.Recording, registration: xr.Dataset, tmp_path: Path) -> None:
    dim = nt.Recording.from_array(np.random.default_rng(0).integers(0, 50, recording.shape, np.uint16))
    found = register(dim, FEW, by=recording)
    np.testing.assert_array_equal(found["shift"], registration["shift"])
    again = nt.rerun(found, recording=dim)
    np.testing.assert_array_equal(again["shift"], registration["shift"])
    with pytest.raises(RegistrationError, match="cannot tell the shifts"):
        register(dim, by=nt.Recording.from_array(np.zeros((3, *SPACE))))


def test_a_mask_leaves_out_what_moves_on_its_own(movie: NDArray[np.uint16]) -> None:
    """A bright bubble sits still in a corner."""
    still = movie.copy()
    still[:, :, :14, :14] = Scene((6, 14, 14), seed=9).frame().clip(0) * 30
    mask = np.ones(SPACE, bool)
    mask[:, :18, :18] = False
    found = register(nt.Recording.from_array(still, voxel_size=SIZE), FEW, mask=mask)
    assert rms(error_of(found, motion())) < 0.2
    known = register(nt.Recording.from_array(still, voxel_size=SIZE, mask=mask), FEW)
    np.testing.assert_array_equal(known["shift"], found["shift"])
    assert found.attrs["n_voxels_used"] == mask.sum()


def test_shifts_that_a_recording_is_read_with_are_not_registered_again(
    recording: nt.Recording, registration: xr.Dataset
) -> None:
    found = register(recording.registered(shifts_of(registration)), FEW)
    np.testing.assert_array_equal(found["shift"], registration["shift"])


def test_a_blank_frame_is_invalid_and_the_others_are_found(movie: NDArray[np.uint16]) -> None:
    blank = movie.copy()
    blank[20] = 100
    found = register(nt.Recording.from_array(blank, voxel_size=SIZE), FEW)
    assert np.flatnonzero(~shifts_of(found).estimated).tolist() == [20]
    assert np.isnan(found["frame_correlation"][20])
    kept = np.arange(48) != 20
    assert rms(error_of(found, motion())[kept]) < 0.06


def test_a_movie_in_which_nothing_is_seen_is_refused() -> None:
    with pytest.raises(RegistrationError, match="the same everywhere"):
        register(nt.Recording.from_array(np.full((5, 3, 20, 20), 7, np.uint16)))


def test_a_single_frame_and_a_single_plane_are_no_trouble() -> None:
    scene = Scene((1, 40, 48))
    one = register(nt.Recording.from_array(scene.frames([(0, 0, 0)])))
    np.testing.assert_allclose(shifts_of(one).mean, [[0, 0, 0]], atol=0.02)
    shifts = jitter(10, scene.space, spread=1.5)
    found = register(nt.Recording.from_array(scene.frames(shifts, 20)))
    assert rms(error_of(found, shifts)) < 0.1


def test_it_can_be_cancelled(recording: nt.Recording) -> None:
    job = Job("register")
    progress = stream_registration(recording, FEW, job=job)
    next(progress)
    job.cancel()
    with pytest.raises(JobCancelled):
        list(progress)


def test_large_volumes_are_looked_at_as_thumbnails_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_thunder.registering.template._THUMBNAIL_VOXELS", 2000)
    shifts = jitter(30, SPACE, seed=3, spread=1.5)
    movie = Scene(SPACE).frames(shifts, 30).astype(np.float32)
    found = register(nt.Recording.from_array(movie, voxel_size=SIZE), FEW)
    assert rms(error_of(found, shifts)) < 0.06


@pytest.mark.parametrize("noise", [20, 100, 300])
def test_error_stays_small_as_noise_grows(noise: float) -> None:
    shifts = jitter(40, SPACE, seed=4, spread=1.5)
    movie = Scene(SPACE).frames(shifts, noise).astype(np.float32)
    found = register(nt.Recording.from_array(movie, voxel_size=SIZE), FEW)
    assert rms(error_of(found, shifts)) < 0.04 + noise / 1500


def test_a_simulated_fish_that_moves_is_held_still() -> None:
    fish = nt.simulate(shape=(60, 8, 48, 80), motion=4.0, seed=3)
    found = register(fish, FEW)
    assert rms(error_of(found, nt.ground_truth(fish)["shift"].values)) < 0.1


PAIRS = {"fish1": (0.15, -0.01, -1.46), "fish3": (0.73, 0.39, -0.29)}
ALIKE = {"fish1": 0.983, "fish3": 0.982}


@pytest.mark.parametrize("fish", PAIRS)
def test_real_fish_before_and_after_an_ablation_are_brought_together(fish: str, data_folder: Path) -> None:
    """Shifts, and correlation of log anatomy after them, as measured for `reference/field.md` 2.12."""
    folder = data_folder / "zebrafish_brains"
    if not folder.is_dir():
        pytest.skip(f"no zebrafish brains in {data_folder}")
    pre, post = (
        np.log(tifffile.imread(folder / f"2016-10-18{fish}_{when}_anatomy_5um.tif").astype(np.float32) + 1)
        for when in ("pre", "post")
    )
    size = (5.0, 5.0, 5.0)
    recording = nt.Recording.from_array(post[None], voxel_size=size)
    found = register(recording, template=nt.Recording.from_array(pre[None], voxel_size=size))
    np.testing.assert_allclose(shifts_of(found).mean[0], PAIRS[fish], atol=0.12)
    before, after = Likeness(pre).of(post), float(found["frame_correlation"][0])
    assert after > ALIKE[fish] > before + 0.005


def test_the_command_line_registers(
    recording: nt.Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "reg.zarr"
    words = ["register", recording.uri, "--voxel-size", "4,1,1", "-o", str(out)]
    assert main([*words, "--json", "--set", "template_frames=20", "template_rounds=4"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["frames"] == 48
    assert facts["not_estimated"] == 0
    found = nt.load_result(out)
    assert rms(error_of(found, motion())) < 0.06
    assert main([*words, "--set", "mode=magic"]) == 1
    assert "must be one of rigid 3-D" in capsys.readouterr().err


class ByPairs:
    """Estimates the mean of every two frames: what a way of registering over windows of time does."""

    centers = Shifts.rigid([[0, 0, 0]], SPACE).centers

    def windows(self, n_frames: int) -> list[tuple[int, int]]:
        return [(t, t + 2) for t in range(0, n_frames, 2)]

    def estimate(self, frames: NDArray[np.float32]) -> Estimate:
        means = frames.mean(axis=(1, 2, 3), dtype=np.float64).astype(np.float32)
        shifts = np.repeat(means, 3).reshape(-1, 1, 1, 1, 3)
        return Estimate(shifts, shifts[..., 0])

    def finish(self, found: Estimate, n_frames: int) -> Estimate:
        return Estimate(np.repeat(found.shifts, 2, axis=0), np.repeat(found.confidence, 2, axis=0))


def test_a_way_of_registering_may_look_at_means_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_thunder.registering.run.estimator_of", lambda *_: ByPairs())
    frames = np.zeros((6, *SPACE), np.float32) + np.arange(6).reshape(6, 1, 1, 1)
    frames[:, 2, 20, 20] += 1
    template = np.random.default_rng(0).random(SPACE)
    movie = nt.Recording.from_array(frames, exclude_frames=[3])
    means = frames.mean(axis=(1, 2, 3))
    seen = [p.done for p in stream_registration(movie, template=template)]
    assert seen == [0, 1, 2, 3, 6]
    found = register(movie, template=template)
    expected = [means[:2].mean()] * 2 + [means[2]] * 2 + [means[4:].mean()] * 2
    np.testing.assert_allclose(shifts_of(found).mean[:, 0], expected, rtol=1e-5)
    assert np.isfinite(found["frame_correlation"][:4]).all()


def test_what_goes_to_a_worker_leaves_what_was_prepared_behind(registration: xr.Dataset) -> None:
    from napari_thunder.registration.modes import estimator_of

    estimator = estimator_of(FEW, registration["template"].values, SIZE)
    size = len(pickle.dumps(estimator))
    estimator.estimate(registration["template"].values[None])
    assert len(pickle.dumps(estimator)) == size < 1.1 * registration["template"].nbytes + 2000


def test_a_dataset_that_is_no_registration_has_no_shifts() -> None:
    with pytest.raises(RegistrationError, match="not a registration"):
        shifts_of(xr.Dataset({"mean": ("z", [1.0])}))


def test_a_registration_of_a_movie_that_changed_is_not_made_again(registration: xr.Dataset) -> None:
    with pytest.raises(ResultError, match="changed since"):
        nt.rerun(registration, recording=nt.Recording.from_array(np.zeros((48, *SPACE))))
