"""Views of a recording give the numbers that numpy gives, wherever they are computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_thunder import open as open_recording
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.errors import ThunderError
from napari_thunder.recording import Recording
from napari_thunder.volumes import EngineReader, MovieView, ViewKind, baseline_volume, sight_of
from napari_thunder.volumes.views import AveragingReader

from .slow_source import SlowSource

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module", params=["threads", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def movie() -> Array:
    return np.random.default_rng(0).integers(100, 900, (30, 4, 9, 13)).astype(np.uint16)


@pytest.fixture(scope="module")
def recording(movie: Array, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("views") / "movie.npy"
    np.save(path, movie)
    return open_recording(path, exclude_frames=[4, 5, 29])


def mean_by_hand(movie: Array, t: int, half_width: int) -> Array:
    kept = [f for f in range(t - half_width, t + half_width + 1) if 0 <= f < len(movie) and f not in (4, 5, 29)]
    return movie[kept].astype(float).mean(axis=0)


@pytest.mark.parametrize("t", [0, 3, 12, 28, 29])
def test_a_mean_leaves_out_excluded_frames_and_what_lies_beyond_the_ends(recording, movie, engine, t):
    view = MovieView(ViewKind.MEAN, 2)
    for through in (None, engine):
        ((frame, volume),) = sight_of(recording, view, through).reader.read([t], Job("read"))
        assert frame == t
        assert volume.dtype == np.float32
        np.testing.assert_allclose(volume, mean_by_hand(movie, t, 2), rtol=1e-6)


def test_a_window_of_excluded_frames_alone_cannot_be_averaged(movie):
    recording = Recording.from_array(movie, exclude_frames=range(3, 8))
    ((_, volume),) = sight_of(recording, MovieView(ViewKind.MEAN, 2)).reader.read([5], Job("read"))
    assert np.isnan(volume).all()


@pytest.mark.parametrize("percentile", [20.0, 50.0, None])
def test_the_baseline_is_over_the_frames_that_count(recording, movie, engine, percentile):
    kept = np.delete(movie, [4, 5, 29], axis=0).astype(float)
    by_hand = kept.mean(axis=0) if percentile is None else np.percentile(kept, percentile, axis=0)
    np.testing.assert_allclose(baseline_volume(recording, engine, percentile), by_hand, rtol=1e-6)


def test_dff_is_the_change_relative_to_the_baseline(recording, movie, engine):
    baseline = baseline_volume(recording, engine)
    by_hand = np.percentile(np.delete(movie, [4, 5, 29], axis=0).astype(float), 20, axis=0)
    for half_width in (0, 1):
        view = MovieView(ViewKind.DFF, half_width)
        ((_, volume),) = sight_of(recording, view, engine, baseline).reader.read([10], Job("read"))
        np.testing.assert_allclose(volume, mean_by_hand(movie, 10, half_width) / by_hand - 1, rtol=1e-5, atol=1e-6)


def test_of_a_long_recording_frames_spread_over_it_are_used():
    movie = np.random.default_rng(1).integers(0, 500, (400, 2, 5, 6)).astype(np.uint16)
    threads = connect("threads")
    baseline = baseline_volume(Recording.from_array(movie), threads, None)
    threads.close()
    frames = [int((i + 0.5) * 400 / 60) for i in range(60)]
    np.testing.assert_allclose(baseline, movie[frames].astype(float).mean(axis=0), rtol=1e-6)


def test_where_there_is_no_baseline_there_is_no_change():
    recording = Recording.from_array(np.zeros((5, 1, 2, 2), np.float32))
    sight = sight_of(recording, MovieView(ViewKind.DFF), baseline=np.zeros((1, 2, 2), np.float32))
    ((_, volume),) = sight.reader.read([0], Job("read"))
    assert np.isnan(volume).all()


def test_neighbouring_windows_read_each_frame_once():
    source = SlowSource()
    reader = sight_of(source.recording, MovieView(ViewKind.MEAN, 2)).reader
    assert isinstance(reader, AveragingReader)
    means = {t: float(volume.mean()) for t, volume in reader.read(range(10, 20), Job("read"))}
    assert means == {t: float(t) for t in range(10, 20)}
    assert source.reads == list(range(8, 22))


def test_an_engine_averages_next_to_the_files_in_shorter_runs(recording):
    class Engine:
        def read(self, recording: Recording, times: Any, job: Job) -> Any:
            raise AssertionError

    raw, mean = (sight_of(recording, view, Engine()).reader for view in (MovieView(), MovieView(ViewKind.MEAN, 2)))
    assert isinstance(mean, EngineReader)
    assert isinstance(raw, EngineReader)
    assert "averaged" in mean.recording.source.format
    assert mean.stretch < raw.stretch


def test_views_say_what_they_are():
    assert MovieView().title == ""
    assert MovieView(ViewKind.DFF, 2).title == "ΔF/F, mean of ±2 frames"
    assert MovieView(ViewKind.MEAN, 1).title == "mean of ±1 frame"
    assert MovieView(ViewKind.DFF).title == "ΔF/F"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": ViewKind.MEAN}, "give 1 to 50"),
        ({"half_width": 51}, "0 to 50"),
        ({"baseline_percentile": 101}, "from 0 to 100"),
    ],
)
def test_a_view_that_cannot_be_is_refused_with_words(given, message):
    with pytest.raises(ThunderError, match=message):
        MovieView(**given)
