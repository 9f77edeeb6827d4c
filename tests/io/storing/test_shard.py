"""Shards as this program writes them are what plain Zarr writes and reads, and never half there."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_thunder.io.storing.shard import ShardReader, ShardWriter

Array = np.ndarray[Any, Any]
CHUNK = (2, 1, 8, 5)


@pytest.fixture
def voxels() -> Array:
    return np.random.default_rng(0).integers(0, 4000, (4, 3, 16, 20)).astype("u2")


def write(folder: Path, voxels: Array, leave_out: tuple[int, ...] | None = None) -> ShardWriter:
    inner = tuple(n // c for n, c in zip(voxels.shape, CHUNK, strict=True))
    workshop = folder / "workshop"
    workshop.mkdir(parents=True)
    with ShardWriter(folder / "c" / "0" / "0" / "0" / "0", workshop, folder, inner, "lz4") as writer:
        for at in itertools.product(*map(range, inner)):
            if at != leave_out:
                writer.add(at, voxels[tuple(slice(a * c, (a + 1) * c) for a, c in zip(at, CHUNK, strict=True))])
    return writer


def declared(folder: Path, voxels: Array, fill: float = 0) -> zarr.Array[Any]:
    return zarr.create_array(
        folder, shape=voxels.shape, chunks=CHUNK, shards=voxels.shape, dtype=voxels.dtype, fill_value=fill,
        compressors=zarr.codecs.BloscCodec(cname="lz4", shuffle="bitshuffle"), overwrite=False,
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8", ">u2"])
def test_plain_zarr_reads_it(tmp_path: Path, voxels: Array, dtype: str) -> None:
    array = declared(tmp_path / "a", voxels.astype(dtype).astype(np.dtype(dtype).newbyteorder("<")))
    write(tmp_path / "a", voxels.astype(dtype))
    np.testing.assert_array_equal(array[:], voxels.astype(dtype))


def test_a_chunk_that_is_left_out_is_the_fill_value(tmp_path: Path, voxels: Array) -> None:
    array = declared(tmp_path / "a", voxels, 7)
    write(tmp_path / "a", voxels, leave_out=(1, 2, 0, 3))
    expected = voxels.copy()
    expected[2:4, 2, :8, 15:] = 7
    np.testing.assert_array_equal(array[:], expected)


def test_chunks_that_zarr_wrote_are_read(tmp_path: Path, voxels: Array) -> None:
    array = declared(tmp_path / "a", voxels)
    array[:] = voxels
    shard = ShardReader(tmp_path / "a" / "c" / "0" / "0" / "0" / "0", (2, 3, 2, 4))
    np.testing.assert_array_equal(shard.chunk((1, 2, 1, 3), CHUNK, voxels.dtype), voxels[2:, 2:, 8:, 15:])


def test_the_same_voxels_give_the_same_bytes_and_their_hash(tmp_path: Path, voxels: Array) -> None:
    first, second = (write(tmp_path / name, voxels) for name in ("a", "b"))
    data = first.place.read_bytes()
    assert data == second.place.read_bytes()
    assert first.written is not None
    assert first.written.sha256 == hashlib.sha256(data).hexdigest()
    assert first.written.n_bytes == len(data)


def test_an_error_leaves_nothing(tmp_path: Path, voxels: Array) -> None:
    workshop = tmp_path / "workshop"
    workshop.mkdir()
    with pytest.raises(KeyError), ShardWriter(tmp_path / "c" / "0", workshop, tmp_path, (2, 1, 1, 1), "lz4") as writer:
        writer.add((0, 0, 0, 0), voxels)
        raise KeyError
    assert not list(workshop.iterdir())
    assert not (tmp_path / "c").exists()


def test_a_shard_without_chunks_is_no_file(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "c" / "0", tmp_path, tmp_path, (2, 1, 1, 1), "lz4") as writer:
        pass
    assert writer.written is None
    assert not list(tmp_path.iterdir())


def test_a_root_that_is_gone_is_not_made_again(tmp_path: Path, voxels: Array) -> None:
    root = tmp_path / "gone"
    with (
        pytest.raises(FileNotFoundError),
        ShardWriter(root / "0" / "c" / "0", tmp_path, root, (1, 1, 1, 1), "lz4") as writer,
    ):
        writer.add((0, 0, 0, 0), voxels)
    assert not list(tmp_path.iterdir())


def test_a_damaged_index_is_noticed(tmp_path: Path, voxels: Array) -> None:
    place = write(tmp_path / "a", voxels).place
    data = bytearray(place.read_bytes())
    data[-20] ^= 1
    place.write_bytes(data)
    with pytest.raises(ValueError, match="index is damaged"):
        ShardReader(place, (2, 3, 2, 4))
