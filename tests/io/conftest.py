"""One small movie written in every format this package reads, each by the library or the rule that defines it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_thunder.io.store import create_store

Array = np.ndarray[Any, Any]
SHAPE = (7, 3, 11, 13)


@pytest.fixture(params=["uint8", "uint16", "int16", "float32"])
def typed_movie(request: pytest.FixtureRequest) -> Array:
    """(t, z, y, x) of each type of voxel."""
    return np.random.default_rng(5).normal(100, 30, SHAPE).astype(request.param)


@pytest.fixture
def movie() -> Array:
    """(t, z, y, x), uint16."""
    return np.random.default_rng(5).normal(100, 30, SHAPE).astype(np.uint16)


def npy(folder: Path, data: Array) -> Path:
    np.save(folder / "movie.npy", data)
    return folder / "movie.npy"


def npy_fortran(folder: Path, data: Array) -> Path:
    return npy(folder, np.asfortranarray(data))


def npy_big_endian(folder: Path, data: Array) -> Path:
    return npy(folder, data.astype(data.dtype.newbyteorder(">")))


def npz(folder: Path, data: Array) -> Path:
    np.savez(folder / "movie.npz", data=data)
    return folder / "movie.npz"


def npz_compressed(folder: Path, data: Array) -> Path:
    np.savez_compressed(folder / "movie.npz", film=data)
    return folder / "movie.npz"


def zarr2(folder: Path, data: Array) -> Path:
    path = folder / "movie.zarr"
    zarr.create_array(path, data=data, chunks=(2, 2, 5, 5), zarr_format=2)
    return path


def zarr2_big_endian(folder: Path, data: Array) -> Path:
    return zarr2(folder, data.astype(data.dtype.newbyteorder(">")))


def zarr3(folder: Path, data: Array) -> Path:
    path = folder / "movie.zarr"
    zarr.create_array(path, data=data, chunks=(2, 2, 5, 5), zarr_format=3)
    return path


def zarr3_sharded(folder: Path, data: Array) -> Path:
    path = folder / "movie.zarr"
    zarr.create_array(path, data=data, chunks=(2, 1, 5, 5), shards=(4, 2, 10, 10), zarr_format=3)
    return path


def zarr3_named(folder: Path, data: Array) -> Path:
    path = folder / "movie.zarr"
    array = np.ascontiguousarray(data.transpose(3, 2, 1, 0))
    zarr.create_array(path, data=array, chunks=(5, 5, 2, 3), dimension_names=["X", "Y", "Z", "T"])
    return path


@pytest.fixture(name="ome_zarr")
def ome_zarr_fixture() -> Callable[..., Path]:
    """Writes an OME-Zarr of any axes."""
    return ome_zarr


def ome_axes(names: str) -> list[dict[str, str]]:
    kinds = {
        "t": {"type": "time", "unit": "second"},
        "c": {"type": "channel"},
    }
    return [{"name": n, **kinds.get(n, {"type": "space", "unit": "micrometer"})} for n in names]


def ome_zarr(folder: Path, array: Array, names: str, scale: list[float], version: str = "0.5", **more: Any) -> Path:
    path = folder / "movie.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3 if version == "0.5" else 2)
    group.create_array("0", data=array, chunks=tuple(min(4, n) for n in array.shape))
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    multiscales = [{"version": version, "axes": ome_axes(names), "datasets": [level], **more}]
    if version == "0.5":
        multiscales[0].pop("version")
        group.attrs["ome"] = {"version": version, "multiscales": multiscales}
    else:
        group.attrs["multiscales"] = multiscales
    return path


def ome_zarr_04(folder: Path, data: Array) -> Path:
    return ome_zarr(folder, data[:, np.newaxis], "tczyx", [0.5, 1, 5, 0.8, 0.8], "0.4")


def ome_zarr_05(folder: Path, data: Array) -> Path:
    return ome_zarr(folder, data, "tzyx", [0.5, 5, 0.8, 0.8])


def ome_zarr_permuted(folder: Path, data: Array) -> Path:
    return ome_zarr(folder, np.ascontiguousarray(data.transpose(1, 3, 2, 0)), "zxyt", [5, 0.8, 0.8, 0.5])


def own_store(folder: Path, data: Array) -> Path:
    writer = create_store(folder / "movie.ome.zarr", data.shape, data.dtype, series_chunks=(4, 1, 5, 5))
    writer.write_volumes(0, data)
    return writer.finish()


WRITERS: tuple[Callable[[Path, Array], Path], ...] = (
    npy,
    npy_fortran,
    npy_big_endian,
    npz,
    npz_compressed,
    zarr2,
    zarr2_big_endian,
    zarr3,
    zarr3_sharded,
    zarr3_named,
    ome_zarr_04,
    ome_zarr_05,
    ome_zarr_permuted,
    own_store,
)


@pytest.fixture(params=WRITERS, ids=lambda write: write.__name__)
def write(request: pytest.FixtureRequest) -> Callable[[Path, Array], Path]:
    """Writes a movie into a folder in one of the formats, and says where."""
    return request.param
