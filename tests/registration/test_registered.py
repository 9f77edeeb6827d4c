"""Motion undone as it is read: the same voxels by volume and by block, invalid outside, never wrapped."""

from __future__ import annotations

import pickle
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.ndimage import map_coordinates, shift

from napari_thunder.blocks import Block, plan_blocks
from napari_thunder.errors import RegistrationError
from napari_thunder.io.array import ArraySource
from napari_thunder.registration import RegisteredSource, Shifts

SPACE = (5, 24, 30)
RNG = np.random.default_rng(2)
MOVIE = RNG.normal(100, 20, (6, *SPACE)).astype(np.float32)


def blockwise() -> Shifts:
    centers = (np.array([2.0]), np.array([5.0, 18.0]), np.array([6.0, 15.0, 24.0]))
    return Shifts(RNG.uniform(-3, 3, (6, 1, 2, 3, 3)).astype(np.float32), centers, SPACE)


def test_a_brain_that_moved_up_is_looked_up_higher() -> None:
    reference = np.zeros(SPACE, np.float32)
    reference[2, 10, 12] = 1
    moved = np.roll(reference, (1, 2, -3), axis=(0, 1, 2))
    source = RegisteredSource(ArraySource(moved[None], "moved"), Shifts.rigid([[1, 2, -3]], SPACE))
    back = source.read_volume(0)
    assert back[2, 10, 12] == 1
    assert np.nansum(back) == 1


@pytest.mark.parametrize(("interpolation", "order"), [("linear", 1), ("cubic", 3)])
def test_a_rigid_shift_is_that_of_scipy(interpolation: str, order: int) -> None:
    moves = np.array([[0.3, -1.6, 2.25]] * 6)
    source = RegisteredSource(ArraySource(MOVIE, "noise"), Shifts.rigid(moves, SPACE), interpolation)  # type: ignore[arg-type]
    expected = shift(MOVIE[1], -moves[1], order=order, mode="nearest", output=np.float64)
    found = source.read_volume(1)
    inside = np.isfinite(found)
    assert inside.mean() > 0.6
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-4)


def test_a_field_is_that_of_map_coordinates() -> None:
    shifts = blockwise()
    found = RegisteredSource(ArraySource(MOVIE, "noise"), shifts).read_volume(3)
    z, y, x = np.meshgrid(*(np.arange(n) for n in SPACE), indexing="ij")
    grid_y, grid_x = np.interp(y, [5, 18], [0, 1]), np.interp(x, [6, 15, 24], [0, 1, 2])
    field = [map_coordinates(shifts.values[3, 0, :, :, i], [grid_y, grid_x], order=1) for i in range(3)]
    where = np.stack([z, y, x]) + field
    expected = map_coordinates(MOVIE[3], where, order=1, cval=np.nan)
    outside = ((where < 0) | (where > np.reshape(SPACE, (3, 1, 1, 1)) - 1)).any(0)
    np.testing.assert_array_equal(np.isnan(found), outside)
    np.testing.assert_allclose(found[~outside], expected[~outside], rtol=1e-4)


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "nearest"])
def test_blocks_are_cut_from_the_volumes(interpolation: str) -> None:
    source = RegisteredSource(ArraySource(MOVIE, "noise"), blockwise(), interpolation)  # type: ignore[arg-type]
    whole = np.stack([source.read_volume(t) for t in range(6)])
    for block in plan_blocks(source.shape, 4, target_bytes=6 * 4 * 300, halo=(1, 2, 2)):
        np.testing.assert_allclose(source.read_block(block), whole[(block.time, *block.padded)], rtol=2e-4)


def test_blocks_are_read_few_whole_chunks_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    source = RegisteredSource(ChunkedSource(MOVIE), blockwise())
    block = Block(0, (1, 6), (1, 2, 3), (4, 20, 25))
    at_once = source.read_block(block)
    ChunkedSource.times.clear()
    monkeypatch.setattr("napari_thunder.registration.registered._READ_BYTES", 1)
    np.testing.assert_allclose(source.read_block(block), at_once, rtol=2e-4)
    assert ChunkedSource.times == [(1, 2), (2, 4), (4, 6)]


class ChunkedSource(ArraySource):
    """Two frames to a chunk; says what is read."""

    times: ClassVar[list[tuple[int, int]]] = []

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return (2, *SPACE)

    def read_block(self, block: Block) -> Any:
        self.times.append(block.times)
        return super().read_block(block)


def test_edges_become_invalid_and_are_never_wrapped() -> None:
    source = RegisteredSource(ArraySource(MOVIE, "noise"), Shifts.rigid([[0, 4, 0]] * 6, SPACE), "nearest")
    found = source.read_volume(0)
    np.testing.assert_array_equal(found[:, :-4], MOVIE[0, :, 4:])
    assert np.isnan(found[:, -4:]).all()


def test_a_frame_that_was_not_estimated_is_invalid_and_the_others_are_not() -> None:
    shifts = Shifts.rigid([[0, 0, 0], [np.nan] * 3, *[[0, 0, 0]] * 4], SPACE)
    source = RegisteredSource(ArraySource(MOVIE, "noise"), shifts)
    found = source.read_block(Block(0, (0, 6), (0, 0, 0), (2, 8, 8)))
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(np.delete(found, 1, 0), np.delete(MOVIE[:, :2, :8, :8], 1, 0))


def test_other_shifts_are_another_movie() -> None:
    one, other = (RegisteredSource(ArraySource(MOVIE, "noise"), Shifts.rigid([[0, s, 0]] * 6, SPACE)) for s in (1, 2))
    assert one.fingerprint() != other.fingerprint()


def test_it_travels_to_workers() -> None:
    source = RegisteredSource(ArraySource(MOVIE, "noise"), blockwise())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).read_volume(2), source.read_volume(2))


def test_shifts_of_another_movie_are_refused() -> None:
    with pytest.raises(RegistrationError, match="are of 5 frames"):
        RegisteredSource(ArraySource(MOVIE, "noise"), Shifts.rigid(np.zeros((5, 3)), SPACE))
    with pytest.raises(RegistrationError, match="Choose one of linear"):
        RegisteredSource(ArraySource(MOVIE, "noise"), Shifts.rigid(np.zeros((6, 3)), SPACE), "sinc")  # type: ignore[arg-type]
