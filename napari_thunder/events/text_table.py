"""Tables in text files, with the numbers of their rows kept for the messages."""

from __future__ import annotations

import csv
import re
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from napari_thunder.errors import TableError

FIRST_ROW = 2
_EMPTY = ["", "n/a", "N/A", "NA", "nan", "NaN"]


def read_text_table(path: str | Path) -> pd.DataFrame:
    """A table with a header row, separated by commas, semicolons or tabs.

    Returns
    -------
    DataFrame
        Its index holds the number of each row in the file, where the header is row 1. Rows that are blank are left
        out; empty cells and `n/a` are NaN.

    Raises
    ------
    TableError
        If it is not there, is not text, has unnamed columns or two of the same name, or rows of different length.
    """
    path = Path(path).expanduser()
    header, separator = _header(path)
    check_names(header, f"{path.name}: row 1")
    table = _body(path, separator)
    table.columns = pd.Index(header)
    table.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(table))
    return table.dropna(how="all")


def check_names(names: list[str], where: str) -> None:
    """Every column has a name, and no two the same.

    Raises
    ------
    TableError
    """
    for number, name in enumerate(names, 1):
        if not str(name).strip():
            raise TableError(
                f"{where}: column {number} has no name. Name it, or remove it (from pandas: to_csv(path, index=False))."
            )
        if name in names[: number - 1]:
            raise TableError(f"{where}: column {name!r} is there twice (column {number}). Rename or remove one.")


def numeric(column: pd.Series, where: str) -> pd.Series:
    """A column as float64, NaN where it is empty.

    Raises
    ------
    TableError
        That names the row (by the label of its index) and the column of the first cell that is not a number.
    """
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        row = first_row(wrong)
        hint = " Write decimals with a point." if re.fullmatch(r"-?\d+,\d+", str(column[row]).strip()) else ""
        raise TableError(f"{where}: row {row}: column {column.name!r}: {column[row]!r} is not a number.{hint}")
    return numbers


def first_row(wrong: pd.Series) -> Any:
    """The label of the first row that is wrong."""
    return wrong.index[int(wrong.to_numpy().argmax())]


def with_row_labels(table: pd.DataFrame) -> pd.DataFrame:
    """The table with labels by which a row can be found: its own, or counted from 0 where they are not unique."""
    return table if table.index.is_unique else table.set_axis(range(len(table)), axis=0)


def _header(path: Path) -> tuple[list[str], str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = next(csv.reader([file.readline()], delimiter="\x1f"), [])
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such file. Check the spelling and that the disk is mounted.") from None
    except UnicodeDecodeError:
        raise TableError(f"{path.name}: not a text table in UTF-8. Save it as CSV (UTF-8).") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}.") from error
    text = line[0] if line else ""
    if not text.strip():
        raise TableError(f"{path.name}: row 1 is empty; it must hold the names of the columns.")
    separator = max(",\t;", key=text.count)
    return [name.strip() for name in next(csv.reader([text], delimiter=separator))], separator


def _body(path: Path, separator: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                sep=separator,
                index_col=False,
                skip_blank_lines=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=_EMPTY,
                encoding="utf-8-sig",
                low_memory=False,
                float_precision="round_trip",
            )
    except UnicodeDecodeError:
        raise TableError(f"{path.name}: not a text table in UTF-8. Save it as CSV (UTF-8).") from None
    except pd.errors.ParserWarning:
        raise TableError(f"{path.name}: row {FIRST_ROW}: more cells than row 1 has names.") from None
    except pd.errors.ParserError as error:
        raise TableError(f"{path.name}: {_where_ragged(str(error))}.") from None


def _where_ragged(message: str) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if not found:
        return f"not a table that can be read ({message.strip()})"
    expected, line, seen = found.groups()
    return f"row {line}: {seen} cells, but row 1 names {expected} columns"
