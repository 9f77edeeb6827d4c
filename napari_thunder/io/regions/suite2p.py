"""Cells that suite2p found: a `suite2p` folder with `plane0`, `plane1`, … in it, or one of these.

A plane's number is its z. Left out are ROIs that suite2p (or a person in its window) took for no cells (`iscell.npy`).
`stat.npy` is a pickle, and read after a person has said so only; `Fall.mat`, which suite2p writes if it is told to, is
none, and is taken instead where it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.io.file_names import natural_order
from napari_thunder.io.regions.listed import Gathered, on_plane
from napari_thunder.io.regions.pickled import load_pickled, refuse
from napari_thunder.regions import Box, Region

_STAT, _MATLAB = "stat.npy", "Fall.mat"


@dataclass(frozen=True, slots=True)
class Plane:
    """A folder of suite2p's results of one plane.

    Parameters
    ----------
    folder
        Where they are.
    z
        The number in its name; None if it has none.
    """

    folder: Path
    z: int | None

    def numbers(self, name: str) -> NDArray[Any] | None:
        """A file of plain numbers, or None if there is none.

        Raises
        ------
        RegionError
            If it is damaged or a pickle.
        """
        path = self.folder / f"{name}.npy"
        if not path.is_file():
            return None
        try:
            found: NDArray[Any] = np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise RegionError(f"{path}: cannot be read as numbers ({error}).") from error
        return found


def planes_of(path: Path) -> list[Plane]:
    """The planes in a folder of suite2p's, or the one that a file or folder belongs to; else none."""
    folder = path.parent if path.name in (_STAT, _MATLAB) else path
    if not folder.is_dir():
        return []
    if _holds_cells(folder):
        found = re.fullmatch(r"plane(\d+)", folder.name)
        return [Plane(folder, int(found[1]) if found else None)]
    for inside in (folder, folder / "suite2p"):
        planes = [one for one in inside.glob("plane*") if re.fullmatch(r"plane\d+", one.name) and _holds_cells(one)]
        if planes:
            return [Plane(p, int(p.name.removeprefix("plane"))) for p in sorted(planes, key=_in_order)]
    return []


def read(
    path: Path, volume: Box, plane: int | None, say: Callable[[str], None], *, allow_pickle: bool = False
) -> list[Region]:
    """Read the cells of all planes."""
    found = Gathered(volume)
    planes = planes_of(path)
    if not planes:
        raise RegionError(f"{path}: there is no stat.npy in it or in folders plane0, plane1, … of it. Was suite2p run?")
    for one in planes:
        z = _z(one, volume, plane)
        for number, roi in _cells(one, say, allow_pickle):
            found.add(roi_name(one, number, alone=len(planes) == 1), _voxels(roi, z, one))
    found.say(say)
    return found.regions


def roi_name(plane: Plane, number: int, *, alone: bool) -> str:
    """What an ROI is called: by suite2p's own number, which counts from 0 on each plane."""
    return f"cell {number}" if alone or plane.z is None else f"z{plane.z} cell {number}"


def cells_of(plane: Plane, n: int) -> NDArray[np.intp]:
    """Numbers of the ROIs that are cells, of `n`; all if suite2p does not say."""
    said = plane.numbers("iscell")
    if said is None:
        return np.arange(n)
    if said.ndim not in (1, 2) or len(said) != n:
        raise RegionError(
            f"{plane.folder / 'iscell.npy'}: is for {len(said)} ROIs, but there are {n}. Run suite2p again."
        )
    return np.flatnonzero(said.reshape(n, -1)[:, 0] > 0)


def _cells(plane: Plane, say: Callable[[str], None], allow_pickle: bool) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rois = _rois(plane, allow_pickle)
    cells = cells_of(plane, len(rois))
    if len(cells) < len(rois):
        say(f"{plane.folder.name}: {len(rois) - len(cells)} of {len(rois)} ROIs are not cells, by suite2p; left out.")
    for number in cells:
        yield int(number), rois[number]


def _rois(plane: Plane, allow_pickle: bool) -> Sequence[Mapping[str, Any]]:
    matlab = plane.folder / _MATLAB
    stat = plane.folder / _STAT
    if matlab.is_file() and not (allow_pickle and stat.is_file()):
        rois = _from_matlab(matlab)
    elif allow_pickle:
        rois = load_pickled(stat)
    else:
        raise refuse(stat, f" Or let suite2p save {_MATLAB} beside it, which is no pickle (its setting save_mat).")
    if not isinstance(rois, list) or not all(isinstance(roi, Mapping) for roi in rois):
        raise RegionError(f"{stat}: not a list of ROIs as suite2p writes it.")
    return rois


def _from_matlab(path: Path) -> Any:
    from scipy.io import loadmat

    try:
        found = loadmat(path, simplify_cells=True, variable_names=["stat"]).get("stat")
    except Exception as error:  # whatever a damaged file raises
        raise RegionError(f"{path}: cannot be read as MATLAB ({type(error).__name__}: {error}).") from error
    if isinstance(found, Mapping):
        return [found]
    return list(found) if found is not None else None


def _voxels(roi: Mapping[str, Any], z: int, plane: Plane) -> NDArray[np.int64]:
    try:
        y, x = (np.asarray(roi[name]).reshape(-1).astype(np.int64, casting="same_kind") for name in ("ypix", "xpix"))
        return on_plane(y, x, z)
    except (KeyError, TypeError, ValueError) as error:
        raise RegionError(f"{plane.folder / _STAT}: an ROI has no pixels as suite2p writes them ({error}).") from error


def _z(plane: Plane, volume: Box, asked: int | None) -> int:
    if volume[0] == 1:
        return 0
    if plane.z is not None and plane.z < volume[0]:
        return plane.z
    if asked is not None:
        return asked
    raise RegionError(
        f"{plane.folder}: which of the recording's {volume[0]} planes is it? Choose the plane (z) it should go to."
    )


def _holds_cells(folder: Path) -> bool:
    return (folder / _STAT).is_file() or (folder / _MATLAB).is_file()


def _in_order(path: Path) -> Any:
    return natural_order(path.name)
