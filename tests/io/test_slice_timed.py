"""Planes taken one after the other, seen as if all had been taken when their frame began."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source
from napari_thunder.io.array import ArraySource
from napari_thunder.io.slice_timed import SliceTiming, slice_timed

N_FRAMES, PLANES = 12, 5


def taken(delays: tuple[float, ...]) -> NDArray[np.float32]:
    """A movie of which every voxel follows its own random walk, linear between frames, seen when its plane is taken."""
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(N_FRAMES + 1, PLANES, 4, 6)).cumsum(axis=0)
    fine = np.arange(N_FRAMES)[:, None] + np.asarray(delays)
    seen = np.empty((N_FRAMES, PLANES, 4, 6), np.float32)
    for z, y, x in np.ndindex(PLANES, 4, 6):
        seen[:, z, y, x] = np.interp(fine[:, z], np.arange(N_FRAMES + 1), walks[:, z, y, x])
    return seen


@pytest.mark.parametrize(
    ("order", "share", "expected"),
    [
        ("ascending", 1.0, [0, 0.2, 0.4, 0.6, 0.8]),
        ("descending", 0.5, [0.4, 0.3, 0.2, 0.1, 0]),
        ("interleaved", 1.0, [0, 0.6, 0.2, 0.8, 0.4]),
        ("interleaved-descending", 1.0, [0.4, 0.8, 0.2, 0.6, 0]),
    ],
)
def test_planes_are_taken_in_the_order_told(order: str, share: float, expected: list[float]) -> None:
    np.testing.assert_allclose(SliceTiming.in_order(5, order, share).delays, expected)


def test_every_voxel_is_interpolated_in_time_to_the_start_of_its_frame() -> None:
    timing = SliceTiming.in_order(PLANES)
    movie = taken(timing.delays)
    timed = slice_timed(ArraySource(movie), timing)
    times = np.arange(N_FRAMES)
    for z, y, x in np.ndindex(PLANES, 4, 6):
        expected = np.interp(times, times + timing.delays[z], movie[:, z, y, x])
        found = [timed.read_volume(t)[z, y, x] for t in times]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_changes_evenly_is_seen_as_it_was() -> None:
    timing = SliceTiming.in_order(PLANES, "interleaved", 0.9)
    movie = (np.arange(N_FRAMES)[:, None, None, None] + np.array(timing.delays)[:, None, None]) * np.ones((4, 6)) * 7
    timed = slice_timed(ArraySource(movie), timing)
    for t in range(1, N_FRAMES):
        np.testing.assert_allclose(timed.read_volume(t), 7 * t, rtol=1e-5)


@pytest.mark.parametrize("times", [(0, 12), (0, 1), (1, 2), (5, 9)])
def test_a_block_is_what_volumes_are(times: tuple[int, int]) -> None:
    movie = np.random.default_rng(0).integers(0, 1000, (N_FRAMES, PLANES, 4, 6), np.uint16)
    timed = slice_timed(ArraySource(movie), SliceTiming.in_order(PLANES))
    block = Block(0, times, (2, 1, 2), (4, 3, 5), (1, 1, 0), (1, 0, 1))
    expected = np.stack([timed.read_volume(t)[block.padded] for t in range(*times)])
    found = timed.read_block(block)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "options",
    [
        {"slice_order": "descending", "slice_share": 0.8},
        {"slice_order": "interleaved"},
        {"slice_times": "0,.1,.2,.5,.3"},
    ],
)
def test_its_address_opens_it_again(tmp_path: Path, options: dict[str, object]) -> None:
    movie = np.random.default_rng(0).integers(0, 1000, (N_FRAMES, PLANES, 4, 6), np.uint16)
    np.save(tmp_path / "movie.npy", movie)
    timed = open_source(tmp_path / "movie.npy", **options)
    again = open_source(timed.uri)
    assert again.uri == timed.uri
    assert again.fingerprint() == timed.fingerprint() != open_source(tmp_path / "movie.npy").fingerprint()
    np.testing.assert_array_equal(again.read_volume(3), timed.read_volume(3))
    assert (timed.read_volume(3) != movie[3]).any()
    sent = pickle.loads(pickle.dumps(timed))
    np.testing.assert_array_equal(sent.read_volume(3), timed.read_volume(3))


def test_options_may_follow_the_path(tmp_path: Path) -> None:
    np.save(tmp_path / "movie.npy", taken((0,) * PLANES))
    timed = open_source(f"{tmp_path}/movie.npy?slice_order=ascending&slice_share=0.5")
    np.testing.assert_allclose(timed.timing.delays, [0, 0.1, 0.2, 0.3, 0.4])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slice_order": "random"}, "slice_order=random: choose one of ascending"),
        ({"slice_order": "ascending", "slice_share": 1.5}, r"slice_share=1\.5: must be above 0"),
        ({"slice_share": "much"}, "slice_share=much: must be a number"),
        ({"slice_times": "0,0.5"}, "slice_times has 2 planes, the recording 5"),
        ({"slice_times": "0,0.2,0.4,0.6,1.2"}, r"slice_times: 1\.2 is not a share"),
        ({"slice_times": "0,a"}, "slice_times=0,a: must be numbers"),
        ({"slice_times": "0,0,0,0,0", "slice_order": "ascending"}, "not both"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, options: dict[str, object], message: str) -> None:
    np.save(tmp_path / "movie.npy", taken((0,) * PLANES))
    with pytest.raises(RecordingError, match=message):
        open_source(tmp_path / "movie.npy", **options)
