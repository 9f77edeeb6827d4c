"""After frames became fewer, everything is as on a recording that had so few from the start."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.analysis import Downsample, Subsample
from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError, MissingMetadataError, TableError
from tests.analysis.runner import make_context
from tests.examples.preprocessing import stepped

N = 122


@pytest.fixture(scope="module")
def movie():
    return 100 + np.random.default_rng(0).normal(size=(N, 2, 3, 4)).cumsum(axis=0)


@pytest.fixture(scope="module")
def known():
    start = 4 + 7.0 * np.arange(8)
    events = pd.DataFrame({"start_time": start, "stop_time": start + 3, "direction": np.tile([0, 90, 180, 270], 2)})
    swim = pd.DataFrame({"swim": np.random.default_rng(1).normal(size=N)})
    return {"frame_rate": 2.0, "events": events, "signals": swim}


def fewer(values, factor, keep):
    """Means over the kept frames of each run, by hand."""
    runs = [slice(a, a + factor) for a in range(0, N // factor * factor, factor)]
    empty = np.full(values.shape[1:], np.nan)
    return np.stack([values[r][keep[r]].mean(axis=0) if keep[r].any() else empty for r in runs])


@pytest.mark.parametrize("excluded", [[], [0, 6, 7, 8, 40, 121]])
@pytest.mark.parametrize(
    "analysis",
    [
        nt.Regression(events_by=("direction",), signals=("swim",)),
        nt.EventAverage(by=("direction",)),
        nt.Correlation(signals=("swim",)),
        nt.Fourier(frequency=0.1),
        nt.PCA(n_components=2),
    ],
    ids=lambda analysis: type(analysis).__name__,
)
def test_means_of_runs_are_analysed_like_a_slower_recording(movie, known, analysis, excluded):
    keep = np.ones(N, bool)
    keep[excluded] = False
    recording = nt.Recording.from_array(movie, **known, exclude_frames=excluded)
    slow = nt.Recording.from_array(
        np.nan_to_num(fewer(movie, 3, keep)),
        frame_rate=2 / 3,
        events=known["events"],
        signals=pd.DataFrame(np.nan_to_num(fewer(known["signals"].to_numpy(), 3, keep)), columns=["swim"]),
        exclude_frames=[2] if excluded else [],
    )
    found, expected = nt.run(analysis, recording, preprocess=["downsample factor=3"]), nt.run(analysis, slow)
    assert set(found.data_vars) == set(expected.data_vars)
    for name, values in expected.data_vars.items():
        np.testing.assert_allclose(found[name].values, values.values, rtol=1e-4, atol=1e-5, err_msg=str(name))
        assert found[name].attrs.get("n_frames_used") == values.attrs.get("n_frames_used")
    assert found.attrs["n_frames_used"] == (39 if excluded else 40)
    for coordinate in ("frame", "time"):
        if coordinate in expected.coords:
            np.testing.assert_allclose(found[coordinate], expected[coordinate])


def test_every_third_frame_is_analysed_like_a_slower_recording(movie, known):
    recording = nt.Recording.from_array(movie, **known, exclude_frames=[3, 4])
    slow = nt.Recording.from_array(
        movie[::3],
        frame_rate=2 / 3,
        events=known["events"],
        signals=known["signals"][::3].reset_index(drop=True),
        exclude_frames=[1],
    )
    for analysis in (nt.Regression(events_by=("direction",), signals=("swim",)), nt.SummaryImages()):
        found = nt.run(analysis, recording, preprocess=["subsample step=3"])
        for name, values in nt.run(analysis, slow).data_vars.items():
            np.testing.assert_allclose(found[name].values, values.values, rtol=1e-5, atol=1e-6, err_msg=str(name))
    assert found.attrs["n_frames_used"] == 40


def test_steps_behind_it_see_the_new_frames(movie, known):
    recording = nt.Recording.from_array(movie, **known, exclude_frames=[10, 11, 12, 50])
    keep = recording.keep
    slow = nt.Recording.from_array(
        np.nan_to_num(fewer(movie, 2, keep)), frame_rate=1.0, exclude_frames=[5]
    )  # 12 and 50 have a neighbour left
    chain = ["temporal_filter high=0.2", "detrend", "delta_f_over_f baseline=rolling window=20"]
    found = nt.run(nt.SummaryImages(), recording, preprocess=["downsample factor=2", *chain])
    expected = nt.run(nt.SummaryImages(), slow, preprocess=chain)
    np.testing.assert_allclose(found["std"].values, expected["std"].values, rtol=1e-5)


def test_signals_by_time_and_motion_are_averaged_as_the_movie_is():
    signals = pd.DataFrame({"swim": [0.0, 40.0]}, index=pd.Index([0.0, 4.0], name="time"))
    motion = np.arange(30.0).reshape(10, 3)
    motion[4] = np.nan
    keep = np.arange(10) != 4
    context = make_context(10, keep, frame_times=np.arange(10) / 2, signals=signals, motion=motion)
    after = Downsample(factor=2).after(context)
    assert (after.n_frames, after.n_kept) == (5, 5)
    np.testing.assert_allclose(after.frame_times, np.arange(5.0))
    np.testing.assert_allclose(after.signals["swim"], [2.5, 12.5, 25, 32.5, np.nan])
    np.testing.assert_allclose(after.motion[:, 0], [1.5, 7.5, 15, 19.5, 25.5])
    every = Subsample(step=4).after(context)
    np.testing.assert_allclose(every.signals["swim"], [0, 20, 40])
    np.testing.assert_array_equal(every.keep, [True, False, True])
    np.testing.assert_array_equal(every.frame_times, [0, 2, 4])


def test_what_is_not_known_stays_unknown():
    signals = pd.DataFrame({"swim": [0.0, 40.0]}, index=pd.Index([0.0, 4.0], name="time"))
    context: Context = make_context(10, signals=signals)
    for step in (Downsample(), Subsample()):
        after = step.after(context)
        assert after.signals is signals
        with pytest.raises(MissingMetadataError):
            nt.Correlation(signals=("swim",)).plan(after)


def test_a_table_of_regressors_has_a_row_for_each_new_frame(movie):
    recording = nt.Recording.from_array(movie)
    design = pd.DataFrame({"x": np.random.default_rng(2).normal(size=61)})
    found = nt.run(nt.Regression(design=design), recording, preprocess=["downsample"])
    assert np.isfinite(found["t"]).all()
    with pytest.raises(TableError, match="61 frames"):
        nt.run(nt.Regression(design=pd.concat([design, design])), recording, preprocess=["downsample"])


def test_too_few_frames_are_refused_in_words():
    with pytest.raises(AnalysisError, match="averaging runs of 4 frames needs at least 8 frames, but there are 7"):
        Downsample(factor=4).bind(make_context(7))
    with pytest.raises(AnalysisError, match=r"step=9 leaves 1 of 7 frames\. Give a smaller step"):
        Subsample(step=9).bind(make_context(7))


def test_frames_that_are_left_over_are_dropped():
    np.testing.assert_array_equal(stepped("downsample", np.arange(11.0), factor=4), [1.5, 5.5])
    np.testing.assert_array_equal(stepped("subsample", np.arange(7.0), step=3), [0, 3, 6])
