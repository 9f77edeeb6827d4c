"""A recording says what it is, what is missing, and what is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.errors import MissingMetadataError, RecordingError, TableError, ThunderError
from napari_thunder.registration import Shifts


@pytest.fixture
def movie():
    return np.arange(5 * 2 * 3 * 4, dtype=np.uint16).reshape(5, 2, 3, 4)


def test_a_recording_of_an_array_says_what_is_missing(movie):
    recording = nt.Recording.from_array(movie)
    assert recording.shape == (5, 2, 3, 4)
    assert recording.dtype == np.uint16
    assert recording.nbytes == movie.nbytes
    assert recording.missing == ("voxel_size", "frame_times", "events", "signals")
    assert recording.frame_rate is None
    np.testing.assert_array_equal(recording.read_volume(3), movie[3])


def test_what_is_given_is_no_longer_missing(movie):
    events = pd.DataFrame({"start_time": [0.0, 1.0], "stop_time": [0.5, 1.5], "direction": [0, 90]})
    signals = pd.DataFrame({"swim": np.ones(5)}, index=pd.RangeIndex(5, name="frame"))
    recording = nt.Recording.from_array(movie, voxel_size=(5, 1, 1), frame_rate=2, events=events, signals=signals)
    assert recording.missing == ()
    assert recording.voxel_size == (5.0, 1.0, 1.0)
    assert recording.frame_rate == 2
    np.testing.assert_array_equal(recording.frame_times, [0, 0.5, 1, 1.5, 2])


def test_what_needs_frame_times_says_how_to_give_them(movie):
    with pytest.raises(MissingMetadataError, match="frame_rate="):
        nt.Recording.from_array(movie).need_frame_times("the cosine detrending")


def test_excluded_frames_add_up_and_are_kept_out(movie):
    recording = nt.Recording.from_array(movie, exclude_frames=[3]).without_frames([0, 3])
    assert recording.exclude_frames == (0, 3)
    np.testing.assert_array_equal(recording.keep, [False, True, True, False, True])


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"frame_rate": 0}, "positive"),
        ({"frame_rate": float("nan")}, "positive"),
        ({"frame_times": [0, 1, 2]}, "3 times for 5 frames"),
        ({"frame_times": [0, 1, 1, 2, 3]}, "rise"),
        ({"voxel_size": (1, 2)}, r"three positive numbers \(z, y, x\)"),
        ({"voxel_size": (1, 2, -1)}, "positive"),
        ({"exclude_frames": [5]}, "0 to 4"),
        ({"exclude_frames": range(5)}, "nothing is left"),
    ],
)
def test_wrong_metadata_is_refused_in_words(movie, known, message):
    with pytest.raises(RecordingError, match=message):
        nt.Recording.from_array(movie, **known)


def test_events_given_later_are_checked_against_the_frame_times(movie):
    recording = nt.Recording.from_array(movie, frame_rate=1)
    late = pd.DataFrame({"start_time": [100.0], "stop_time": [101.0]})
    with pytest.raises(TableError, match="outside the recording"):
        recording.with_known(events=late)


@pytest.mark.parametrize("array", [np.zeros((3, 4)), np.zeros((0, 1, 2, 3)), np.zeros((2, 1, 2, 3), complex)])
def test_what_is_not_a_movie_is_refused(array):
    with pytest.raises(RecordingError):
        nt.Recording.from_array(array)


def test_a_frame_that_is_not_there_is_an_error_that_says_which_are(movie):
    with pytest.raises(RecordingError, match="frames 0 to 4"):
        nt.Recording.from_array(movie).read_volume(5)


def test_a_path_that_is_not_there_and_an_empty_folder_are_told_apart(tmp_path):
    with pytest.raises(RecordingError, match="no such file or folder"):
        nt.open(tmp_path / "nothing.tif")
    with pytest.raises(RecordingError, match="empty"):
        nt.open(tmp_path)
    (tmp_path / "notes.docx").write_text("hello")
    with pytest.raises(RecordingError, match="It reads: "):
        nt.open(tmp_path / "notes.docx")
    with pytest.raises(RecordingError, match="ftp:// is not read"):
        nt.open("ftp://server/movie.zarr")


def test_the_package_offers_what_it_lists_and_imports_it_only_when_used():
    assert all(hasattr(nt, name) for name in nt.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = nt.nonsense


@pytest.mark.parametrize(
    ("known", "error", "message"),
    [
        ({"frame_rate": "fast"}, RecordingError, "frame_rate=fast: must be a positive number"),
        ({"frame_times": ["a"] * 5}, RecordingError, "frame_times: must be numbers, in s"),
        ({"voxel_size": 5}, RecordingError, "voxel_size=5: give three positive numbers"),
        ({"voxel_size": "5,1,1"}, RecordingError, "voxel_size=5,1,1: give three positive numbers"),
        ({"exclude_frames": 3}, RecordingError, "exclude_frames=3: give the numbers of frames"),
        ({"exclude_frames": [1.5]}, RecordingError, "exclude_frames=\\[1.5\\]: give the numbers of frames"),
        ({"events": [1, 2]}, TableError, "events: give a DataFrame or the path of a table, not a list"),
        ({"signals": np.zeros(5)}, TableError, "signals: give a DataFrame or the path of a table, not a ndarray"),
    ],
)
def test_what_is_of_the_wrong_kind_is_said_with_what_to_give(movie, known, error, message):
    with pytest.raises(error, match=message):
        nt.Recording.from_array(movie, **known)


def test_a_frame_rate_may_come_straight_out_of_an_archive(movie):
    assert nt.Recording.from_array(movie, frame_rate=np.array(2.0)).frame_rate == 2


def test_events_are_checked_again_when_the_frame_rate_becomes_known(movie):
    events = pd.DataFrame({"start_time": [0.0], "stop_time": [2.0]})
    recording = nt.Recording.from_array(movie, events=events)
    assert recording.with_known(frame_rate=2).frame_rate == 2
    with pytest.raises(TableError, match=r"stop_time 2 s is outside the recording, which runs from 0 to 0\.5 s"):
        recording.with_known(frame_rate=10)


def test_a_recording_says_itself_in_a_line():
    recording = nt.Recording.from_array(
        np.zeros((50, 2, 3, 4), np.uint8), name="movie", voxel_size=(1, 1, 1), frame_rate=2
    )
    said = repr(recording)
    assert said == "Recording('memory:movie', shape=(50, 2, 3, 4), dtype=uint8, without events, signals)"


def test_motion_is_undone_as_it_is_read_and_can_be_taken_back():
    movie = np.random.default_rng(0).integers(0, 100, (3, 2, 8, 9)).astype(np.uint16)
    raw = nt.Recording.from_array(movie, voxel_size=(5, 1, 1), exclude_frames=[2])
    shifts = Shifts.rigid([[0, 1, 0]] * 3, (2, 8, 9))
    registered = raw.registered(shifts)
    np.testing.assert_array_equal(registered.read_volume(0)[:, :-1], movie[0, :, 1:])
    assert registered.dtype == np.float32
    assert registered.shifts == shifts
    assert (registered.voxel_size, registered.exclude_frames) == (raw.voxel_size, raw.exclude_frames)
    assert registered.raw == raw
    assert registered.registered(shifts, "nearest").raw == raw
    assert raw.shifts is None


def test_a_mask_of_another_volume_is_refused():
    with pytest.raises(ThunderError, match="does not fit"):
        nt.Recording.from_array(np.zeros((3, 2, 8, 9)), mask=np.ones((2, 8, 8), bool))


def test_a_frame_of_unknown_motion_is_left_out_while_motion_is_undone():
    movie = np.random.default_rng(0).integers(0, 100, (5, 2, 8, 9)).astype(np.uint16)
    raw = nt.Recording.from_array(movie, exclude_frames=[4])
    values = np.zeros((5, 3))
    values[1] = np.nan
    registered = raw.registered(Shifts.rigid(values, (2, 8, 9)))
    assert registered.left_out == (1, 4)
    assert registered.raw.left_out == (4,)
    np.testing.assert_allclose(nt.run(nt.SummaryImages(), registered)["mean"], movie[[0, 2, 3]].mean(0), rtol=1e-6)
