"""How stores are cut: shards tile the movie, hold whole chunks, and keep to their size, whatever the recording."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_thunder.io.storing.kept import Kept
from napari_thunder.io.storing.layout import SHARD_BYTES, StoreLayout, plan_layout

SHAPES = [
    (600, 16, 192, 288),
    (3000, 30, 888, 2048),
    (10_050, 30, 888, 2048),
    (500, 16, 512, 512),
    (100_000, 1, 10, 10),
    (1, 1, 1, 1),
    (7, 138, 2048, 2048),
    (2, 300, 37, 41),
]


def layout_of(
    shape: tuple[int, int, int, int], dtype: str = "u2", size: tuple[float, ...] | None = None
) -> StoreLayout:
    return plan_layout(shape, np.dtype(dtype), size)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_shards_hold_whole_chunks_and_keep_to_their_size(shape: tuple[int, int, int, int], dtype: str) -> None:
    layout = layout_of(shape, dtype)
    for array in layout.arrays:
        assert all(s % c == 0 for s, c in zip(array.shard, array.chunk, strict=True))
        inside = [min(s, n) for s, n in zip(array.shard, array.shape, strict=True)]
        assert np.prod(inside) * layout.voxel_type.itemsize <= SHARD_BYTES
        assert np.prod(np.minimum(array.chunk, array.shape)) * layout.voxel_type.itemsize <= 2**20


@pytest.mark.parametrize("shape", SHAPES)
def test_units_of_work_tile_the_movie_and_never_share_a_shard(shape: tuple[int, int, int, int]) -> None:
    layout = layout_of(shape)
    stretches = layout.stretches()
    assert [b.times[0] for b in stretches] == [0, *(b.times[1] for b in stretches)][:-1]
    assert stretches[-1].times[1] == shape[0]
    assert all(b.times[0] % layout.levels[0].shard[0] == 0 for b in stretches)
    assert len({level.shard[0] for level in layout.levels}) == 1
    columns = layout.columns()
    assert len(columns) == layout.series.n_shards
    assert sum(b.n_voxels * (b.times[1] - b.times[0]) for b in columns) == np.prod(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_column_of_the_series_is_made_of_whole_chunks_of_the_image(shape: tuple[int, int, int, int]) -> None:
    layout = layout_of(shape)
    image, series = layout.levels[0], layout.series
    for n, chunk, shard in zip(shape[1:], image.chunk[1:], series.shard[1:], strict=True):
        assert chunk == min(shard, n)


@pytest.mark.parametrize("shape", SHAPES)
def test_series_are_long_and_narrow_and_the_image_is_one_frame(shape: tuple[int, int, int, int]) -> None:
    layout = layout_of(shape)
    assert layout.series.chunk[0] >= min(shape[0], 256)
    assert layout.series.chunk[1] == 1
    assert layout.levels[0].chunk[0] == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_the_last_level_is_small_and_each_halves_the_one_before(shape: tuple[int, int, int, int]) -> None:
    layout = layout_of(shape)
    assert max(layout.levels[-1].shape[2:]) <= 128
    for fine, coarse, factors in zip(layout.levels, layout.levels[1:], layout.factors, strict=False):
        assert coarse.shape[0] == fine.shape[0]
        assert coarse.shape[1:] == tuple(-(-n // f) for n, f in zip(fine.shape[1:], factors, strict=True))


def test_levels_come_to_be_as_fine_along_every_axis() -> None:
    layout = layout_of((10, 64, 1024, 1024), size=(4.0, 0.8, 0.8))
    assert layout.factors == ((1, 2, 2), (1, 2, 2), (2, 2, 2))
    assert layout_of((10, 64, 1024, 1024)).factors == ((1, 2, 2),) * 3
    assert layout_of((10, 64, 300, 300), size=(0.1, 1, 1)).factors == ((2, 2, 2), (2, 2, 2))


def test_less_memory_makes_smaller_shards() -> None:
    few = plan_layout((500, 16, 512, 512), np.dtype("u2"), most_frames=3, shard_bytes=2**22)
    assert few.levels[0].shard[0] <= 3
    assert np.prod(few.series.shard) * 2 <= 2**22


def test_a_layout_survives_json() -> None:
    import json

    layout = layout_of((500, 16, 512, 512), "f4", (4, 1, 1))
    assert StoreLayout.from_plain(json.loads(json.dumps(layout.to_plain()))) == layout


def test_what_is_kept_decides_which_chunks_and_shards_there_are() -> None:
    layout = plan_layout((40, 6, 100, 300), np.dtype("u2"), shard_bytes=2**18)
    mask = np.zeros((6, 100, 300), bool)
    mask[2, 40, 17] = True
    mask[5, 99, 299] = True
    kept = Kept.of(layout, mask)
    for array in layout.arrays:
        scale = [-(-n // m) for n, m in zip(mask.shape, array.shape[1:], strict=True)]
        places = [tuple(i // f for i, f in zip(at, scale, strict=True)) for at in ((2, 40, 17), (5, 99, 299))]
        for found, box in ((kept.chunks, array.chunk), (kept.shards, array.shard)):
            wanted = {tuple(i // b for i, b in zip(at, box[1:], strict=True)) for at in places}
            assert set(map(tuple, np.argwhere(found[array.key]).tolist())) == wanted
    names = list(kept.names(layout.series))
    assert len(names) == len(set(names)) == int(kept.shards["series"].sum()) * layout.series.grid[0]


def test_everything_is_kept_without_a_mask() -> None:
    layout = layout_of((40, 6, 100, 300))
    kept = Kept.of(layout, None)
    assert all(chunks.all() for chunks in kept.chunks.values())
    assert all(kept.n_voxels(array) == np.prod(array.shape[1:]) for array in layout.arrays)
    assert list(itertools.chain(*(kept.names(a) for a in layout.arrays)))
