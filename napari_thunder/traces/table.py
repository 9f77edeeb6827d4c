"""Traces as a table, and as a CSV file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import ThunderError
from napari_thunder.io.whole import written_whole


def trace_table(
    times: NDArray[np.float64], time_unit: str, columns: Sequence[tuple[str, NDArray[np.float64]]]
) -> pd.DataFrame:
    """A column of times, then one for each trace.

    Parameters
    ----------
    times
        (t,) of the frames.
    time_unit
        `s`: the column is `time`; `frame`: it is `frame`, of whole numbers.
    columns
        Name and values (t,) of each trace; a name that is there already gets a number.
    """
    table: dict[str, NDArray[Any]] = {"time": times} if time_unit == "s" else {"frame": times.astype(np.int64)}
    for name, values in columns:
        unique, n = name, 1
        while unique in table:
            n += 1
            unique = f"{name} {n}"
        table[unique] = values
    return pd.DataFrame(table)


def check_csv_place(path: str | Path, *, overwrite: bool = False) -> Path:
    """Where a table will be written, before the work for it is done.

    Raises
    ------
    ThunderError
        If there is something already, or no folder to put it in.
    """
    target = Path(path).expanduser()
    if not target.parent.is_dir():
        raise ThunderError(f"{target}: there is no folder {target.parent}. Make it, or choose another place.")
    if target.exists() and not overwrite:
        raise ThunderError(f"{target}: is there already. Give another name, or --overwrite.")
    return target


def write_csv(path: str | Path, table: pd.DataFrame, about: Mapping[str, Any]) -> None:
    """Write a table whole or not at all.

    The first line is `# ` and `about` as JSON, so that the file says how its numbers came to be; the second the names
    of the columns. Read it by `pandas.read_csv(path, skiprows=1)`.

    Raises
    ------
    ThunderError
        If it cannot be written there.
    """
    target = Path(path).expanduser()
    with written_whole(target, ThunderError) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {json.dumps(dict(about), ensure_ascii=False)}\n")
        table.to_csv(file, index=False, lineterminator="\n")
