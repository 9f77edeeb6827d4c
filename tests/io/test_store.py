"""The store this package writes: both layouts hold the movie, and a half-written one is never taken for whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr

from napari_thunder.errors import RecordingError
from napari_thunder.io.store import StoreWriter, create_store
from napari_thunder.io.storing.layout import plan_layout

SHAPE = (23, 3, 20, 17)


@pytest.fixture
def movie() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 60_000, SHAPE).astype(np.uint16)


def layouts(path: Path) -> tuple[np.ndarray, np.ndarray]:
    group = zarr.open_group(path, mode="r")
    return group["0"][:], group["series"][:]


def small_store(path: Path) -> StoreWriter:
    """In three shards of frames and several chunks."""
    layout = plan_layout(SHAPE, np.dtype(np.uint16), most_frames=10, shard_bytes=8000)
    return create_store(path, SHAPE, np.uint16, layout=layout)


@pytest.mark.parametrize("step", [1, 4, 10, 23])
def test_both_layouts_hold_the_movie_however_many_frames_are_written_at_once(
    tmp_path: Path, movie: np.ndarray, step: int
) -> None:
    writer = small_store(tmp_path / "a.ome.zarr")
    for t in range(0, len(movie), step):
        writer.write_volumes(t, movie[t : t + step])
    image, series = layouts(writer.finish())
    np.testing.assert_array_equal(image, movie)
    np.testing.assert_array_equal(series, movie)


def test_frames_may_come_in_any_order(tmp_path: Path, movie: np.ndarray) -> None:
    writer = small_store(tmp_path / "a.ome.zarr")
    for t in np.random.default_rng(0).permutation(len(movie)):
        writer.write_volumes(int(t), movie[t])
    np.testing.assert_array_equal(layouts(writer.finish())[1], movie)


def test_a_store_is_complete_only_once_every_frame_is_there(tmp_path: Path, movie: np.ndarray) -> None:
    writer = small_store(tmp_path / "a.ome.zarr")
    writer.write_volumes(0, movie[:5])
    writer.write_volumes(6, movie[6:])
    with pytest.raises(RecordingError, match=r"1 of 23 frames were not written \(the first is 5\)"):
        writer.finish()
    assert not writer.path.exists()
    writer.write_volumes(5, movie[5])
    writer.finish(attributes={"simulation": {"seed": 3}})
    attributes = zarr.open_group(writer.path, mode="r").attrs
    assert attributes["thunder"]["version"] == 2
    assert attributes["thunder"]["complete"] is True
    assert attributes["simulation"] == {"seed": 3}
    assert [p.name for p in tmp_path.iterdir()] == ["a.ome.zarr"]


def test_tables_and_times_lie_beside_the_movie_in_plain_files(tmp_path: Path, movie: np.ndarray) -> None:
    times = np.arange(23) / 2
    events = pd.DataFrame({"start_time": [1.0], "stop_time": [2.0], "direction": [30]})
    signals = pd.DataFrame({"swim": np.arange(23.0)}, index=pd.Index(range(23), name="frame"))
    writer = create_store(tmp_path / "a.ome.zarr", SHAPE, "u2", (5, 0.8, 0.8), times)
    writer.write_volumes(0, movie)
    path = writer.finish(events, signals)
    pd.testing.assert_frame_equal(pd.read_csv(path / "events.csv"), events)
    pd.testing.assert_frame_equal(pd.read_csv(path / "signals.csv", index_col=0), signals)
    np.testing.assert_array_equal(zarr.open_group(path, mode="r")["frame_times"][:], times)
    scale = zarr.open_group(path, mode="r").attrs["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    assert scale == [{"type": "scale", "scale": [0.5, 5, 0.8, 0.8]}]


def test_an_existing_folder_is_never_overwritten(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is something already"):
        create_store(tmp_path, SHAPE, "u2")


def test_what_does_not_fit_is_refused(tmp_path: Path, movie: np.ndarray) -> None:
    writer = small_store(tmp_path / "a.ome.zarr")
    with pytest.raises(RecordingError, match="do not fit a store"):
        writer.write_volumes(0, movie[:, :, :5])
    with pytest.raises(RecordingError, match="frames 20 to 42 do not fit a store of 23 frames"):
        writer.write_volumes(20, movie)
    writer.write_volumes(3, movie[3])
    with pytest.raises(RecordingError, match="written before"):
        writer.write_volumes(0, movie)
    with pytest.raises(RecordingError, match="not complex64"):
        create_store(tmp_path / "b", SHAPE, np.complex64)
    with pytest.raises(RecordingError, match="23 frames need 23 frame times"):
        create_store(tmp_path / "b", SHAPE, "u2", None, [1, 2])
    with pytest.raises(RecordingError, match=r"\(t, z, y, x\)"):
        create_store(tmp_path / "b", (3, 4), "u2")  # type: ignore[arg-type]


def test_a_disk_that_cannot_be_written_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="cannot be written"):
        create_store(tmp_path / "file" / "a.zarr", SHAPE, "u2")


def test_discarding_leaves_nothing(tmp_path: Path, movie: np.ndarray) -> None:
    writer = small_store(tmp_path / "a.ome.zarr")
    writer.write_volumes(0, movie[:3])
    writer.discard()
    assert not list(tmp_path.iterdir())
