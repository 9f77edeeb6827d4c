import numpy as np
import pandas as pd
import pytest

from napari_thunder.errors import RegistrationError
from napari_thunder.registration.quality.epochs import epochs_of_events, epochs_of_signal

TIMES = np.arange(10) / 2.0


def events(**columns):
    return pd.DataFrame({"start_time": [0.0, 2.0, 4.0], "stop_time": [1.0, 3.0, 5.0], **columns})


def test_events_of_one_condition_are_one_epoch():
    found = epochs_of_events(events(state=["run", "still", "run"], speed=[1, 2, 3]), TIMES, "state")
    assert {name: np.flatnonzero(frames).tolist() for name, frames in found.items()} == {
        "run": [0, 1, 8, 9],
        "still": [4, 5],
    }


def test_without_a_name_the_first_further_column_is_taken_or_else_each_row():
    assert list(epochs_of_events(events(direction=[0.0, 90.0, 0.0]), TIMES)) == ["direction 0", "direction 90"]
    assert list(epochs_of_events(events(), TIMES)) == ["1", "2", "3"]


def test_a_signal_parts_the_frames_at_its_threshold():
    running = pd.DataFrame({"speed": [0, 0, 5, 5, 5, 0, 0, 1, 0, 0.0]}, index=pd.RangeIndex(10, name="frame"))
    found = epochs_of_signal(running, "speed", 2, None, 10)
    assert list(found) == ["speed > 2", "speed ≤ 2"]
    assert np.flatnonzero(found["speed > 2"]).tolist() == [2, 3, 4]
    np.testing.assert_array_equal(found["speed ≤ 2"], ~found["speed > 2"])


def test_a_threshold_is_found_for_a_signal_that_is_mostly_zero():
    bouts = pd.DataFrame({"swim": [0] * 98 + [1, 2]}, index=pd.RangeIndex(100, name="frame"))
    assert [frames.sum() for frames in epochs_of_signal(bouts, "swim", None, None, 100).values()] == [2, 98]


def test_wrong_names_and_too_many_epochs_are_said():
    with pytest.raises(RegistrationError, match="no column 'mood'"):
        epochs_of_events(events(state=[1, 2, 3]), TIMES, "mood")
    with pytest.raises(RegistrationError, match="no signal 'mood'"):
        epochs_of_signal(pd.DataFrame({"speed": [0.0]}), "mood", None, None, 1)
    many = pd.DataFrame({"start_time": np.arange(30.0), "stop_time": np.arange(30.0) + 1, "n": np.arange(30)})
    with pytest.raises(RegistrationError, match="30 of them"):
        epochs_of_events(many, np.arange(30.0))
