"""Cells that CaImAn found, in the HDF5 file that its `save` writes.

`estimates/A` holds a column of weights for each cell, over the pixels in Fortran order. A cell's voxels are those that
hold most of its weights' energy (0.9), within which CaImAn draws its contours too. Where CaImAn, or a person, chose
among the cells (`idx_components`), the others are left out. Giovannucci et al., eLife 8:e38173 (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.listed import Gathered
from napari_thunder.regions import Box, Region

if TYPE_CHECKING:
    import h5py

_ENERGY = 0.9
_PARTS = ("data", "indices", "indptr", "shape")


def is_caiman(file: h5py.File) -> bool:
    """Whether a file holds CaImAn's estimates."""
    return "estimates/A" in file


def regions_in(file: h5py.File, path: Path, volume: Box, plane: int | None, say: Callable[[str], None]) -> list[Region]:
    """The cells, placed in a volume; those of one plane on `plane`."""
    weights = _weights(file, path)
    place = _placing(_dims(file, weights.shape[0], path), volume, plane, path)
    chosen = chosen_cells(file, weights.shape[1])
    if len(chosen) < weights.shape[1]:
        say(f"{weights.shape[1] - len(chosen)} of {weights.shape[1]} components were not accepted in CaImAn; left out.")
    found = Gathered(volume)
    for number in chosen.tolist():
        span = slice(weights.indptr[number], weights.indptr[number + 1])
        pixels = weights.indices[span][_most_energy(weights.data[span])]
        found.add(f"cell {number}", place(pixels))
    found.say(say)
    return found.regions


def chosen_cells(file: h5py.File, n: int) -> NDArray[np.intp]:
    """Numbers of the accepted cells, of `n`; all if none were chosen."""
    said = file.get("estimates/idx_components")
    if said is None or said.dtype.kind not in "iu" or said.ndim != 1:
        return np.arange(n)
    numbers = np.asarray(said[:], np.intp)
    return numbers[(numbers >= 0) & (numbers < n)]


def _weights(file: h5py.File, path: Path) -> Any:
    """The sparse matrix (pixels, cells), checked."""
    from scipy.sparse import csc_array

    group = file["estimates/A"]
    if not all(part in group for part in _PARTS):
        raise RegionError(f"{path}: estimates/A is not a sparse matrix ({', '.join(_PARTS)}) as CaImAn writes it.")
    data, indices, indptr, shape = (np.asarray(group[part][()]) for part in _PARTS)
    if shape.shape != (2,):
        raise RegionError(f"{path}: the matrix of its cells, estimates/A, has no two sides.")
    try:
        found = csc_array((data, indices, indptr), shape=(int(shape[0]), int(shape[1])))
        found.check_format(full_check=True)
    except (ValueError, TypeError) as error:
        raise RegionError(f"{path}: the matrix of its cells, estimates/A, is damaged ({error}).") from error
    return found


def _dims(file: h5py.File, n_pixels: int, path: Path) -> tuple[int, ...]:
    for key in ("estimates/dims", "dims", "params/data/dims"):
        if key in file and file[key].dtype.kind in "iuf":
            dims = tuple(int(n) for n in np.asarray(file[key][()]).reshape(-1))
            if int(np.prod(dims)) == n_pixels and len(dims) in (2, 3):
                return dims
    raise RegionError(f"{path}: does not say the shape (dims) of the images its {n_pixels} pixels belong to.")


def _placing(
    dims: tuple[int, ...], volume: Box, plane: int | None, path: Path
) -> Callable[[NDArray[np.integer]], NDArray[np.int64]]:
    """From numbers of pixels to voxels (n, 3): (y, x) or (y, x, z) as CaImAn has them, or (z, y, x)."""
    if len(dims) == 2 and dims == volume[1:]:
        if plane is None and volume[0] > 1:
            raise RegionError(f"{path}: holds cells of one plane. Choose the plane (z) they should go to.")
        z = plane or 0
        return lambda pixels: _stacked(np.unravel_index(pixels, dims, order="F"), (None, 0, 1), z)
    if len(dims) == 3 and dims == (volume[1], volume[2], volume[0]):
        return lambda pixels: _stacked(np.unravel_index(pixels, dims, order="F"), (2, 0, 1))
    if len(dims) == 3 and dims == volume:
        return lambda pixels: _stacked(np.unravel_index(pixels, dims, order="F"), (0, 1, 2))
    has, wants = (" × ".join(map(str, shape)) for shape in (dims, volume))
    raise RegionError(
        f"{path}: its cells lie in images of {has}, which do not fit a recording of {wants} (z, y, x). Choose the file "
        "that was made of this recording."
    )


def _stacked(found: tuple[NDArray[np.intp], ...], axes: tuple[int | None, int, int], z: int = 0) -> NDArray[np.int64]:
    return np.stack([np.full_like(found[0], z) if a is None else found[a] for a in axes], axis=1).astype(np.int64)


def _most_energy(weights: NDArray[np.floating]) -> NDArray[np.intp]:
    """Places of the largest weights that together hold 0.9 of the sum of squares."""
    order = np.argsort(-np.abs(weights), kind="stable")
    energy = np.cumsum(np.square(weights[order], dtype=np.float64))
    if not len(energy) or not energy[-1] > 0:
        return order[:0]
    return order[: int(np.searchsorted(energy, _ENERGY * energy[-1])) + 1]
