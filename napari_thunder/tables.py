"""Small tables as plain JSON values, exactly: what comes back equals what went in, to the last digit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def table_to_plain(table: pd.DataFrame) -> dict[str, Any]:
    """Columns, index and rows of a table, as JSON can hold them (NaN becomes None, infinity a text)."""
    return {
        "columns": {str(name): [plain(v) for v in table[name]] for name in table.columns},
        "floats": [str(name) for name in table.columns if pd.api.types.is_float_dtype(table[name])],
        "index": [plain(v) for v in table.index],
        "index_name": table.index.name,
    }


def table_from_plain(stored: Mapping[str, Any]) -> pd.DataFrame:
    """The table that `table_to_plain` was given."""
    table = pd.DataFrame(stored["columns"], index=pd.Index(stored["index"], name=stored["index_name"]))
    return table.astype(dict.fromkeys(stored.get("floats", ()), np.float64))


def plain(value: Any) -> Any:
    """A value as JSON can hold it: numpy scalars and tuples become Python's, tables dicts, NaN None, infinity text."""
    if isinstance(value, pd.DataFrame):
        return table_to_plain(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float) and np.isinf(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str) else str(value)
