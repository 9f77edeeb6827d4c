"""The simulated fish moves as it is told, and says the truth about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import map_coordinates

from napari_thunder.errors import ParameterError
from napari_thunder.recording import Recording
from napari_thunder.simulation import Motion, ground_truth, simulate

SMALL = (40, 6, 48, 80)
VOXEL = (36.0, 10.0, 10.0)
FINE = {"shape": (16, 8, 72, 120), "voxel_size": (8.0, 3.0, 3.0)}


def fish(motion: Motion, **known: Any) -> Recording:
    usual = {"shape": SMALL, "voxel_size": VOXEL, "noise": 0.0, "drift": 0.0, "activity": 0.0}
    return simulate(motion=motion, **usual | known)


def movie_of(recording: Recording) -> NDArray[np.float32]:
    return np.stack([recording.read_volume(t) for t in range(recording.shape[0])]).astype(np.float32)


def field_of(recording: Recording) -> NDArray[np.float64]:
    """The displacement (t, 3, z, y, x) of every voxel, by scipy's interpolation between the nodes."""
    truth = ground_truth(recording)
    nodes = [truth[f"grid_{a}"].values for a in "zyx"]
    voxels = np.stack(np.meshgrid(*map(np.arange, recording.shape[1:]), indexing="ij"), -1)
    fields = [RegularGridInterpolator(nodes, f)(voxels) for f in truth["shift_field"].values.astype(float)]
    return np.moveaxis(np.stack(fields), -1, 1)


def taken_back(recording: Recording, shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """registered[v] = frame[v + shift], with NaN outside; `shift` (t, 3, z, y, x)."""
    voxels = np.stack(np.meshgrid(*map(np.arange, recording.shape[1:]), indexing="ij"))
    places = zip(movie_of(recording), shift, strict=True)
    return np.stack([map_coordinates(f, voxels + s, order=3, cval=np.nan) for f, s in places])


def test_a_number_is_short_for_a_restless_fish() -> None:
    short, long = simulate(shape=SMALL, motion=3.0), simulate(shape=SMALL, motion=Motion(restless=3.0))
    np.testing.assert_array_equal(movie_of(short), movie_of(long))


@pytest.mark.parametrize(
    ("motion", "left"),
    [
        (Motion(drift=12), 0.35),
        (Motion(jitter=4), 0.35),
        (Motion(jitter=4, depth=0), 0.15),
        (Motion(jumps=2, twitches=2), 0.2),
        (Motion(jitter=2, bend=5), 0.25),
        (Motion(bend=8, depth=0), 0.1),
    ],
)
def test_frames_taken_back_by_the_true_shift_are_the_brain_at_rest(motion: Motion, left: float) -> None:
    recording = fish(motion, **FINE)
    truth = ground_truth(recording)
    shift = field_of(recording) if motion.bend else truth["shift"].values[..., None, None, None]
    registered, rest = taken_back(recording, shift), truth["baseline"].values
    inside = np.isfinite(registered).all(axis=0)
    inside[[0, -1]] = False
    inside[:, :4] = inside[:, -4:] = inside[..., :4] = inside[..., -4:] = False
    assert inside.sum() > 20_000
    before = np.sqrt(np.mean((movie_of(recording) - rest)[:, inside] ** 2))
    after = np.sqrt(np.mean((registered - rest)[:, inside] ** 2))
    assert after < left * before


def test_drift_ends_as_far_away_as_told_and_is_slow() -> None:
    shift = ground_truth(fish(Motion(drift=20)))["shift"].values * VOXEL
    np.testing.assert_array_equal(shift[0], 0)
    np.testing.assert_allclose(np.abs(shift[-1]), 20, rtol=0.02)
    assert np.abs(np.diff(shift, axis=0)).max() < 2


def test_jitter_has_the_standard_deviation_told_and_no_memory() -> None:
    shift = ground_truth(simulate(shape=(2000, 2, 4, 8), voxel_size=(5, 2, 2), motion=Motion(jitter=3)))["shift"].values
    np.testing.assert_allclose(shift.std(axis=0) * (5, 2, 2), 3, rtol=0.05)
    assert abs(np.corrcoef(shift[1:, 1], shift[:-1, 1])[0, 1]) < 0.07


def test_jumps_last_and_twitches_do_not() -> None:
    shift = ground_truth(fish(Motion(jumps=2, jump_size=20)))["shift"].values * VOXEL
    steps = np.linalg.norm(np.diff(shift, axis=0), axis=1)
    assert (steps > 1e-6).sum() == 2
    np.testing.assert_allclose(steps[steps > 1e-6], 20)
    shift = ground_truth(fish(Motion(twitches=3, jump_size=20)))["shift"].values * VOXEL
    away = np.linalg.norm(shift, axis=1)
    assert (away > 1e-6).sum() == 3
    np.testing.assert_allclose(away[away > 1e-6], 20)


def test_bending_has_the_size_told_beside_the_shift_of_the_whole() -> None:
    recording = fish(Motion(bend=6, jitter=4))
    truth = ground_truth(recording)
    field = field_of(recording)[:, :, truth["brain"].values]
    np.testing.assert_allclose(field.mean(axis=2), truth["shift"], atol=1e-5)
    bend = (field - truth["shift"].values[..., None]) * np.reshape(VOXEL, (3, 1))
    np.testing.assert_allclose(np.sqrt((bend**2).mean(axis=(0, 2))), 6, rtol=0.01)


def test_depth_says_how_far_along_z_and_a_single_plane_moves_within_itself() -> None:
    truth = ground_truth(fish(Motion(drift=20, bend=5, depth=0)))
    assert (truth["shift"].sel(axis="z") == 0).all()
    assert (truth["shift_field"].sel(axis="z") == 0).all()
    plane = ground_truth(simulate(shape=(20, 1, 48, 80), motion=Motion(jitter=5, bend=5)))
    assert (plane["shift_field"].sel(axis="z") == 0).all()
    assert plane.sizes["grid_z"] == 1
    assert plane["shift"].sel(axis="x").std() > 0.2


def test_the_field_is_stored_with_the_recording(tmp_path: Path) -> None:
    few = (10, *SMALL[1:])
    held = simulate(shape=few, motion=Motion(bend=5))
    written = simulate(tmp_path / "fish.zarr", few, motion=Motion(bend=5))
    assert ground_truth(held).equals(ground_truth(written))


def test_dim_planes_give_a_tenth_of_the_light() -> None:
    dim, usual = (ground_truth(simulate(shape=SMALL, dim_planes=planes))["baseline"] - 100 for planes in ((0, 3), ()))
    np.testing.assert_allclose(dim[[0, 3]], usual[[0, 3]] * 0.1, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(dim[[1, 2, 4, 5]], usual[[1, 2, 4, 5]])


def test_activity_is_as_strong_as_told() -> None:
    calm, usual, strong = (movie_of(fish(Motion(), activity=a)).std(axis=0).max() for a in (0.0, 1.0, 4.0))
    assert calm == 0
    assert strong == pytest.approx(4 * usual, rel=0.01)
    tuned = [ground_truth(fish(Motion(), activity=a))["tuning_amplitude"] for a in (1.0, 4.0)]
    np.testing.assert_allclose(tuned[1], 4 * tuned[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"motion": Motion, "bend": 30.0}, "would fold the brain. Give a bend of at most 25 µm"),
        ({"motion": Motion, "jumps": -1}, "jumps=-1 is below"),
        ({"motion": Motion, "drift": float("inf")}, "drift=inf must be a number"),
    ],
)
def test_motion_outside_its_limits_is_refused(given: dict[str, Any], message: str) -> None:
    made = given.pop("motion")
    with pytest.raises(ParameterError, match=message):
        made(**given)


def test_dim_planes_and_activity_outside_their_limits_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"dim_planes=\(6,\) must be planes from 0 to 5"):
        simulate(shape=SMALL, dim_planes=(6,))
    with pytest.raises(ParameterError, match="activity=-1"):
        simulate(shape=SMALL, activity=-1)
