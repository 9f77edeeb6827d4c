"""Events or signals of the current recording: attach, look at, detach."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.data.attaching import Attaching
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.data.facts import events_line, recording_seconds, signals_line
from napari_thunder.recording import Recording
from napari_thunder.widgets.data.column_question import ColumnQuestion
from napari_thunder.widgets.data.events_preview import EventsPreview
from napari_thunder.widgets.data.signal_lines import SignalLines
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel

Browse = Callable[[Callable[[str], None]], object]
"""Lets a person find a file, and calls back with its path."""

_NOTHING = {
    "events": "No events yet: attach a CSV or TSV table with start_time and stop_time in seconds.",
    "signals": "No signals yet: attach behaviour or other traces (CSV, TSV, .npz, .mat).",
}


class AttachPanel(QWidget):
    """Attach, preview and detach.

    Parameters
    ----------
    what
        `events` or `signals`.
    """

    def __init__(
        self, what: str, attaching: Attaching, datasets: Datasets, main_thread: MainThread, browse: Browse
    ) -> None:
        super().__init__()
        self.what = what
        self._attaching, self._datasets, self._browse = attaching, datasets, browse
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.attach_button = QPushButton("Attach…")
        self.attach_button.clicked.connect(self.browse)
        self.detach_button = QPushButton("Detach")
        self.detach_button.clicked.connect(self.detach)
        for button, verb in ((self.attach_button, "Attach"), (self.detach_button, "Detach")):
            button.setAccessibleName(f"{verb} {what}")
        self.preview: EventsPreview | SignalLines = EventsPreview() if what == "events" else SignalLines()
        self.question = ColumnQuestion()
        self.question.answered.connect(attaching.answer)
        self.question.left.connect(attaching.give_up)
        self.trouble = TroubleLabel()
        self._shown: tuple[pd.DataFrame | None, float | None] = (None, None)
        self._lay_out()
        main_thread.connect(attaching.changed, self._show, newest=True)
        main_thread.connect(datasets.changed, self._show, newest=True)
        self._show()

    def browse(self) -> None:
        """Let a person choose the table."""
        self._browse(self.attach)

    def attach(self, path: str) -> None:
        """Attach the table at a path to the current recording."""
        if self._datasets.current is not None:
            self._attaching.attach(self._datasets.current, self.what, path)

    def detach(self) -> None:
        """Take the table off the current recording."""
        if self._datasets.current is not None:
            self._attaching.detach(self._datasets.current, self.what)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
        row.addWidget(self.attach_button)
        row.addWidget(self.detach_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        for widget in (self.trouble, self.question, self.preview):
            layout.addWidget(widget)

    def _show(self) -> None:
        current = self._datasets.current
        self._show_said(current)
        self._show_trouble(current)
        question = self._attaching.question
        mine = question is not None and question.what == self.what and current is not None
        self.question.ask(question if mine and current is not None and question.dataset == current.key else None)
        self._show_table(current.recording if current is not None else None)

    def _show_said(self, current: Dataset | None) -> None:
        table = getattr(current.recording, self.what) if current is not None else None
        reading = self._attaching.reading if self._attaching.what == self.what else ""
        if reading:
            self.said.setText(f"Reading {reading} …")
        elif current is None:
            self.said.setText("Open a recording first.")
        elif table is None:
            self.said.setText(_NOTHING[self.what])
        else:
            self.said.setText(_line(current.recording, self.what))
        none = "" if current is not None else "Open a recording first."
        say_why(self.attach_button, none, f"Read {self.what} from a file; you can also drop the file here")
        self.attach_button.setText("Attach…" if table is None else "Replace…")
        say_why(
            self.detach_button, "" if table is not None else f"There are no {self.what}.", f"Forget the {self.what}"
        )

    def _show_trouble(self, current: Dataset | None) -> None:
        refused, trouble = self._datasets.refused, None
        if self._attaching.what == self.what:
            trouble = self._attaching.trouble
        if trouble is None and refused is not None and current is not None and refused.dataset == current.key:
            trouble = refused.trouble if self.what in refused.names else None
        self.trouble.show_trouble(trouble)

    def _show_table(self, recording: Recording | None) -> None:
        table = getattr(recording, self.what) if recording is not None else None
        seconds = recording_seconds(recording) if recording is not None else None
        self.preview.setVisible(table is not None and not self.question.isVisibleTo(self))
        same = self._shown[0] is table and self._shown[1] == seconds
        self._shown = (table, seconds)
        if table is None or same:
            return
        if isinstance(self.preview, EventsPreview):
            self.preview.show_events(table, seconds)
        else:
            self.preview.show_signals(table)


def _line(recording: Recording, what: str) -> str:
    if what == "events":
        return events_line(recording)
    n = 0 if recording.signals is None else recording.signals.shape[1]
    by = "" if recording.signals is None else f", by {recording.signals.index.name}"
    return f"{n} signal{'s' if n != 1 else ''}{by}" if n > 3 else f"{signals_line(recording)}{by}"
