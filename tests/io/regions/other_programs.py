"""Cells and traces as suite2p and CaImAn write them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
import scipy.sparse

Array = np.ndarray[Any, Any]


def cell(y: int, x: int, radius: int = 2) -> tuple[Array, Array]:
    """Pixels of a disk."""
    dy, dx = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = dy**2 + dx**2 <= radius**2
    return (dy[inside] + y).astype(np.int32), (dx[inside] + x).astype(np.int32)


def suite2p_stat(centers: list[tuple[int, int]]) -> Array:
    """`stat` as `suite2p.detection` makes it: dictionaries of arrays, lists, and numpy's and Python's numbers."""
    stat = []
    for y, x in centers:
        ypix, xpix = cell(y, x)
        stat.append(
            {
                "ypix": ypix, "xpix": xpix, "lam": np.ones(len(ypix), np.float32), "med": [int(y), int(x)],
                "npix": len(ypix), "npix_norm": np.float64(1.0), "footprint": 1.0, "radius": np.float64(2.0),
                "aspect_ratio": 1.0, "compact": np.float32(1.0), "overlap": np.zeros(len(ypix), bool),
                "soma_crop": np.ones(len(ypix), bool), "neuropil_mask": np.arange(20), "std": np.float32(0.5),
                "iplane": 0, "mrs": np.float64(0.8),
            }
        )  # fmt: skip
    return np.array(stat, dtype=object)


def write_suite2p(
    folder: Path,
    planes: list[list[tuple[int, int]]],
    n_frames: int = 30,
    not_cells: tuple[tuple[int, int], ...] = (),
    matlab: bool = False,
) -> Path:
    """`suite2p/plane0`, `plane1`, … with cells at (y, x), each file by the call that suite2p makes."""
    rng = np.random.default_rng(4)
    for number, centers in enumerate(planes):
        where = folder / "suite2p" / f"plane{number}"
        where.mkdir(parents=True)
        stat = suite2p_stat(centers)
        traces = {name: rng.random((len(centers), n_frames), np.float32) for name in ("F", "Fneu", "spks")}
        iscell = np.array([[(number, i) not in not_cells, 0.9] for i in range(len(centers))], np.float64)
        ops = {
            "Ly": 40,
            "Lx": 50,
            "fs": 10.0,
            "nframes": n_frames,
            "nplanes": len(planes),
            "date_proc": datetime.datetime(2026, 1, 2),
        }
        np.save(where / "stat.npy", stat)
        np.save(where / "ops.npy", ops)  # type: ignore[arg-type]
        np.save(where / "iscell.npy", iscell)
        for name, values in traces.items():
            np.save(where / f"{name}.npy", values)
        if matlab:
            scipy.io.savemat(where / "Fall.mat", {"stat": stat, "iscell": iscell, **traces})
    return folder / "suite2p"


def write_caiman(
    path: Path,
    weights: scipy.sparse.csc_matrix,
    dims: tuple[int, ...],
    accepted: list[int] | None = None,
    n_frames: int = 30,
) -> Path:
    """As `caiman.utils.utils.recursively_save_dict_contents_to_group` writes a `CNMF` object."""
    n = weights.shape[1]
    traces = np.random.default_rng(1).random((n, n_frames))
    estimates = {"A": weights, "C": traces, "S": traces > 0.5, "YrA": traces * 0.1, "F_dff": None, "dims": dims,
                 "idx_components": None if accepted is None else np.array(accepted)}  # fmt: skip
    with h5py.File(path, "w") as file:
        for key, item in estimates.items():
            where = f"/estimates/{key}"
            if isinstance(item, scipy.sparse.csc_matrix):
                file[f"{where}/data"] = item.data
                file[f"{where}/indptr"] = item.indptr
                file[f"{where}/indices"] = item.indices
                file[f"{where}/shape"] = item.shape
            else:
                file[where] = "NoneType" if item is None else item
        file["dims"] = dims
        file["params/data/dims"] = dims
        file["params/data/fr"] = 10.0
    return path


def caiman_weights(cells: list[Array]) -> scipy.sparse.csc_matrix:
    """A column for each weight image, its pixels in Fortran order."""
    return scipy.sparse.csc_matrix(np.stack([image.reshape(-1, order="F") for image in cells], axis=1))
