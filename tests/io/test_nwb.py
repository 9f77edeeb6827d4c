"""NWB: images, and what was recorded beside them, from files that pynwb wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from hdmf.backends.hdf5 import H5DataIO
from pynwb import NWBFile, TimeSeries
from pynwb.behavior import BehavioralEvents, BehavioralTimeSeries, Position, SpatialSeries
from pynwb.ophys import CorrectedImageStack, ImageSeries, OnePhotonSeries

import napari_thunder as nt
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source

from .nwb_files import add_images, session, write_nwb

Array = np.ndarray[Any, Any]


@pytest.fixture
def images(movie: Array) -> Array:
    """The movie as NWB has it: (t, x, y, z)."""
    return movie.transpose(0, 3, 2, 1)


@pytest.fixture
def file(images: Array) -> NWBFile:
    """A session with one movie, 2 frames a second from 10 s on."""
    file = session()
    spacing = {"grid_spacing": [0.8, 0.7, 5.0], "grid_spacing_unit": "micrometers"}
    add_images(file, "movie", images, plane=spacing, starting_time=10.0)
    return file


def test_images_times_and_voxel_size_are_read(file: NWBFile, movie: Array, tmp_path: Path) -> None:
    recording = nt.open(write_nwb(file, tmp_path / "a.nwb"))
    np.testing.assert_array_equal(recording.read_volume(4), movie[4])
    np.testing.assert_allclose(recording.frame_times, 10 + np.arange(7) / 2)
    np.testing.assert_allclose(recording.voxel_size, (5.0, 0.7, 0.8), rtol=1e-6)
    assert recording.missing == ("events", "signals")
    assert recording.source.format == "NWB"


def test_a_single_plane_has_metres_and_its_own_times(movie: Array, tmp_path: Path) -> None:
    file = session()
    times = np.array([0.0, 0.4, 1.1, 1.5, 2.0, 2.6, 3.0])
    plane = {"grid_spacing": [8e-7, 7e-7], "grid_spacing_unit": "meters"}
    data = H5DataIO(data=movie[:, 0].transpose(0, 2, 1), compression="gzip", chunks=(1, 13, 11))
    add_images(file, "movie", data, OnePhotonSeries, plane, timestamps=times)
    recording = nt.open(write_nwb(file, tmp_path / "a.nwb"))
    assert recording.shape == (7, 1, 11, 13)
    assert recording.source.chunks == (1, 1, 11, 13)
    np.testing.assert_array_equal(recording.read_volume(2)[0], movie[2, 0])
    np.testing.assert_array_equal(recording.frame_times, times)
    np.testing.assert_allclose(recording.voxel_size, (1.0, 0.7, 0.8), rtol=1e-6)


def test_the_field_of_view_gives_the_voxel_size_where_the_plane_does_not(images: Array, tmp_path: Path) -> None:
    file = session()
    add_images(file, "movie", images, field_of_view=[13e-6, 22e-6, 15e-6])
    np.testing.assert_allclose(nt.open(write_nwb(file, tmp_path / "a.nwb")).voxel_size, (5.0, 2.0, 1.0), rtol=1e-6)


def test_files_whose_axes_are_not_those_of_nwb_are_read_with_axes(movie: Array, tmp_path: Path) -> None:
    file = session()
    add_images(file, "movie", movie[:, 1])
    source = open_source(write_nwb(file, tmp_path / "a.nwb"), axes="tyx")
    np.testing.assert_array_equal(source.read_volume(3)[0], movie[3, 1])
    assert open_source(source.uri) == source


def test_of_several_series_one_has_to_be_named(file: NWBFile, images: Array, movie: Array, tmp_path: Path) -> None:
    add_images(file, "red", images + 1, OnePhotonSeries)
    path = write_nwb(file, tmp_path / "a.nwb")
    with pytest.raises(RecordingError, match=r"which series of images is the movie\?.*a\.nwb\?series=movie") as error:
        open_source(path)
    assert "/acquisition/red (7, 13, 11, 3)" in str(error.value)
    for name in ("red", "/acquisition/red"):
        source = open_source(path, series=name)
        np.testing.assert_array_equal(source.read_volume(0), movie[0] + 1)
        assert open_source(source.uri) == source
    with pytest.raises(RecordingError, match=r"there is no series blue\. It holds: /acquisition/movie"):
        open_source(path, series="blue")


def test_motion_corrected_images_are_offered_too(file: NWBFile, images: Array, movie: Array, tmp_path: Path) -> None:
    raw = file.acquisition["movie"]
    corrected = ImageSeries(name="corrected", data=images + 2, unit="n.a.", rate=2.0, starting_time=10.0)
    shifts = TimeSeries(name="xy_translation", data=np.zeros((7, 2)), unit="pixels", rate=2.0)
    stack = CorrectedImageStack(corrected=corrected, original=raw, xy_translation=shifts)
    file.create_processing_module("ophys", "").add(stack)
    path = write_nwb(file, tmp_path / "a.nwb")
    with pytest.raises(RecordingError, match="/processing/ophys/CorrectedImageStack/corrected"):
        open_source(path)
    np.testing.assert_array_equal(open_source(path, series="corrected").read_volume(1), movie[1] + 2)


def test_images_in_other_files_are_said_to_be_there(tmp_path: Path) -> None:
    file = session()
    add_images(file, "movie", None, external_file=["day1.tif"], format="external", num_samples=7)
    path = write_nwb(file, tmp_path / "a.nwb")
    with pytest.raises(RecordingError, match=r"no images of a microscope in it\. It holds: .*in other files"):
        open_source(path)
    with pytest.raises(RecordingError, match=r"not in it, but in day1\.tif"):
        open_source(path, series="movie")


def test_a_file_without_images_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="It holds no TwoPhotonSeries and no OnePhotonSeries"):
        open_source(write_nwb(session(), tmp_path / "a.nwb"))


def test_trials_become_events(file: NWBFile, tmp_path: Path) -> None:
    file.add_trial_column("direction", "in degrees")
    file.add_trial_column("side", "")
    file.add_trial(start_time=10.5, stop_time=11.0, direction=90.0, side="left")
    file.add_trial(start_time=11.5, stop_time=12.5, direction=270.0, side="right")
    file.add_trial(start_time=90.0, stop_time=91.0, direction=0.0, side="after the movie")
    events = nt.open(write_nwb(file, tmp_path / "a.nwb")).events
    wanted = pd.DataFrame(
        {"start_time": [10.5, 11.5], "stop_time": [11.0, 12.5], "direction": [90.0, 270.0], "side": ["left", "right"]}
    )
    pd.testing.assert_frame_equal(events, wanted)


def test_several_tables_become_one_that_says_which(file: NWBFile, tmp_path: Path) -> None:
    file.add_trial(start_time=11.5, stop_time=12.5)
    file.add_epoch(start_time=10.0, stop_time=12.0, tags=["dark", "rest"])
    events = nt.open(write_nwb(file, tmp_path / "a.nwb")).events
    assert events is not None
    assert events["intervals"].tolist() == ["epochs", "trials"]
    assert events["start_time"].tolist() == [10.0, 11.5]
    assert events["tags"].tolist()[0] == "dark, rest"


def test_tables_of_events_are_read_as_well(file: NWBFile, tmp_path: Path) -> None:
    licks = file.create_events_table(name="licks", description="")
    licks.add_row(timestamp=10.5, duration=0.25)
    licks.add_row(timestamp=11.5, duration=np.nan)
    events = nt.open(write_nwb(file, tmp_path / "a.nwb")).events
    wanted = pd.DataFrame({"start_time": [10.5, 11.5], "stop_time": [10.75, 12.0]})
    pd.testing.assert_frame_equal(events, wanted)


def test_frames_in_invalid_times_are_left_out(file: NWBFile, tmp_path: Path) -> None:
    file.add_invalid_time_interval(start_time=10.6, stop_time=11.2)
    recording = nt.open(write_nwb(file, tmp_path / "a.nwb"))
    assert recording.exclude_frames == (1, 2)
    assert recording.events is None


def behaviour(file: NWBFile, *containers: Any) -> None:
    module = file.create_processing_module("behavior", "")
    for container in containers:
        module.add(container)


def test_behaviour_with_one_clock_keeps_its_own_times(file: NWBFile, tmp_path: Path) -> None:
    times = np.linspace(9, 15, 61)
    where = np.stack([np.sin(times), np.cos(times)], 1)
    position = SpatialSeries(name="position", data=where, timestamps=times, reference_frame="the arena")
    speed = TimeSeries(name="speed", data=times * 100, timestamps=times, unit="m/s", conversion=0.01, offset=1.0)
    behaviour(file, Position(spatial_series=position), BehavioralTimeSeries(time_series=speed))
    signals = nt.open(write_nwb(file, tmp_path / "a.nwb")).signals
    assert signals is not None
    assert signals.index.name == "time"
    assert sorted(signals.columns) == ["position x", "position y", "speed"]
    np.testing.assert_allclose(signals.index, times)
    np.testing.assert_allclose(signals["position y"], np.cos(times))
    np.testing.assert_allclose(signals["speed"], times + 1)


def test_behaviour_with_several_clocks_is_put_on_frames(file: NWBFile, tmp_path: Path) -> None:
    speed = TimeSeries(name="speed", data=np.arange(100.0), starting_time=10.0, rate=10.0, unit="m/s")
    pupil = TimeSeries(name="pupil", data=np.arange(5.0), starting_time=11.0, rate=1.0, unit="px")
    behaviour(file, BehavioralTimeSeries(time_series=[speed, pupil]))
    recording = nt.open(write_nwb(file, tmp_path / "a.nwb"))
    assert recording.signals is not None
    assert recording.signals.index.name == "frame"
    np.testing.assert_allclose(recording.signals["speed"], np.arange(7) * 5.0)
    np.testing.assert_allclose(recording.signals["pupil"], [np.nan, np.nan, 0, 0.5, 1, 1.5, 2])


def test_what_is_no_trace_is_left_out(file: NWBFile, tmp_path: Path) -> None:
    licks = TimeSeries(name="licks", data=[1.0, 1.0], timestamps=[10.5, 11.7], unit="n.a.")
    with pytest.warns(UserWarning, match="deprecated"):
        events = BehavioralEvents(time_series=licks)
    backwards = TimeSeries(name="backwards", data=[1.0, 1.0, 2.0], timestamps=[12.0, 11.0, 13.0], unit="n.a.")
    behaviour(file, events, BehavioralTimeSeries(time_series=backwards))
    assert nt.open(write_nwb(file, tmp_path / "a.nwb")).signals is None


def test_times_that_do_not_rise_are_said_and_can_be_overruled(images: Array, tmp_path: Path) -> None:
    file = session()
    add_images(file, "movie", images, timestamps=[0.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    path = write_nwb(file, tmp_path / "a.nwb")
    with pytest.raises(RecordingError, match="frame_times: must be finite and rise"):
        nt.open(path)
    assert nt.open(path, frame_rate=3).frame_rate == pytest.approx(3)


def test_a_file_that_is_no_session_is_said_to_hold_no_images(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file["data"] = np.zeros((3, 4, 5))
    with pytest.raises(RecordingError, match="no images of a microscope"):
        open_source(tmp_path / "a.nwb")
