"""Events and signals on their way from a file to a recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import pandas as pd
from psygnal import Signal

from napari_thunder.errors import TableError
from napari_thunder.events import check_events, read_events, read_signals
from napari_thunder.events.text_table import numeric, read_text_table
from napari_thunder.models.background import Background
from napari_thunder.models.data.columns import Columns, Unit, guess_columns, in_seconds, number_columns, suggest_unit
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.data.tables_elsewhere import ReadFile, brought_here
from napari_thunder.models.trouble import Trouble

_TEXT = (".csv", ".tsv", ".txt", "")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A table that says too little by itself.

    Parameters
    ----------
    dataset
        Key of the recording it is for.
    what
        `events` or `signals`.
    name
        Of the file.
    table
        As it is in the file.
    guess
        What its columns may mean.
    why
        What is unclear.
    """

    dataset: int
    what: str
    name: str
    table: pd.DataFrame
    guess: Columns
    why: str


class Attaching:
    """Reads tables and gives them to recordings; asks where their columns do not say enough.

    Tables are read on threads of its own; `changed` may be emitted from any thread.

    Attributes
    ----------
    reading
        Path of the table that is being read.
    question
        What has to be answered first; see `answer`.
    trouble
        Why the last table was not attached, and of what kind (`what`) it was.

    Parameters
    ----------
    datasets
        Whose recordings are given tables.
    read_file
        The bytes of a file that this computer does not see.
    """

    changed = Signal()

    def __init__(self, datasets: Datasets, read_file: ReadFile) -> None:
        self.reading = ""
        self.question: Question | None = None
        self.trouble: Trouble | None = None
        self.what = ""
        self._datasets = datasets
        self._read_file = read_file
        self._background = Background("attaching")
        self._wish = 0
        self._lock = Lock()

    def attach(self, dataset: Dataset, what: str, path: str) -> None:
        """Read `events` or `signals` of a recording from a file; returns at once."""
        wish = self._begin(what, path)
        self._background.start(self._attempt, wish, lambda: self._attach(wish, dataset, what, path))

    def answer(self, columns: Columns) -> None:
        """Attach the table in question, its columns read so; returns at once."""
        question = self.question
        if question is not None:
            wish = self._begin(question.what, question.name, question)
            self._background.start(self._attempt, wish, lambda: self._answer(wish, question, columns))

    def detach(self, dataset: Dataset, what: str) -> None:
        """Take the events or signals off a recording; returns at once."""
        self.give_up()
        self._datasets.amend(dataset, **{what: None})

    def give_up(self) -> None:
        """Read on no longer, and leave the question open."""
        self._begin("", "")

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._background.close(seconds)

    def _begin(self, what: str, reading: str, question: Question | None = None) -> int:
        with self._lock:
            self._wish += 1
            self.what, self.reading, self.question, self.trouble = what, reading, question, None
        self.changed.emit()
        return self._wish

    def _attempt(self, wish: int, work: Callable[[], None]) -> None:
        trouble = None
        try:
            work()
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            if wish != self._wish:
                return
            self.reading, self.trouble = "", trouble
        self.changed.emit()

    def _attach(self, wish: int, dataset: Dataset, what: str, path: str) -> None:
        with brought_here(path, self._read_file) as here:
            try:
                table = _read(dataset, what, here)
            except TableError as error:
                question = _question(dataset, what, here, str(error))
                if question is None:
                    raise
                self._ask(wish, question)
                return
        self._give(wish, dataset.key, what, table)

    def _answer(self, wish: int, question: Question, columns: Columns) -> None:
        dataset = self._datasets.get(question.dataset)
        if dataset is None:
            raise TableError("The recording this table was for has been closed.")
        times = dataset.recording.frame_times
        if question.what == "events":
            timed = in_seconds(question.table, columns, times, question.name)
            table = check_events(timed, frame_times=times, where=question.name)
        else:
            table = _timed_signals(question, columns)
        self._give(wish, dataset.key, question.what, table)
        with self._lock:
            if wish == self._wish:
                self.question = None

    def _ask(self, wish: int, question: Question) -> None:
        with self._lock:
            if wish == self._wish:
                self.question = question

    def _give(self, wish: int, key: int, what: str, table: pd.DataFrame) -> None:
        dataset = self._datasets.get(key)
        if dataset is not None and wish == self._wish:
            self._datasets.amend(dataset, **{what: table})


def _read(dataset: Dataset, what: str, path: Path) -> pd.DataFrame:
    recording = dataset.recording
    if what == "events":
        return read_events(path, frame_times=recording.frame_times)
    return read_signals(path, n_frames=recording.shape[0])


def _question(dataset: Dataset, what: str, path: Path, why: str) -> Question | None:
    """What to ask about a table that was refused; None if nothing a person says could mend it."""
    if path.suffix.lower() not in _TEXT:
        return None
    table, times = read_text_table(path), dataset.recording.frame_times
    if what == "events":
        guess = guess_columns(table, times)
        named = guess.start == "start_time" and guess.stop == "stop_time" and guess.unit is Unit.SECONDS
        return None if named or not number_columns(table) else _asked(dataset, what, path, table, guess, why)
    if {"time", "frame"} & set(table.columns):
        return None
    guess = replace(guess_columns(table, times), stop="", lasts=False)
    guess = replace(guess, unit=suggest_unit(table, guess, times))
    return _asked(dataset, what, path, table, guess, why)


def _asked(dataset: Dataset, what: str, path: Path, table: pd.DataFrame, guess: Columns, why: str) -> Question:
    if guess.unit is not Unit.SECONDS:
        unit = {Unit.MILLISECONDS: "milliseconds", Unit.FRAMES: "numbers of frames"}[guess.unit]
        why = f"{path.name}: taken as seconds, its times are outside the recording. They look like {unit}."
    return Question(dataset.key, what, path.name, table, guess, why)


def _timed_signals(question: Question, columns: Columns) -> pd.DataFrame:
    if columns.start not in question.table.columns:
        raise TableError(f"{question.name}: choose the column that holds the times.")
    table = question.table.rename(columns={columns.start: "time"})
    if columns.unit is Unit.FRAMES:
        return table.rename(columns={"time": "frame"})
    seconds = {Unit.MILLISECONDS: 1e-3, Unit.MINUTES: 60.0}
    table["time"] = numeric(table["time"], question.name) * seconds.get(columns.unit, 1.0)
    return table
