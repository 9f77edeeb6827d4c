"""The simulated zebrafish: always the same, true to what it says of itself, and any size."""

from __future__ import annotations

import itertools
import math
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.registration import phase_cross_correlation

from napari_thunder.engine.job import Job
from napari_thunder.errors import JobCancelled, ParameterError, RecordingError
from napari_thunder.events import KERNELS, frames_in_events
from napari_thunder.io.array import ArraySource
from napari_thunder.io.storing import layout
from napari_thunder.recording import Recording
from napari_thunder.recording import open as nt_open
from napari_thunder.simulation import ground_truth, kept_sample, sample, simulate, simulator
from napari_thunder.simulation.anatomy import HINDBRAIN, TECTUM
from napari_thunder.simulation.motion import moved
from napari_thunder.simulation.movement import Motion
from napari_thunder.simulation.movie import GAIN, OFFSET, READ_NOISE, build_model, expected, volumes
from napari_thunder.simulation.settings import Settings, fitting_voxel_size

SMALL = (120, 5, 48, 80)


def movie_of(recording: Recording) -> NDArray[Any]:
    return np.stack([recording.read_volume(t) for t in range(recording.shape[0])])


def settings_of(shape: tuple[int, int, int, int] = SMALL, **changed: Any) -> Settings:
    _, z, y, x = shape
    known = {
        "frame_rate": 2.0,
        "n_directions": 8,
        "kernel": KERNELS["GCaMP6s"],
        "noise": 1.0,
        "drift": 0.1,
        "motion": Motion(),
    }
    return Settings(shape, 0, voxel_size=fitting_voxel_size((z, y, x)), **{**known, **changed})


@pytest.fixture(scope="module")
def fish() -> Recording:
    return simulate()


def test_the_same_seed_gives_the_same_fish_and_another_seed_another() -> None:
    first, again, other = (movie_of(simulate(shape=SMALL, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


@pytest.mark.parametrize("motion", [0.0, 3.0])
def test_the_movie_does_not_depend_on_how_it_is_cut(motion: float) -> None:
    whole = volumes(build_model(settings_of(motion=Motion(restless=motion))), 0, 120)
    model = build_model(settings_of(motion=Motion(restless=motion)))
    cuts = [0, 1, 8, 71, 77, 120]
    pieces = {a: volumes(model, a, b) for a, b in reversed(list(itertools.pairwise(cuts)))}
    np.testing.assert_array_equal(whole, np.concatenate([pieces[a] for a in cuts[:-1]]))


def test_what_is_written_equals_what_is_held_in_memory(tmp_path: Path) -> None:
    held, written = simulate(shape=SMALL), simulate(tmp_path / "fish.ome.zarr", SMALL)
    np.testing.assert_array_equal(movie_of(held), movie_of(written))
    np.testing.assert_array_equal(held.frame_times, written.frame_times)
    assert written.voxel_size == pytest.approx(held.voxel_size)
    assert held.events is not None
    assert written.events is not None
    np.testing.assert_allclose(held.events, written.events)
    assert held.signals is not None
    assert written.signals is not None
    np.testing.assert_allclose(held.signals["swim"], written.signals["swim"])
    for truth in (ground_truth(written), ground_truth(tmp_path / "fish.ome.zarr")):
        assert ground_truth(held).equals(truth)


def test_the_preferred_direction_is_recovered_by_a_vector_sum_on_event_means(fish: Recording) -> None:
    truth, movie = ground_truth(fish), movie_of(fish).astype(np.float32)
    assert fish.events is not None
    directions = fish.events["direction"].to_numpy()
    frames = frames_in_events(fish.events, fish.need_frame_times("this test"))
    vector = sum(
        (movie[f + 1].mean(axis=0) - movie[f[0] - 2 : f[0] + 1].mean(axis=0)) * np.exp(1j * math.radians(d))
        for f, d in zip(frames, directions, strict=True)
    )
    error = np.abs(np.degrees(np.angle(vector * np.exp(-1j * np.radians(truth["preferred_direction"].values)))))
    tuned = truth["tuning_amplitude"].values > 0.2
    assert (tuned & truth["is_cell"].values).sum() > 1000
    assert np.median(error[tuned & truth["is_cell"].values]) < 10
    strength = np.abs(np.asarray(vector)) / truth["baseline"].values
    cells = truth["is_cell"].values
    assert np.median(strength[cells & tuned]) > 2.5 * np.median(
        strength[cells & (truth["tuning_amplitude"].values == 0)]
    )


def test_the_hindbrain_is_left_right_opposed_and_the_tectum_a_mirrored_map(fish: Recording) -> None:
    truth = ground_truth(fish)
    preferred, region = truth["preferred_direction"].values, truth["region"].values
    middle = preferred.shape[1] // 2
    hindbrain = np.where(region == HINDBRAIN, preferred, np.nan)
    assert np.nanmedian(hindbrain[:, :middle]) == pytest.approx(90, abs=5)
    assert np.nanmedian(hindbrain[:, middle:]) == pytest.approx(270, abs=5)
    tectum = np.where(region == TECTUM, preferred, np.nan)
    along = [np.nanmedian(tectum[:, :middle, x : x + 8]) for x in range(42, 74, 8)]
    mirrored = [360 - np.nanmedian(tectum[:, middle:, x : x + 8]) for x in range(42, 74, 8)]
    assert along == sorted(along)
    assert max(along) - min(along) > 120
    np.testing.assert_allclose(along, mirrored, atol=15)


def test_swim_cells_follow_the_swim_signal(fish: Recording) -> None:
    truth, movie = ground_truth(fish), movie_of(fish).astype(np.float64)
    assert fish.signals is not None
    swim = np.convolve(fish.signals["swim"], KERNELS["GCaMP6s"]((np.arange(16) + 0.5) / 2))[: len(movie)]
    cells, weight = truth["is_cell"].values, truth["swim_weight"].values
    swimming, others = movie[:, cells & (weight > 0.4)], movie[:, cells & (weight == 0)]
    assert np.median([np.corrcoef(swim, trace)[0, 1] for trace in swimming.T]) > 0.7
    assert abs(np.median([np.corrcoef(swim, trace)[0, 1] for trace in others.T])) < 0.15


def test_noise_has_the_variance_of_photons_and_the_camera() -> None:
    model = build_model(settings_of())
    light = np.stack(list(expected(model, 0, 120)))
    residual = volumes(model, 0, 120) - OFFSET - light
    for low, high in [(0, 5), (50, 100), (300, 400), (700, 1000)]:
        here = (light > low) & (light <= high)
        variance = GAIN * light[here].mean() + READ_NOISE**2 + 1 / 12
        assert residual[here].var() == pytest.approx(variance, rel=0.03)
        assert residual[here].mean() == pytest.approx(0, abs=4 * math.sqrt(variance / here.sum()))


def test_without_noise_the_movie_is_the_light() -> None:
    model = build_model(settings_of(noise=0.0))
    light = np.stack(list(expected(model, 0, 10)))
    assert np.abs(volumes(model, 0, 10) - OFFSET - light).max() <= 0.51


def test_light_fades_by_as_much_as_told() -> None:
    truth = ground_truth(simulate(shape=SMALL, drift=0.3))
    assert truth["drift"].values[0] == 1
    assert truth["drift"].values[-1] == pytest.approx(0.7, abs=0.001)
    steady = simulate(shape=SMALL, drift=0.0)
    assert (ground_truth(steady)["drift"] == 1).all()
    movie, neuropil = movie_of(simulate(shape=SMALL, drift=0.3)), ~truth["is_cell"].values & truth["brain"].values
    light = movie[:, neuropil].mean(axis=1) - OFFSET
    assert light[-1] / light[0] == pytest.approx(0.7, abs=0.05)


def test_the_brain_moves_as_told() -> None:
    settings = settings_of((40, 6, 96, 160), motion=Motion(restless=4.0), noise=0.0, drift=0.0)
    model = build_model(settings)
    distance = np.sqrt((model.shift**2).mean(axis=0)) * settings.voxel_size
    np.testing.assert_allclose(distance, 4.0, rtol=1e-6)
    still = build_model(settings_of((40, 6, 96, 160), noise=0.0, drift=0.0))
    frames = zip(expected(still, 0, 40), expected(model, 0, 40), model.shift, strict=True)
    found = [(phase_cross_correlation(a, b, upsample_factor=20, normalization=None)[0], s) for a, b, s in frames]
    error = np.abs([-estimate - shift for estimate, shift in found])[:, 1:]
    assert np.median(error) < 0.05
    assert error.max() < 0.3


def test_a_still_brain_does_not_move() -> None:
    assert (ground_truth(simulate(shape=SMALL))["shift"] == 0).all()


def test_moving_by_whole_voxels_is_exact_and_between_them_exact_for_parabolas() -> None:
    rng = np.random.default_rng(0)
    volume = rng.standard_normal((6, 9, 11)).astype(np.float32)
    shifted = moved(volume, np.array([1.0, -2.0, 3.0]))
    np.testing.assert_allclose(shifted[1:, :-2, 3:], volume[:-1, 2:, :-3], atol=1e-6)
    x = np.arange(20, dtype=np.float32)
    parabola = np.broadcast_to(0.5 * x**2 - 3 * x, (2, 2, 20))
    expected_values = 0.5 * (x - 0.37) ** 2 - 3 * (x - 0.37)
    np.testing.assert_allclose(
        moved(parabola, np.array([0, 0, 0.37]))[0, 0, 2:-2], expected_values[2:-2], rtol=1e-4, atol=1e-4
    )


def test_it_is_shaped_like_a_brain(fish: Recording) -> None:
    truth = ground_truth(fish)
    brain, baseline = truth["brain"].values, truth["baseline"].values
    assert 0.15 < brain.mean() < 0.5
    np.testing.assert_array_equal(brain, brain[:, ::-1])
    width = brain.any(axis=0).sum(axis=0)
    forebrain, tectum, spinal_cord = width[15:30].mean(), width[40:75].mean(), width[150:].mean()
    assert tectum > 1.4 * forebrain > 2 * spinal_cord > 0
    assert np.median(baseline[brain]) > 2 * np.median(baseline[~brain])
    midline, beside = baseline[:8, 47:49, 40:140] - OFFSET, baseline[:8, 52:54, 40:140] - OFFSET
    assert np.median(midline) < 0.5 * np.median(beside)
    assert baseline.max() < 10_000


@pytest.mark.parametrize("shape", [(4, 5, 48, 80), (4, 12, 96, 160), (4, 8, 192, 320)])
def test_cells_can_be_told_apart_at_any_size(shape: tuple[int, int, int, int]) -> None:
    truth = ground_truth(simulate(shape=shape))
    sizes = np.bincount(truth["cell"].values.ravel())[1:]
    sizes = sizes[sizes > 0]
    assert len(sizes) > 100
    assert np.median(sizes) >= 2
    assert (truth["brain"] & ~truth["is_cell"]).mean() > 0.1
    contrast = (
        truth["baseline"].values[truth["is_cell"].values].mean()
        / truth["baseline"].values[truth["brain"].values].mean()
    )
    assert contrast > 1.1


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (5, 1, 4, 4), (1, 6, 30, 50), (7, 2, 1, 90)])
def test_any_size_can_be_made(shape: tuple[int, int, int, int]) -> None:
    recording = simulate(shape=shape)
    assert recording.shape == shape
    assert recording.dtype == np.uint16
    assert ground_truth(recording).sizes["frame"] == shape[0]


def test_events_show_every_direction_equally_often_inside_the_recording() -> None:
    recording = simulate(shape=(600, 1, 8, 16), n_directions=12)
    assert recording.events is not None
    counts = recording.events["direction"].value_counts()
    assert sorted(counts.index) == [30.0 * i for i in range(12)]
    assert counts.nunique() == 1
    assert counts.iloc[0] >= 2


def test_writing_needs_no_more_memory_than_its_buffers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "SHARD_BYTES", 2**21)
    monkeypatch.setattr(simulator, "_BYTES_AT_ONCE", 2**20)
    simulate(tmp_path / "imports_what_it_needs.ome.zarr", (2, 1, 8, 8))
    tracemalloc.start()
    recording = simulate(tmp_path / "long.ome.zarr", (600, 4, 60, 100))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.4 * recording.nbytes


def test_an_existing_path_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "fish.zarr").mkdir()
    (tmp_path / "fish.zarr" / "precious").write_text("data")
    with pytest.raises(RecordingError, match="there is something already"):
        simulate(tmp_path / "fish.zarr", SMALL)
    assert (tmp_path / "fish.zarr" / "precious").read_text() == "data"


def test_cancelling_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator, "_BYTES_AT_ONCE", 2**20)
    job = Job("simulate")
    job.changed.connect(lambda: job.cancel() if job.fraction > 0.3 else None)
    with pytest.raises(JobCancelled):
        simulate(tmp_path / "fish.zarr", SMALL, job=job)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RecordingError("fish.zarr: cannot be written: No space left on device.")

    monkeypatch.setattr(simulator, "_store_truth", full)
    with pytest.raises(RecordingError, match="No space left"):
        simulate(tmp_path / "fish.zarr", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_for_memory_asks_for_a_path() -> None:
    with pytest.raises(ParameterError, match=r"16\.5 GiB is too much to hold in memory. Give a path"):
        simulate(shape=(10_000, 16, 192, 288))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shape": (1, 2, 3)}, "four whole numbers"),
        ({"shape": (0, 1, 2, 3)}, "four whole numbers"),
        ({"shape": (1.5, 1, 2, 3)}, "four whole numbers"),
        ({"seed": -1}, "seed=-1"),
        ({"frame_rate": 0}, "frame_rate=0"),
        ({"voxel_size": (0, 1, 1)}, "three positive numbers"),
        ({"voxel_size": (1, 1)}, "three positive numbers"),
        ({"n_directions": 1}, "n_directions=1"),
        ({"drift": 1.0}, "drift=1"),
        ({"noise": -0.1}, "noise=-0.1"),
        ({"motion": math.nan}, "restless=nan"),
    ],
)
def test_parameters_outside_their_limits_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        simulate(**{"shape": SMALL, **given})


def test_only_simulated_recordings_have_a_ground_truth(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no ground truth"):
        ground_truth(Recording.from_array(np.zeros((2, 1, 2, 2), np.uint8)))
    with pytest.raises(RecordingError, match="holds no ground truth"):
        ground_truth(tmp_path)


def test_to_a_worker_it_goes_as_a_plain_array() -> None:
    source = simulate(shape=SMALL).source
    sent = pickle.loads(pickle.dumps(source))
    assert type(sent) is ArraySource
    assert sent.fingerprint() == source.fingerprint()


def test_the_sample_is_known_at_once_made_when_read_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    kept_sample._kept.cache_clear()
    recording = sample()
    assert (recording.shape, recording.missing) == ((240, 12, 96, 160), ())
    assert not list(tmp_path.iterdir())
    frame = recording.read_volume(7)
    np.testing.assert_array_equal(frame, simulate().read_volume(7))
    assert [p.name for p in (tmp_path / "napari-thunder").iterdir()] == [Path(recording.uri).name]
    monkeypatch.setattr(kept_sample, "simulate", None)
    kept_sample._kept.cache_clear()
    np.testing.assert_array_equal(sample().read_volume(7), frame)
    assert ground_truth(recording.uri).sizes["frame"] == 240
    assert nt_open(recording.uri).source.fingerprint() == recording.source.fingerprint()
    kept_sample._kept.cache_clear()
