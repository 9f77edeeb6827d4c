from __future__ import annotations

from pathlib import Path
from typing import Any

import npe2
import numpy as np
import pytest
import tifffile
import zarr

import napari_thunder
from napari_thunder import SummaryImages, run, save_result
from napari_thunder.io import formats
from napari_thunder.recording import Recording
from napari_thunder.widgets.reader import find_reader
from napari_thunder.widgets.sample import simulated_fish
from tests.widgets.conftest import moving_movie, wait_until

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


def test_the_sample_is_a_fish_that_streams() -> None:
    ((data, kwargs, kind),) = simulated_fish()
    assert (kind, len(data.shape)) == ("image", 4)
    assert kwargs["axis_labels"] == ("t", "z", "y", "x")
