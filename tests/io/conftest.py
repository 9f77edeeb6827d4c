"""One small movie written in every format this package reads, each by the library or the rule that defines it."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nibabel
import nrrd
import numpy as np
import pytest
import tifffile
import z5py
import zarr

from napari_thunder.io.store import create_store

from .nwb_files import add_images, session, write_nwb

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
    writer = create_store(folder / "movie.ome.zarr", data.shape, data.dtype)
    writer.write_volumes(0, data)
    return writer.finish()


def tiff_folder(folder: Path, data: Array, **how: Any) -> Path:
    for t, volume in enumerate(data):
        tifffile.imwrite(folder / f"t{t + 8}.tif", volume, **{"photometric": "minisblack", **how})
    (folder / "notes.txt").write_text("not a TIFF")
    return folder


def tiff_folder_taken_for_colour(folder: Path, data: Array) -> Path:
    """As tifffile stores three planes if it is not told otherwise."""
    return tiff_folder(folder, data, photometric="rgb", planarconfig="separate", compression="zlib")


def tiff_folder_deflated(folder: Path, data: Array) -> Path:
    return tiff_folder(folder, data, compression="zlib", predictor=data.dtype.kind != "f")


def tiff_folder_plain_big_endian(folder: Path, data: Array) -> Path:
    return tiff_folder(folder, data, metadata=None, byteorder=">")


def tiff_folder_imagej(folder: Path, data: Array) -> Path:
    if data.dtype == np.int16:
        pytest.skip("ImageJ knows no signed integers")
    return tiff_folder(folder, data, imagej=True, metadata={"axes": "ZYX"})


def ome_tiff(folder: Path, data: Array) -> Path:
    tifffile.imwrite(folder / "movie.ome.tif", data, photometric="minisblack", metadata={"axes": "TZYX"})
    return folder / "movie.ome.tif"


def ome_tiff_deflated(folder: Path, data: Array) -> Path:
    how = {"photometric": "minisblack", "compression": "zlib", "tile": (16, 16)}
    tifffile.imwrite(folder / "movie.OME.TIFF", data, ome=True, metadata={"axes": "TZYX"}, **how)
    return folder / "movie.OME.TIFF"


def ome_tiff_time_fastest(folder: Path, data: Array) -> Path:
    array = np.ascontiguousarray(data.transpose(1, 0, 2, 3))
    tifffile.imwrite(folder / "movie.ome.tif", array, photometric="minisblack", metadata={"axes": "ZTYX"})
    return folder / "movie.ome.tif"


def big_tiff(folder: Path, data: Array) -> Path:
    tifffile.imwrite(folder / "movie.tif", data, photometric="minisblack", bigtiff=True, metadata={"axes": "TZYX"})
    return folder / "movie.tif"


def thunder_series_with_keys(folder: Path, data: Array) -> Path:
    write_series(folder, series_records(data))
    write_conf(folder, nkeys=3, nvalues=len(data), keytype="int16", valuetype=str(data.dtype))
    return folder


def thunder_series_in_disorder(folder: Path, data: Array) -> Path:
    thunder_series_with_keys(folder, data)
    for file in folder.glob("*.bin"):
        file.unlink()
    write_series(folder, np.random.default_rng(2).permutation(series_records(data)))
    return folder


def series_records(data: Array) -> Array:
    """Thunder 0.6 as its format says: keys (row, column, plane) and values, native and packed, rows fastest."""
    _, depth, rows, columns = data.shape
    record = np.dtype([("keys", "<i2", 3), ("values", data.dtype, len(data))])
    voxels = ((y, x, z) for z in range(depth) for x in range(columns) for y in range(rows))
    return np.array([((y, x, z), data[:, z, y, x]) for y, x, z in voxels], record)


def write_series(folder: Path, records: Array, n_files: int = 3) -> None:
    for i, part in enumerate(np.array_split(records, n_files)):
        part.tofile(folder / f"key02_{i:05g}-key01_00000-key00_00000.bin")


def write_conf(folder: Path, **conf: Any) -> None:
    (folder / "conf.json").write_text(json.dumps(conf))


def thunder_series_newer(folder: Path, data: Array) -> Path:
    records = np.moveaxis(data, 0, -1).reshape(-1, len(data))
    for i, part in enumerate(np.array_split(records, 2)):
        part.tofile(folder / f"series-{i:05d}.bin")
    write_conf(folder, shape=[*data.shape[1:], len(data)], dtype=str(data.dtype))
    return folder


def thunder_images_fortran(folder: Path, data: Array) -> Path:
    for t, volume in enumerate(data):
        volume.transpose(1, 2, 0).ravel(order="F").tofile(folder / f"image-{t:05d}.stack")
    write_conf(folder, dims=[*data.shape[2:], data.shape[1]], dtype=str(data.dtype))
    return folder


def thunder_images_newer(folder: Path, data: Array) -> Path:
    for t, volume in enumerate(data):
        volume.tofile(folder / f"image-{t:05d}.bin")
    write_conf(folder, shape=list(data.shape[1:]), dtype=str(data.dtype))
    return folder


def hdf5(folder: Path, data: Array) -> Path:
    with h5py.File(folder / "movie.h5", "w") as file:
        file.create_dataset("session/movie", data=data, chunks=(2, 2, 5, 5), compression="gzip", shuffle=True)
    return folder / "movie.h5"


def hdf5_contiguous_big_endian(folder: Path, data: Array) -> Path:
    with h5py.File(folder / "movie.hdf5", "w") as file:
        file["movie"] = data.astype(data.dtype.newbyteorder(">"))
    return folder / "movie.hdf5"


def hdf5_labelled(folder: Path, data: Array) -> Path:
    with h5py.File(folder / "movie.h5", "w") as file:
        file["movie"] = data.transpose(3, 2, 1, 0)
        for dimension, label in zip(file["movie"].dims, ("X", "Y", "Z", "Time"), strict=True):
            dimension.label = label
    return folder / "movie.h5"


def matlab_73(folder: Path, data: Array) -> Path:
    """As MATLAB saves an array (y, x, z, t): axes turned round, after 512 bytes of its own."""
    with h5py.File(folder / "movie.mat", "w", userblock_size=512) as file:
        file.create_dataset("movie", data=data.swapaxes(2, 3), chunks=(2, 2, 5, 5), compression="gzip")
        file["movie"].attrs["MATLAB_class"] = np.bytes_(str(data.dtype))
    return folder / "movie.mat"


def bigdataviewer_hdf5(folder: Path, data: Array) -> Path:
    """As BigDataViewer lays out an image: a dataset for each time point and level."""
    with h5py.File(folder / "movie.h5", "w") as file:
        for t, volume in enumerate(data):
            file.create_dataset(f"t{t:05d}/s00/0/cells", data=volume, chunks=(1, 5, 5), compression="gzip")
            file.create_dataset(f"t{t:05d}/s00/1/cells", data=volume[:, ::2, ::2])
    return folder / "movie.h5?dataset=/t*/s00/0/cells"


def nwb(folder: Path, data: Array) -> Path:
    file = session()
    add_images(file, "movie", data.transpose(0, 3, 2, 1))
    return write_nwb(file, folder / "movie.nwb")


def nifti(folder: Path, data: Array) -> Path:
    nibabel.Nifti1Image(data.transpose(3, 2, 1, 0), np.eye(4)).to_filename(folder / "movie.nii")
    return folder / "movie.nii"


def nifti2_compressed(folder: Path, data: Array) -> Path:
    nibabel.Nifti2Image(data.transpose(3, 2, 1, 0), np.eye(4)).to_filename(folder / "movie.nii.gz")
    return folder / "movie.nii.gz"


def nifti_big_endian(folder: Path, data: Array) -> Path:
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(data.dtype)
    nibabel.Nifti1Image(data.transpose(3, 2, 1, 0), np.eye(4), header).to_filename(folder / "movie.nii")
    return folder / "movie.nii"


def nrrd_gzip(folder: Path, data: Array) -> Path:
    nrrd.write(str(folder / "movie.nrrd"), data.transpose(3, 2, 1, 0), {"encoding": "gzip"})
    return folder / "movie.nrrd"


def nrrd_detached_big_endian(folder: Path, data: Array) -> Path:
    values = data.transpose(3, 2, 1, 0).astype(data.dtype.newbyteorder(">"))
    header = {"encoding": "raw", "endian": "big", "kinds": ["domain", "domain", "domain", "time"]}
    nrrd.write(str(folder / "movie.nhdr"), values, header)
    return folder / "movie.nhdr"


def nrrd_time_first(folder: Path, data: Array) -> Path:
    """As Slicer writes a sequence of volumes."""
    header = {"encoding": "bzip2", "kinds": ["list", "domain", "domain", "domain"]}
    nrrd.write(str(folder / "movie.nrrd"), data.transpose(0, 3, 2, 1), header)
    return folder / "movie.nrrd"


def n5(folder: Path, data: Array) -> Path:
    """z5py turns axes round, as N5 has them fastest first."""
    with z5py.File(str(folder / "movie.n5"), "w") as file:
        file.create_dataset("movie/s0", data=data, chunks=(2, 2, 5, 5), compression="gzip")
        file.create_dataset("movie/s1", data=data[:, :, ::2, ::2], chunks=(2, 2, 5, 5), compression="gzip")
    return folder / "movie.n5"


def bigdataviewer_n5(folder: Path, data: Array) -> Path:
    with z5py.File(str(folder / "movie.n5"), "w") as file:
        for t, volume in enumerate(data):
            file.create_dataset(f"setup0/timepoint{t + 5}/s0", data=volume, chunks=(2, 5, 5), compression="raw")
    return folder / "movie.n5?dataset=/setup0/timepoint*/s0"


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
    tiff_folder,
    tiff_folder_taken_for_colour,
    tiff_folder_deflated,
    tiff_folder_plain_big_endian,
    tiff_folder_imagej,
    ome_tiff,
    ome_tiff_deflated,
    ome_tiff_time_fastest,
    big_tiff,
    thunder_series_with_keys,
    thunder_series_in_disorder,
    thunder_series_newer,
    thunder_images_fortran,
    thunder_images_newer,
    hdf5,
    hdf5_contiguous_big_endian,
    hdf5_labelled,
    matlab_73,
    bigdataviewer_hdf5,
    nwb,
    nifti,
    nifti2_compressed,
    nifti_big_endian,
    nrrd_gzip,
    nrrd_detached_big_endian,
    nrrd_time_first,
    n5,
    bigdataviewer_n5,
)


@pytest.fixture(params=WRITERS, ids=lambda write: write.__name__)
def write(request: pytest.FixtureRequest) -> Callable[[Path, Array], Path]:
    """Writes a movie into a folder in one of the formats, and says where."""
    return request.param


@pytest.fixture
def run_elsewhere() -> Callable[..., Any]:
    """Calls a function in a process that was forked off, as Spark's workers are."""

    def run(function: Callable[..., Any], *arguments: Any) -> Any:
        with multiprocessing.get_context("fork").Pool(1) as pool:
            return pool.apply(function, arguments)

    return run
