"""Chunks that are decoded here are those that the HDF5 library gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from napari_thunder.blocks import Block
from napari_thunder.io import open_source
from napari_thunder.io.hdf5_chunks import decodes, read_chunks

PIPELINES: dict[str, dict[str, Any]] = {
    "as they are": {},
    "deflate": {"compression": "gzip"},
    "shuffle and deflate": {"compression": "gzip", "shuffle": True},
    "shuffle": {"shuffle": True},
}
OTHERS: dict[str, dict[str, Any]] = {
    "lzf": {"compression": "lzf"},
    "checksum": {"compression": "gzip", "fletcher32": True},
    "scaleoffset": {"scaleoffset": 0},
}
SELECTIONS = (
    (slice(0, 7), slice(0, 3), slice(0, 11), slice(0, 13)),
    (slice(3, 4), slice(1, 3), slice(4, 11), slice(0, 1)),
    (slice(6, 7), slice(2, 3), slice(10, 11), slice(12, 13)),
    (slice(2, 2), slice(0, 3), slice(0, 11), slice(0, 13)),
)


def written(path: Path, dtype: str, how: dict[str, Any], *, sparse: bool = False) -> Path:
    data = np.random.default_rng(4).integers(0, 250, (7, 3, 11, 13)).astype(dtype)
    with h5py.File(path, "w") as file:
        made = file.create_dataset("movie", data.shape, dtype, chunks=(2, 2, 5, 6), fillvalue=9, **how)
        if sparse:
            made[2:4, :2, :5, :6] = data[2:4, :2, :5, :6]
        else:
            made[:] = data
    return path


@pytest.mark.parametrize("how", PIPELINES.values(), ids=PIPELINES)
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4"])
@pytest.mark.parametrize("sparse", [False, True])
def test_every_part_is_as_the_library_reads_it(tmp_path: Path, how: dict[str, Any], dtype: str, sparse: bool) -> None:
    path = written(tmp_path / "a.h5", dtype, how, sparse=sparse)
    with h5py.File(path) as file:
        assert decodes(file["movie"])
        for selection in SELECTIONS:
            found = read_chunks(file["movie"], path, selection)
            np.testing.assert_array_equal(found, file["movie"][selection])


@pytest.mark.parametrize("how", OTHERS.values(), ids=OTHERS)
def test_what_is_stored_otherwise_is_left_to_the_library(tmp_path: Path, how: dict[str, Any]) -> None:
    path = written(tmp_path / "a.h5", "<u2", how)
    with h5py.File(path) as file:
        assert not decodes(file["movie"])
        wanted = file["movie"][:]
    block = Block(0, (0, 7), (0, 0, 0), (3, 11, 13))
    np.testing.assert_array_equal(open_source(path).read_block(block), wanted)


def test_a_chunk_that_is_stored_without_its_filters_is_read(tmp_path: Path) -> None:
    data = np.arange(2 * 5 * 6, dtype="<u2").reshape(1, 2, 5, 6)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("movie", (2, 2, 5, 6), "<u2", chunks=(1, 2, 5, 6), compression="gzip", shuffle=True)
        made[0] = 1
        made.id.write_direct_chunk((1, 0, 0, 0), data.tobytes(), filter_mask=0b11)
    np.testing.assert_array_equal(open_source(tmp_path / "a.h5").read_volume(1), data[0])


def test_many_threads_decode_at_once(tmp_path: Path) -> None:
    source = open_source(written(tmp_path / "a.h5", "<u2", PIPELINES["shuffle and deflate"]))
    wanted = [source.read_volume(t) for t in range(7)]
    with ThreadPoolExecutor(4) as pool:
        for t, volume in zip(list(range(7)) * 10, pool.map(source.read_volume, list(range(7)) * 10), strict=True):
            np.testing.assert_array_equal(volume, wanted[t])


def test_a_file_someone_else_has_open_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", "<u2", PIPELINES["deflate"])
    with h5py.File(path) as theirs:
        np.testing.assert_array_equal(open_source(path).read_volume(2), theirs["movie"][2])
    source = open_source(path)
    source.read_volume(0)
    with h5py.File(path) as theirs:
        assert theirs["movie"].shape == (7, 3, 11, 13)
