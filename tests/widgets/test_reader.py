from __future__ import annotations

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

import napari_thunder
from napari_thunder import SummaryImages, run, save_result
from napari_thunder.errors import RecordingError
from napari_thunder.io import formats
from napari_thunder.recording import Recording
from napari_thunder.simulation import kept_sample
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
