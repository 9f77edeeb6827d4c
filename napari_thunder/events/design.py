"""Design matrices that a person made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import TableError
from napari_thunder.events.text_table import check_names, first_row, numeric, read_text_table, with_row_labels


def read_design(design: str | Path | pd.DataFrame, n_frames: int) -> pd.DataFrame:
    """A design matrix: one row for each frame, one named column for each regressor, all of them used.

    Parameters
    ----------
    design
        A CSV or TSV with a header row, or a DataFrame (t, p).
    n_frames
        Frames of the recording, excluded ones included.

    Returns
    -------
    DataFrame (t, p)
        float64, indexed by `frame`.

    Raises
    ------
    TableError
        If rows and frames are not as many, a column has no name or one that is there twice, or a value is not a
        finite number.
    """
    if isinstance(design, pd.DataFrame):
        return _check_design(design, n_frames, "design")
    return _check_design(read_text_table(design), n_frames, Path(design).name)


def _check_design(table: pd.DataFrame, n_frames: int, where: str) -> pd.DataFrame:
    if table.shape[1] and pd.api.types.is_integer_dtype(table.columns):
        raise TableError(f"{where}: its columns have no names. Give them, for example pd.DataFrame(X, columns=[...]).")
    check_names([str(name) for name in table.columns], where)
    if len(table) != n_frames or table.shape[1] == 0:
        raise TableError(
            f"{where}: {len(table)} rows and {table.shape[1]} columns, but the recording has {n_frames} frames. "
            "Give one row for each frame (also for excluded ones) below a row of names."
        )
    table = with_row_labels(table)
    columns = {str(name): _finite(numeric(table[name], where), where) for name in table.columns}
    return pd.DataFrame(columns, index=pd.RangeIndex(n_frames, name="frame"))


def _finite(values: pd.Series, where: str) -> NDArray[np.float64]:
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = first_row(wrong)
        what = "the cell is empty" if np.isnan(values[row]) else f"{values[row]} is not a finite number"
        raise TableError(f"{where}: row {row}: column {values.name!r}: {what}.")
    return values.to_numpy(np.float64)
