"""Traces: means over exactly the voxels of regions, how they are shown, and how they answer events."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import napari_thunder as nt
from napari_thunder.analysis import DirectionTuning, EventAverage
from napari_thunder.blocks import plan_blocks
from napari_thunder.errors import AnalysisError, JobCancelled, MissingMetadataError, RegionError, ThunderError
from napari_thunder.pipeline import context_of
from napari_thunder.regions import Outline, region_of_mask, region_of_outline, surround
from napari_thunder.traces.means import mean_series, region_of_voxel, stream_means
from napari_thunder.traces.measures import measured
from napari_thunder.traces.parts import cut
from napari_thunder.traces.responses import event_response, period_of, tuning_curve
from napari_thunder.traces.settings import TraceSettings
from napari_thunder.traces.sums import SumParts
from napari_thunder.traces.table import trace_table, write_csv

SHAPE = (30, 5, 20, 24)


def sparse_mask(seed: int, share: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE[1:]) < share


def region(mask: np.ndarray, name: str = "A"):
    return region_of_mask(mask, name, "#56b4e9")


@pytest.fixture(scope="module")
def engine():
    engine = nt.connect("threads")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def fish():
    return nt.simulate(shape=(240, 4, 24, 32), seed=3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64", ">u2"])
@pytest.mark.parametrize("share", [0.002, 0.1, 0.9, 1.0])
def test_means_are_over_exactly_the_voxels_of_the_mask(engine, tmp_path, dtype, share):
    movie = (np.random.default_rng(0).random(SHAPE) * 200).astype(dtype)
    np.save(tmp_path / "movie.npy", movie)
    masks = [sparse_mask(1, share), sparse_mask(2, share)]
    found = mean_series([region(mask) for mask in masks], nt.open(tmp_path / "movie.npy"), engine)
    by_hand = np.stack([movie[:, mask].astype(np.float64).mean(axis=1) for mask in masks])
    np.testing.assert_allclose(found, by_hand, rtol=1e-14)


def test_a_voxel_that_is_nan_spoils_only_regions_that_hold_it(engine):
    movie = np.ones(SHAPE, np.float32)
    movie[3, 2, 5, 5] = np.nan
    with_it, beside = np.zeros((2, *SHAPE[1:]), bool)
    with_it[2, 4:7, 4:7] = True
    beside[2, 4:7, 4:7] = True
    beside[2, 5, 5] = False
    found = mean_series([region(with_it), region(beside)], nt.Recording.from_array(movie), engine)
    assert np.isnan(found[0, 3])
    assert np.isfinite(found[0, np.arange(30) != 3]).all()
    np.testing.assert_array_equal(found[1], 1)


def test_only_blocks_that_regions_touch_are_read_each_once(engine):
    movie = np.random.default_rng(0).integers(0, 9, (30, 40, 64, 64)).astype(np.uint16)
    asked = []

    class Counting:
        plan = staticmethod(engine.plan)

        def map(self, function, recording, blocks, job=None):
            asked.extend(blocks)
            return engine.map(function, recording, blocks, job)

    recording = nt.Recording.from_array(movie)
    one, two = (region_of_voxel((0, 0, x), movie.shape[1:]) for x in (0, 1))
    found = mean_series([one, two], recording, Counting())
    np.testing.assert_array_equal(found, movie[:, 0, 0, :2].T)
    assert len(asked) == 1
    assert len(engine.plan(recording)) > 1


def test_each_region_comes_as_soon_as_its_last_block_is_done(engine):
    movie = np.zeros((30, 40, 64, 64), np.uint16)
    recording = nt.Recording.from_array(movie)
    small, large = region_of_voxel((0, 0, 0), movie.shape[1:]), region(np.ones(movie.shape[1:], bool))
    numbers = [number for number, _ in stream_means([large, small], recording, engine)]
    assert numbers == [1, 0]


def test_means_of_floats_are_the_same_in_every_run(engine, tmp_path):
    np.save(tmp_path / "movie.npy", np.random.default_rng(0).lognormal(0, 9, (40, 8, 64, 64)).astype(np.float32))
    recording, mask = nt.open(tmp_path / "movie.npy"), region(np.ones((8, 64, 64), bool))
    first = mean_series([mask], recording, engine)
    for _ in range(5):
        np.testing.assert_array_equal(mean_series([mask], recording, engine), first)


def test_what_goes_to_a_worker_is_a_bit_for_each_voxel_near_the_region_at_most():
    mask = np.zeros((20, 200, 200), bool)
    mask[4:8, 50:90, 60:110] = True
    blocks = plan_blocks((100, 20, 200, 200), 2, at_least=100)
    work = SumParts(cut([region(mask)], blocks))
    assert len(pickle.dumps(work)) < mask.sum() / 8 + 200 * len(work.parts)


def test_a_region_of_another_volume_is_refused(engine):
    with pytest.raises(RegionError, match=r"A: was drawn in a volume .* \(2, 3, 4\)"):
        mean_series([region(np.ones((2, 3, 4), bool))], nt.Recording.from_array(np.zeros(SHAPE)), engine)


def test_a_voxel_outside_is_refused():
    with pytest.raises(RegionError, match="outside the volume"):
        region_of_voxel((5, 0, 0), SHAPE[1:])


def test_a_cancelled_job_stops_the_reading(engine):
    job = nt.engine.Job("traces")
    job.cancel()
    with pytest.raises(JobCancelled):
        mean_series([region(sparse_mask(0))], nt.Recording.from_array(np.zeros(SHAPE)), engine, job)


def known(n: int = 60, exclude: tuple[int, ...] = (5, 17)) -> nt.Recording:
    return nt.Recording.from_array(np.zeros((n, 1, 1, 1)), frame_rate=2.0, exclude_frames=exclude)


def test_delta_f_over_f_is_that_of_the_kept_frames():
    context, raw = context_of(known()), np.random.default_rng(0).uniform(50, 90, 60)
    found = measured(raw, None, TraceSettings(measure="dff", baseline_percentile=8), context)
    f0 = np.percentile(raw[context.keep], 8)
    np.testing.assert_allclose(found[context.keep], (raw[context.keep] - f0) / f0)
    assert np.isnan(found[[5, 17]]).all()


def test_z_score_is_that_of_scipy_over_the_kept_frames():
    context, raw = context_of(known()), np.random.default_rng(0).uniform(50, 90, 60)
    found = measured(raw, None, TraceSettings(measure="z"), context)
    np.testing.assert_allclose(found[context.keep], stats.zscore(raw[context.keep]))
    assert np.isnan(found[[5, 17]]).all()


def test_raw_has_no_number_in_excluded_frames_and_changes_nothing_else():
    raw = np.arange(60.0)
    found = measured(raw, None, TraceSettings(measure="raw"), context_of(known()))
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found)), [5, 17])
    np.testing.assert_array_equal(raw, np.arange(60.0))


def test_neuropil_is_subtracted_before_the_measure():
    context, rng = context_of(known()), np.random.default_rng(0)
    raw, ring = rng.uniform(80, 90, 60), rng.uniform(20, 30, 60)
    settings = TraceSettings(measure="dff", neuropil=True)
    corrected = (raw - 0.7 * ring)[context.keep]
    f0 = np.percentile(corrected, 20)
    np.testing.assert_allclose(measured(raw, ring, settings, context)[context.keep], (corrected - f0) / f0)


def test_a_baseline_of_nothing_gives_no_delta_f_over_f():
    assert np.isnan(measured(np.zeros(60), None, TraceSettings(measure="dff"), context_of(known()))).all()


def test_neuropil_correction_finds_the_activity_of_a_cell_in_a_flashing_field(engine):
    """A cell of its own series in a field whose light lies over it with a share of 0.7."""
    rng = np.random.default_rng(0)
    field, cell = 50 + 10 * rng.random(300), 100 + 30 * (rng.random(300) > 0.9)
    movie = np.zeros((300, 1, 60, 60), np.float32) + field[:, None, None, None]
    body = region_of_outline(
        Outline("ellipse", np.array([[26, 26], [26, 34], [34, 34], [34, 26.0]]), (0, 0)), (1, 60, 60), "cell", "#56b4e9"
    )
    movie[:, body.full_mask()] = (cell + 0.7 * field)[:, None]
    recording = nt.Recording.from_array(movie, frame_rate=10.0, voxel_size=(1, 1, 1))
    raw, ring = mean_series([body, surround(body, voxel_size=(1, 1, 1))], recording, engine)
    shown = measured(raw, ring, TraceSettings(measure="raw", neuropil=True), context_of(recording))
    np.testing.assert_allclose(shown, cell, rtol=1e-5)


@pytest.mark.parametrize("measure", ["raw", "dff", "z"])
def test_a_region_of_one_voxel_answers_as_the_analyses_say(engine, fish, measure):
    fish = fish.without_frames([3, 40, 41])
    voxel = (2, 12, 16)
    steps = {"raw": [], "dff": [nt.DeltaFOverF()], "z": [nt.ZScore()]}[measure]
    settings = TraceSettings(measure=measure, group_by="direction", before=1.0, after=5.0)
    context = context_of(fish)
    trace = measured(mean_series([region_of_voxel(voxel, fish.shape[1:])], fish, engine)[0], None, settings, context)
    here = dict(zip("zyx", voxel, strict=True))
    by_lag = EventAverage(by=("direction",), time_course=True, before=1.0, after=5.0)
    average = nt.run(by_lag, fish, engine=engine, preprocess=steps).isel(here)
    tuning = nt.run(DirectionTuning(), fish, engine=engine, preprocess=steps).isel(here)
    response, curve = event_response(trace, settings, context), tuning_curve(trace, settings, context)
    scale = np.abs(average["average"]).max()
    np.testing.assert_allclose(response.mean, average["average"], atol=1e-6 * scale)
    np.testing.assert_array_equal(response.n, average["n_trials"])
    np.testing.assert_array_equal(response.n_at_lag, average["n_at_lag"])
    np.testing.assert_allclose(response.time, average["lag"])
    assert list(response.labels) == average["condition"].values.tolist()
    np.testing.assert_array_equal(response.values, tuning["direction"])
    np.testing.assert_allclose(curve.mean, tuning["response"], atol=1e-6 * scale)
    np.testing.assert_allclose(curve.sem, average["sem"], atol=1e-6 * scale)
    np.testing.assert_array_equal(curve.n, tuning["n_trials"])
    assert curve.circular
    assert curve.period == 360
    np.testing.assert_allclose(curve.preferred, tuning["preferred_direction"], atol=1e-3)
    np.testing.assert_allclose(curve.selectivity, tuning["selectivity"], atol=1e-6)


def timed(events: pd.DataFrame, n: int = 400) -> nt.Recording:
    return nt.Recording.from_array(np.zeros((n, 1, 1, 1)), frame_rate=2.0, events=events)


def blocks_of(column: str, values: list[object]) -> pd.DataFrame:
    start = 10.0 + 8.0 * np.arange(len(values))
    return pd.DataFrame({"start_time": start, "stop_time": start + 2.0, column: values})


def answering(recording: nt.Recording, sizes: list[float]) -> np.ndarray:
    """A trace that rises by a size during each event."""
    times = recording.frame_times
    trace = np.full(len(times), 5.0)
    for size, start, stop in zip(sizes, recording.events["start_time"], recording.events["stop_time"], strict=True):
        trace[(times >= start) & (times < stop)] += size
    return trace


def test_the_average_around_events_is_that_by_hand():
    recording = timed(blocks_of("kind", ["a", "b"] * 6))
    trace = answering(recording, list(np.arange(12.0))) + np.random.default_rng(0).normal(size=400)
    found = event_response(trace, TraceSettings(group_by="kind", before=2, after=3), context_of(recording))
    first = np.rint(recording.events["start_time"].to_numpy() * 2).astype(int)
    cut_out = np.stack([trace[f - 4 : f + 7] - trace[f - 4 : f].mean() for f in first])
    assert found.labels == ("kind=a", "kind=b")
    assert found.values is None
    np.testing.assert_allclose(found.time, np.arange(-4, 7) / 2)
    for k in range(2):
        np.testing.assert_allclose(found.mean[k], cut_out[k::2].mean(axis=0))
        np.testing.assert_allclose(found.sem[k], stats.sem(cut_out[k::2], axis=0))
    np.testing.assert_array_equal(found.n, [6, 6])


def test_without_a_column_all_events_are_one():
    recording = timed(blocks_of("kind", ["a", "b"] * 6))
    found = event_response(answering(recording, [1.0] * 12), TraceSettings(), context_of(recording))
    assert found.labels == ("event",)
    assert found.n.tolist() == [12]


def test_no_baseline_subtracts_nothing():
    recording = timed(blocks_of("kind", ["a"] * 4))
    found = event_response(answering(recording, [1.0] * 4), TraceSettings(baseline=0), context_of(recording))
    np.testing.assert_allclose(found.mean[0, found.time < 0], 5)
    np.testing.assert_allclose(found.mean[0, (found.time >= 0) & (found.time < 2)], 6)


def test_one_trial_has_no_standard_error():
    recording = timed(blocks_of("kind", ["a", "b", "b"]))
    found = event_response(answering(recording, [1, 2, 3]), TraceSettings(group_by="kind"), context_of(recording))
    assert np.isnan(found.sem[0]).all()
    assert np.isfinite(found.sem[1]).all()


def test_a_number_that_does_not_come_round_has_no_preferred_angle():
    recording = timed(blocks_of("contrast", [0.1, 0.5, 1.0] * 4))
    found = tuning_curve(
        answering(recording, [1.0, 2.0, 4.0] * 4), TraceSettings(group_by="contrast"), context_of(recording)
    )
    np.testing.assert_array_equal(found.values, [0.1, 0.5, 1.0])
    np.testing.assert_allclose(found.mean, [1, 2, 4])
    assert (found.circular, found.period, found.preferred, found.selectivity) == (False, 0, None, None)


def test_orientations_come_round_after_half_a_turn():
    angles = [0.0, 45.0, 90.0, 135.0, 180.0, 225.0]
    recording = timed(blocks_of("orientation", angles * 3))
    sizes = [1 + np.cos(2 * np.deg2rad(angle - 45)) for angle in angles] * 3
    found = tuning_curve(answering(recording, sizes), TraceSettings(group_by="orientation"), context_of(recording))
    np.testing.assert_array_equal(found.values, [0, 45, 90, 135])
    np.testing.assert_array_equal(found.n, [6, 6, 3, 3])
    assert found.period == 180
    np.testing.assert_allclose(found.preferred, 45)
    np.testing.assert_allclose(found.selectivity, 0.5)


@pytest.mark.parametrize(
    ("column", "period"), [("direction", 360), ("Grating_Angle", 360), ("orientation", 180), ("contrast", 0)]
)
def test_circular_variables_are_known_by_name(column, period):
    assert period_of(column) == period


def test_what_is_missing_is_told():
    recording = nt.Recording.from_array(np.zeros((50, 1, 1, 1)))
    with pytest.raises(MissingMetadataError, match="events"):
        event_response(np.zeros(50), TraceSettings(), context_of(recording))
    with pytest.raises(AnalysisError, match="needs a column"):
        tuning_curve(np.zeros(400), TraceSettings(), context_of(timed(blocks_of("kind", [1, 2]))))


def test_a_table_has_a_column_for_each_trace_and_no_name_twice():
    table = trace_table(np.arange(3) / 2, "s", [("A", np.ones(3)), ("A", np.zeros(3)), ("time", np.ones(3))])
    assert table.columns.tolist() == ["time", "A", "A 2", "time 2"]
    assert trace_table(np.arange(3.0), "frame", [])["frame"].tolist() == [0, 1, 2]


def test_a_csv_says_how_it_was_made_and_reads_back(tmp_path):
    table = pd.DataFrame({"time": [0.0, 0.1], "ROI, 1": [1 / 3, np.nan]})
    write_csv(tmp_path / "traces.csv", table, {"measure": "ΔF/F"})
    first = (tmp_path / "traces.csv").read_text(encoding="utf-8").splitlines()[0]
    assert json.loads(first.removeprefix("# ")) == {"measure": "ΔF/F"}
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "traces.csv", skiprows=1), table)


def test_a_csv_that_cannot_be_written_leaves_what_was_there(tmp_path: Path):
    with pytest.raises(ThunderError, match="no such folder"):
        write_csv(tmp_path / "no such folder" / "traces.csv", pd.DataFrame({"time": [0.0]}), {})
    (tmp_path / "traces.csv").mkdir()
    with pytest.raises(ThunderError, match="there is a folder of this name"):
        write_csv(tmp_path / "traces.csv", pd.DataFrame({"time": [0.0]}), {})
    assert [path.name for path in tmp_path.iterdir()] == ["traces.csv"]
