"""Events and signals on their way to a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_thunder.models.data.attaching import Attaching
from napari_thunder.models.data.columns import Columns, Unit
from napari_thunder.models.data.datasets import Datasets, only_here
from napari_thunder.recording import Recording
from tests.models.waiting import wait_until


@pytest.fixture
def datasets() -> Datasets:
    datasets = Datasets(Recording.from_array)
    datasets.add(Recording.from_array(np.zeros((60, 1, 2, 3), np.uint8), frame_rate=1.0))
    return datasets


def attached(datasets: Datasets, path: Path, text: str, what: str = "events") -> Attaching:
    path.write_text(text)
    attaching = Attaching(datasets, only_here)
    attaching.attach(datasets.current, what, str(path))
    wait_until(lambda: not attaching.reading)
    return attaching


def test_a_plain_table_is_attached_without_a_question(datasets: Datasets, tmp_path: Path) -> None:
    attaching = attached(datasets, tmp_path / "e.csv", "start_time,stop_time,side\n1,2,left\n")
    wait_until(lambda: datasets.current.recording.events is not None)
    assert attaching.question is None
    attaching.detach(datasets.current, "events")
    wait_until(lambda: datasets.current.recording.events is None)


def test_other_names_are_guessed_and_asked_about(datasets: Datasets, tmp_path: Path) -> None:
    attaching = attached(datasets, tmp_path / "e.csv", "stim onset,stim offset,side\n1,2,left\n4,6,right\n")
    assert attaching.question.guess == Columns("stim onset", "stim offset", False, Unit.SECONDS)
    attaching.answer(attaching.question.guess)
    wait_until(lambda: datasets.current.recording.events is not None)
    events = datasets.current.recording.events
    assert list(events.columns) == ["start_time", "stop_time", "side"]
    assert list(events["stop_time"]) == [2, 6]


def test_milliseconds_are_noticed(datasets: Datasets, tmp_path: Path) -> None:
    attaching = attached(datasets, tmp_path / "e.csv", "start_time,stop_time\n1000,2500\n40000,42000\n")
    assert attaching.question.guess.unit is Unit.MILLISECONDS
    assert "look like milliseconds" in attaching.question.why
    attaching.answer(attaching.question.guess)
    wait_until(lambda: datasets.current.recording.events is not None)
    assert list(datasets.current.recording.events["stop_time"]) == [2.5, 42]


def test_lengths_and_frames_are_understood(datasets: Datasets, tmp_path: Path) -> None:
    attaching = attached(datasets, tmp_path / "e.csv", "first,count\n1,2\n4,6\n")
    attaching.answer(Columns("first", "count", True, Unit.FRAMES))
    wait_until(lambda: datasets.current.recording.events is not None)
    assert list(datasets.current.recording.events["stop_time"]) == [3, 10]


def test_a_wrong_answer_is_said_and_asked_again(datasets: Datasets, tmp_path: Path) -> None:
    attaching = attached(datasets, tmp_path / "e.csv", "a,b\n1,2\n4,3\n")
    attaching.answer(Columns("a", "b"))
    wait_until(lambda: attaching.trouble is not None)
    assert "e.csv: row 3: stop_time 3 is before start_time 4" in attaching.trouble.message
    assert attaching.question is not None


def test_an_error_in_a_table_whose_columns_are_clear_names_the_row(datasets: Datasets, tmp_path: Path) -> None:
    attaching = attached(datasets, tmp_path / "e.csv", "start_time,stop_time\n1,2\nsoon,3\n")
    assert attaching.question is None
    assert "e.csv: row 3: column 'start_time': 'soon' is not a number" in attaching.trouble.message


def test_signals_without_a_known_time_column_are_asked_about(datasets: Datasets, tmp_path: Path) -> None:
    rows = "\n".join(f"{100 * n},{n}" for n in range(700))
    attaching = attached(datasets, tmp_path / "s.csv", f"t_ms,swim\n{rows}\n", "signals")
    assert attaching.question.what == "signals"
    attaching.answer(Columns("t_ms", unit=Unit.MILLISECONDS))
    wait_until(lambda: datasets.current.recording.signals is not None)
    assert datasets.current.recording.signals.index[-1] == pytest.approx(69.9)


def test_a_table_only_the_engine_sees_is_attached(datasets: Datasets) -> None:
    attaching = Attaching(datasets, lambda path: b"start_time,stop_time\n1,2\n")
    attaching.attach(datasets.current, "events", "/only/there.csv")
    wait_until(lambda: datasets.current.recording.events is not None)
