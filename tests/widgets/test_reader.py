from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import npe2
import numpy as np
import pytest
import tifffile
import zarr
from napari.layers import Layer
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer

import napari_thunder
from napari_thunder import SummaryImages, run, save_result
from napari_thunder.errors import RecordingError
from napari_thunder.io import formats
from napari_thunder.recording import Recording
from napari_thunder.simulation import kept_sample
from napari_thunder.widgets import reader
from napari_thunder.widgets.reader import find_reader, recording_layers
from tests.widgets.conftest import SlowSource, moving_movie, slow_recording, wait_until

MANIFEST = Path(napari_thunder.__file__).with_name("napari.yaml")


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    """The same movie in several formats."""
    movie = np.array(moving_movie((5, 2, 6, 7)))
    np.save(tmp_path / "movie.npy", movie)
    np.savez(tmp_path / "movie.npz", data=movie)
    zarr.save_array(tmp_path / "movie.zarr", movie)
    tifffile.imwrite(tmp_path / "movie.ome.tif", movie[:, :, None], metadata={"axes": "TZCYX"}, ome=True)
    (tmp_path / "tiffs").mkdir()
    for t, volume in enumerate(movie):
        tifffile.imwrite(tmp_path / "tiffs" / f"{t:03}.tif", volume)
    return {path.name: path for path in tmp_path.iterdir()}


@pytest.mark.parametrize("name", ["movie.npy", "movie.npz", "movie.zarr", "movie.ome.tif", "tiffs"])
def test_napari_opens_every_format_and_streams_it(
    make_napari_viewer: Any, qtbot: Any, written: dict[str, Path], name: str
) -> None:
    viewer = make_napari_viewer()
    (layer,) = viewer.open(written[name], plugin="napari-thunder")
    assert layer.data.shape == (5, 2, 6, 7)
    viewer.dims.set_current_step(0, 4)
    wait_until(qtbot, lambda: (np.asarray(layer._slice.image.raw) == 4).all())
    wait_until(qtbot, lambda: layer.contrast_limits[1] < 10)


def test_units_agree_before_napari_adds_what_it_opens(
    make_napari_viewer: Any, qtbot: Any, written: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("napari._vispy.canvas.show_warning", said.append)
    viewer = make_napari_viewer()
    viewer.open(written["movie.npy"], plugin="napari-thunder")
    for layer in recording_layers(slow_recording()[0]):
        viewer.add_layer(Layer.create(*layer))
    viewer.open(written["movie.npz"], plugin="napari-thunder")
    assert {tuple(map(str, layer.units)) for layer in viewer.layers} == {("second", *["micrometer"] * 3)}
    assert said == []


def test_a_result_file_opens_as_maps_over_the_same_space(make_napari_viewer: Any, tmp_path: Path) -> None:
    recording = Recording.from_array(np.array(moving_movie()), frame_rate=1.0, voxel_size=(8, 2, 2))
    path = save_result(run(SummaryImages(), recording), tmp_path / "summary.zarr")
    viewer = make_napari_viewer()
    layers = viewer.open(path, plugin="napari-thunder")
    means = [layer for layer in layers if "mean" in layer.name]
    assert means
    np.testing.assert_allclose(means[0].data, 29.5)
    assert means[0].scale == pytest.approx((8, 2, 2))


def test_what_is_no_recording_is_left_to_others(tmp_path: Path) -> None:
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(b"\xff\xd8\xff")
    assert find_reader(str(picture)) is None
    assert find_reader(["a.tif", "b.tif"]) is None


def test_the_manifest_is_valid_and_names_what_the_formats_read() -> None:
    manifest = npe2.PluginManifest.from_file(MANIFEST)
    manifest.validate_imports()
    (reader,) = manifest.contributions.readers or ()
    wanted = {pattern for f in formats() for pattern in f.patterns if "/" not in pattern and pattern.startswith("*.")}
    assert wanted <= set(reader.filename_patterns)


def test_a_frame_that_cannot_be_read_is_said_while_scrubbing(make_napari_viewer: Any, qtbot: Any) -> None:
    recording, _ = slow_recording()
    broken = replace(recording, source=BrokenSource(recording.source.movie))
    viewer = make_napari_viewer()
    said: list[str] = []
    notification_manager.notification_ready.connect(lambda event: said.append(event.message))
    (layer,) = recording_layers(broken)
    viewer.add_layer(Layer.create(*layer))
    viewer.dims.set_current_step(0, 30)
    wait_until(qtbot, lambda: any("frame 30 is damaged" in message for message in said))


class BrokenSource(SlowSource):
    """A movie with one frame that cannot be read."""

    def read_volume(self, t: int) -> Any:
        if t == 30:
            raise RecordingError("frame 30 is damaged")
        return super().read_volume(t)


def test_the_sample_is_a_fish_that_streams(
    make_napari_viewer: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    kept_sample._kept.cache_clear()
    viewer = make_napari_viewer()
    (layer,) = viewer.open_sample("napari-thunder", "simulated_fish")
    assert tuple(layer.axis_labels) == ("t", "z", "y", "x")
    wait_until(qtbot, lambda: layer.data[120, 6].any())


def in_the_window(qtbot: Any, call: Any) -> None:
    """Call from the event loop, as a drop or a menu does."""
    done: list[bool] = []
    QTimer.singleShot(0, lambda: (call(), done.append(True)))
    wait_until(qtbot, lambda: bool(done))


@pytest.fixture
def slow_to_open(written: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that takes half a second to open."""
    opens = reader.open_recording

    def slowly(path: str) -> Recording:
        time.sleep(0.5)
        return opens(path)

    monkeypatch.setattr(reader, "open_recording", slowly)
    return written["movie.npy"]


def test_the_window_does_not_wait_for_a_file_that_opens_slowly(
    make_napari_viewer: Any, qtbot: Any, slow_to_open: Path
) -> None:
    viewer = make_napari_viewer()
    taken: list[float] = []

    def drop() -> None:
        begun = time.perf_counter()
        assert viewer.open(slow_to_open, plugin="napari-thunder") == []
        taken.append(time.perf_counter() - begun)

    in_the_window(qtbot, drop)
    assert taken[0] < 0.25
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    viewer.dims.set_current_step(0, 4)
    wait_until(qtbot, lambda: (np.asarray(viewer.layers[0]._slice.image.raw) == 4).all())


def test_with_the_dock_a_slow_file_goes_over_the_desk(make_dock: Any, qtbot: Any, slow_to_open: Path) -> None:
    viewer, dock = make_dock()
    in_the_window(qtbot, lambda: viewer.open(slow_to_open, plugin="napari-thunder"))
    assert len(dock.desk.datasets.opening) == 1
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and len(dock.desk.datasets) == 1)


def test_a_quick_file_is_a_layer_at_once(make_napari_viewer: Any, qtbot: Any, written: dict[str, Path]) -> None:
    viewer = make_napari_viewer()
    reader._PATIENCE, before = 5.0, reader._PATIENCE
    try:
        in_the_window(qtbot, lambda: viewer.open(written["movie.npy"], plugin="napari-thunder"))
    finally:
        reader._PATIENCE = before
    assert len(viewer.layers) == 1


def test_what_cannot_be_opened_is_said_late_too(
    make_napari_viewer: Any, qtbot: Any, written: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> Recording:
        time.sleep(0.3)
        raise RecordingError("the disk is gone")

    monkeypatch.setattr(reader, "open_recording", fail)
    said: list[str] = []
    monkeypatch.setattr(reader, "show_error", said.append)
    viewer = make_napari_viewer()
    in_the_window(qtbot, lambda: viewer.open(written["movie.npy"], plugin="napari-thunder"))
    wait_until(qtbot, lambda: said == ["the disk is gone"])
