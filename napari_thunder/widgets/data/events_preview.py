"""A first look at the events of a recording."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_thunder.models.data.preview import condition_columns, likely_conditions
from napari_thunder.widgets.data.event_strip import EventStrip
from napari_thunder.widgets.data.rows_model import RowsModel, rows_view
from napari_thunder.widgets.traces.conditions import conditions_of
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_MOST = 24
"""Conditions that are named."""


class EventsPreview(QWidget):
    """A strip of time, the conditions with their counts, and the first rows."""

    def __init__(self) -> None:
        super().__init__()
        self._events = pd.DataFrame()
        self._seconds: float | None = None
        self.strip = EventStrip()
        self.column = QComboBox()
        self.column.setAccessibleName("Column that tells conditions apart")
        self.column.setToolTip("Which column tells conditions apart, here")
        self.column.activated.connect(lambda _: self._draw())
        needs_focus_to_scroll(self.column)
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        self.counts.setTextFormat(Qt.TextFormat.RichText)
        self.counts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._rows = RowsModel()
        self.table = rows_view(self._rows, "First events", 6)
        self.table.setVisible(False)
        self.more = QToolButton()
        self.more.setText("Rows")
        self.more.setCheckable(True)
        self.more.setToolTip("Show the first events as a table")
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setAutoRaise(True)
        self.more.toggled.connect(self._unfold)
        row = QHBoxLayout()
        self._by = QLabel("Conditions")
        self._by.setBuddy(self.column)
        row.addWidget(self._by)
        row.addWidget(self.column, 1)
        row.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.strip)
        layout.addLayout(row)
        layout.addWidget(self.counts)
        layout.addWidget(self.table)

    def show_events(self, events: pd.DataFrame, seconds: float | None) -> None:
        """Show events of a recording of so many seconds."""
        self._events, self._seconds = events, seconds
        names, chosen = condition_columns(events), self.column.currentText()
        self.column.clear()
        self.column.addItem("all alike", "")
        for name in names:
            self.column.addItem(name, name)
        self.column.setCurrentIndex(
            max(0, self.column.findData(chosen if chosen in names else likely_conditions(events)))
        )
        for widget in (self._by, self.column):
            widget.setEnabled(bool(names))
        self._rows.show_table(events)
        self._draw()

    def _draw(self) -> None:
        seen = conditions_of(self._events, self.column.currentData() or "")
        self.strip.show_events(seen, self._seconds)
        counts = np.bincount(seen.of, minlength=len(seen.labels)).tolist()
        known = list(zip(seen.colors, seen.labels, counts, strict=True))[:_MOST]
        words = [f'<span style="color: {c}">■</span>&nbsp;{_whole(label)}&nbsp;×&nbsp;{n}' for c, label, n in known]
        more = f" … and {len(seen.labels) - _MOST} more" if len(seen.labels) > _MOST else ""
        self.counts.setText("&nbsp; ".join(words) + more)
        self.counts.setVisible(bool(self.column.currentData()))

    def _unfold(self, shown: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self.table.setVisible(shown)


def _whole(label: str) -> str:
    """A label that is not broken over two lines."""
    return escape(label).replace(" ", "&nbsp;")
