"""Traces written to a file, beside the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.traces.trace import Trace
from napari_thunder.models.trouble import Trouble
from napari_thunder.traces.table import trace_table, write_csv


class TraceExport:
    """Writes CSV files.

    Parameters
    ----------
    saved
        Called with the path once a file is whole, from a thread of its own.
    changed
        Called when there is a trouble, or none any more.
    """

    def __init__(self, saved: Callable[[str], None], changed: Callable[[], None]) -> None:
        self.trouble: Trouble | None = None
        self._saved, self._changed = saved, changed
        self._background = Background("trace-export")

    def write(self, path: str, traces: Sequence[Trace], about: Mapping[str, Any]) -> None:
        """Write these traces, and how they came to be in the first line; returns at once."""
        self._background.start(self._write, path, traces, about)

    def close(self, seconds: float = 1.0) -> None:
        """End within `seconds`; a file that is not whole by then is not there."""
        self._background.close(seconds)

    def _write(self, path: str, traces: Sequence[Trace], about: Mapping[str, Any]) -> None:
        try:
            if not traces:
                raise ThunderError("There is no trace to export yet. Draw a region or pin a voxel, and wait for it.")
            write_csv(path, table_of(traces), about)
        except ThunderError as error:
            self.trouble = Trouble.of(error)
        else:
            self.trouble = None
            self._saved(path)
        self._changed()


def table_of(traces: Sequence[Trace]) -> pd.DataFrame:
    """`time` (s) or `frame`, and a column for each trace."""
    if not traces:
        return pd.DataFrame()
    return trace_table(traces[0].times, traces[0].time_unit, [(trace.subject.name, trace.values) for trace in traces])
