"""Shifts from files: tables (CSV, TSV) and NumPy arrays, of this program and of others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import RegistrationError, TableError
from napari_thunder.events.text_table import read_text_table
from napari_thunder.io.whole import written_whole
from napari_thunder.registration.shift_table import Shape, ShiftTable, table_of
from napari_thunder.registration.shifts import Shifts, Space

Convention = Literal["displacement", "correction"]
CONVENTIONS: tuple[Convention, ...] = ("displacement", "correction")

_SEPARATOR = r"\s*[,;\s]\s*"
_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan|NaN"
_COLUMNS = {2: ["y", "x"], 3: ["z", "y", "x"]}


def read_shifts(
    path: str | Path,
    shape: Shape,
    *,
    voxel_size: tuple[float, float, float] | None = None,
    convention: Convention | None = None,
) -> Shifts:
    """Shifts of a recording from a file.

    A table (CSV, TSV) has a header: `frame` (from 0), then `z`, `y`, `x` in voxels or `z_um`, `y_um`, `x_um`; see
    `ShiftTable` for planes and blocks. One without a header, as CaImAn's `shifts_rig` saved by `numpy.savetxt`, has the
    columns y, x or z, y, x and a row for each frame. A NumPy array `.npy` is (t, 2) or (t, 3), or (t, z, 2) of planes;
    suite2p's `yoff.npy` is read with the `xoff.npy` beside it, and an `.npz` by its arrays `yoff`, `xoff` (and `zoff`).

    Parameters
    ----------
    path
        Of the file.
    shape
        (t, z, y, x) of the recording.
    voxel_size
        (z, y, x) in µm, for shifts in µm.
    convention
        `displacement`: how far the brain in the frame lies from the reference, as here and in suite2p. `correction`:
        how far the frame was moved back, minus this, as in CaImAn's `shifts_rig` and scikit-image's
        `phase_cross_correlation(reference, frame)`. It must be given for a table without a header; elsewhere
        `displacement` is taken if it is not.

    Returns
    -------
    Shifts
        In voxels; for `Recording.registered`.

    Raises
    ------
    RegistrationError
        If it cannot be read, or its shifts are not of a recording of this shape; names file and row.
    """
    if convention not in (None, *CONVENTIONS):
        raise RegistrationError(f"convention={convention!r}: choose one of {', '.join(CONVENTIONS)}.")
    file = Path(path).expanduser()
    if not file.is_file():
        raise RegistrationError(f"{file}: there is no such file. Check the spelling and that the disk is mounted.")
    if file.suffix.lower() in (".npy", ".npz"):
        found = _of_array(_stored(file), shape, file.name)
    else:
        found = _of_table(file, convention).shifts(shape, voxel_size)
    values = -found.values if convention == "correction" else found.values
    return Shifts(values, found.centers, found.space, str(file))


def write_shifts(shifts: Shifts, path: str | Path) -> None:
    """Write shifts in voxels as CSV, such that `read_shifts` gives the same ones again.

    Raises
    ------
    RegistrationError
        If it cannot be written there.
    """
    target = Path(path).expanduser()
    with written_whole(target, RegistrationError) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        table_of(shifts).to_csv(file, index=False, lineterminator="\n")


def _of_table(file: Path, convention: Convention | None) -> ShiftTable:
    if _begins_with_numbers(file):
        return ShiftTable(_without_header(file, convention), file.name)
    try:
        return ShiftTable(read_text_table(file), file.name)
    except TableError as error:
        raise RegistrationError(str(error)) from error


def _begins_with_numbers(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8-sig") as text:
            cells = re.split(_SEPARATOR, next(text, "").strip().lstrip("#").strip())
    except (OSError, UnicodeDecodeError):
        return False
    return all(re.fullmatch(_NUMBER, cell) for cell in cells)


def _without_header(file: Path, convention: Convention | None) -> pd.DataFrame:
    """A table of two or three columns whose first row is numbers too."""
    if convention is None:
        raise RegistrationError(
            f"{file.name}: row 1 holds numbers, not names of columns. Name them (frame, z, y, x), or say what they "
            'mean: convention="displacement" (as suite2p) or "correction" (as CaImAn); on a command line, --shifts-are.'
        )
    try:
        table = pd.read_csv(file, header=None, sep=_SEPARATOR, engine="python", encoding="utf-8-sig")
    except ValueError as error:
        raise RegistrationError(f"{file.name}: not a table that can be read ({error}).") from error
    if table.shape[1] not in _COLUMNS:
        raise RegistrationError(
            f"{file.name}: {table.shape[1]} columns without names. Without names there must be two (y, x) or three "
            "(z, y, x); else name them in row 1: frame, z, y, x."
        )
    return table.set_axis(_COLUMNS[table.shape[1]], axis=1).set_axis(range(1, 1 + len(table)), axis=0)


def _stored(file: Path) -> NDArray[Any]:
    try:
        if file.suffix.lower() == ".npy":
            array = np.load(file, allow_pickle=False)
            beside = file.with_name(file.name.replace("yoff", "xoff"))
            if beside == file or array.ndim != 1:
                return np.asarray(array)
            return np.stack([array, np.load(beside, allow_pickle=False)], axis=1)
        with np.load(file, allow_pickle=False) as arrays:
            names = [n for n in ("zoff", "yoff", "xoff") if n in arrays]
            if names[-2:] != ["yoff", "xoff"]:
                raise RegistrationError(f"{file.name}: holds no arrays yoff and xoff, but {', '.join(arrays)}.")
            return np.stack([arrays[n] for n in names], axis=-1)
    except (ValueError, OSError, EOFError) as error:
        raise RegistrationError(
            f"{file}: cannot be read as arrays of numbers ({error}). Pickled files, such as suite2p's ops.npy, are not "
            "opened: save yoff and xoff with numpy.save."
        ) from error


def _of_array(array: NDArray[Any], shape: Shape, name: str) -> Shifts:
    if array.dtype.kind not in "fiu":
        raise RegistrationError(f"{name}: holds {array.dtype}, not numbers.")
    space: Space = shape[1:]
    wanted = f"({shape[0]}, 2) or ({shape[0]}, 3), or ({shape[0]}, {shape[1]}, 2) of planes"
    if array.ndim not in (2, 3) or len(array) != shape[0]:
        raise RegistrationError(f"{name}: its shape is {array.shape}; for this recording it must be {wanted}.")
    values = array.astype(np.float64)
    if array.ndim == 3 and array.shape[1:] == (shape[1], 2):
        return Shifts.of_planes(values, space)
    if array.ndim == 2 and array.shape[1] in _COLUMNS:
        return Shifts.rigid(np.pad(values, ((0, 0), (3 - array.shape[1], 0))), space)
    raise RegistrationError(f"{name}: its shape is {array.shape}; for this recording it must be {wanted}.")
