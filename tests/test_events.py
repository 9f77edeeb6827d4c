"""Events, signals and designs: what is read, what is refused, and the regressors made of them."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.io import savemat
from scipy.signal import fftconvolve

from napari_thunder.errors import MissingMetadataError, ParameterError, TableError
from napari_thunder.events import (
    KERNELS,
    Kernel,
    check_events,
    check_signals,
    event_regressors,
    frames_in_events,
    read_design,
    read_events,
    read_signals,
    sample_signals,
)

TIMES = np.arange(20) / 2


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "separator"), [("e.csv", ","), ("e.tsv", "\t"), ("e.csv", ";")])
def test_events_are_read_with_all_their_columns(tmp_path: Path, name: str, separator: str) -> None:
    text = "start_time,stop_time,direction,kind\n0,1.5,30,moving\n2,4,60,still\n".replace(",", separator)
    events = read_events(write(tmp_path, name, text), frame_times=TIMES)
    assert list(events.columns) == ["start_time", "stop_time", "direction", "kind"]
    assert events["stop_time"].tolist() == [1.5, 4]
    assert events["direction"].tolist() == [30, 60]
    assert events["kind"].tolist() == ["moving", "still"]


def test_a_table_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("start_time,stop_time\r\n0,1\r\n", encoding="utf-8-sig")
    assert len(read_events(path)) == 1


def test_onset_and_duration_are_understood_as_in_bids(tmp_path: Path) -> None:
    events = read_events(write(tmp_path, "e.tsv", "onset\tduration\ttrial_type\n1\t2\tn/a\n5\t0.5\tgo\n"))
    assert events["start_time"].tolist() == [1, 5]
    assert events["stop_time"].tolist() == [3, 5.5]
    assert events["trial_type"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start_time,stop_time\n0,1\n4.0,3.1\n", "e.csv: row 3: stop_time 3.1 is before start_time 4"),
        ("start_time,stop_time\n4,4\n", "row 2: stop_time 4 is the same as start_time 4"),
        ("start_time,stop_time\n0,1\n\n\n5,4\n", "row 5: stop_time 4 is before start_time 5"),
        ("start_time,stop_time\n5,6\n0,1\n", "row 3: start_time 0 is before that of the row above"),
        ("start_time,stop_time\n5,11\n", "row 2: stop_time 11 s is outside the recording, which runs from 0 to 10 s"),
        ("start_time,stop_time\n-1,3\n", "row 2: start_time -1 s is outside the recording"),
        ("start_time,stop_time\nsoon,3\n", "row 2: column 'start_time': 'soon' is not a number"),
        (
            "start_time;stop_time\n0;1,5\n",
            "row 2: column 'stop_time': '1,5' is not a number. Write decimals with a point",
        ),
        ("start_time,stop_time\n0,\n", "row 2: column 'stop_time': the cell is empty"),
        ("start_time,stop_time\n0,inf\n", "row 2: column 'stop_time': inf is not a time"),
        ("onset,duration\n1,1\n3,0\n", "row 3: duration 0 s must be above 0"),
        ("begin,stop_time\n0,1\n", r"there is no column 'start_time' \(or 'onset'\). Its columns are begin, stop_time"),
        ("start_time,stop_time,a,a\n0,1,2,3\n", r"row 1: column 'a' is there twice \(column 4\)"),
        ("start_time,stop_time,\n0,1,2\n", "row 1: column 3 has no name"),
        ("start_time,stop_time\n0,1\n2,3,4\n", "row 3: 3 cells, but row 1 names 2 columns"),
        ("start_time,stop_time\n0,1,2\n", "row 2: more cells than row 1 has names"),
        ("", "row 1 is empty"),
    ],
)
def test_what_is_wrong_with_events_is_said_with_file_row_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message) as raised:
        read_events(write(tmp_path, "e.csv", text), frame_times=TIMES)
    assert str(raised.value).startswith("e.csv")


def test_events_that_are_not_there_or_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="there is no such file"):
        read_events(tmp_path / "none.csv")
    path = tmp_path / "e.csv"
    path.write_bytes(b"start_time,stop_time,\xff\xfe\n")
    with pytest.raises(TableError, match="not a text table in UTF-8"):
        read_events(path)
    with pytest.raises(TableError, match="cannot be read"):
        read_events(tmp_path)


def test_rows_of_a_table_in_memory_go_by_their_labels() -> None:
    events = pd.DataFrame({"start_time": [0, 2], "stop_time": [1, 1]}, index=[10, 11])
    with pytest.raises(TableError, match="events: row 11: stop_time 1 is before start_time 2"):
        check_events(events)


def test_times_rounded_on_writing_are_still_inside_the_recording() -> None:
    times = np.arange(30) / 3
    events = check_events(pd.DataFrame({"start_time": [9.333], "stop_time": [10.001]}), frame_times=times)
    assert [frames.tolist() for frames in frames_in_events(events, times)] == [[28, 29]]


def test_frames_in_events_start_within_them() -> None:
    events = check_events(pd.DataFrame({"start_time": [0, 1.25, 3.1], "stop_time": [1, 2.5, 3.2]}))
    assert [frames.tolist() for frames in frames_in_events(events, TIMES)] == [[0, 1], [3, 4], []]


@pytest.mark.parametrize("kernel", [*KERNELS.values(), Kernel(decay=1.0, rise=0.0)])
def test_kernels_are_causal_have_unit_area_and_integrate_to_their_step_response(kernel: Kernel) -> None:
    assert kernel(-0.1) == 0
    assert kernel.step_response(-1.0) == 0
    assert kernel.step_response(40 * kernel.decay) == pytest.approx(1, abs=1e-12)
    area, _ = quad(lambda t: float(kernel(t)), 0, 2.0)
    assert kernel.step_response(2.0) == pytest.approx(area, rel=1e-7)
    t = np.linspace(0.01, 3, 50)
    shape = np.exp(-t / kernel.decay) - (np.exp(-t / kernel.rise) if kernel.rise else 0)
    np.testing.assert_allclose(kernel(t) / kernel(1.0), shape / np.interp(1.0, t, shape), rtol=1e-2)


@pytest.mark.parametrize(("decay", "rise"), [(1, 1), (0.1, 0.5), (1, -1), (np.nan, 0.1), (np.inf, 0.1)])
def test_constants_that_make_no_kernel_are_refused(decay: float, rise: float) -> None:
    with pytest.raises(ParameterError, match="decay must be above rise"):
        Kernel(decay, rise)


def test_regressors_equal_an_oversampled_causal_convolution_at_frame_mid_times() -> None:
    kernel, times = KERNELS["GCaMP6s"], np.arange(60) * 0.4
    events = pd.DataFrame({"start_time": [1.0, 3.7, 9.05], "stop_time": [2.3, 5.0, 9.3]})
    made = event_regressors(events, (), times, kernel)["event"]
    fine = 0.001
    t = np.arange(0, 24, fine) + fine / 2
    stimulus = ((t[:, None] > [1.0, 3.7, 9.05]) & (t[:, None] < [2.3, 5.0, 9.3])).sum(axis=1)
    expected = fftconvolve(stimulus, kernel(t))[: len(t)] * fine
    np.testing.assert_allclose(made, np.interp(times + 0.2, t + fine / 2, expected), atol=2e-4)


def test_a_regressor_is_silent_before_its_event_and_reaches_one_in_a_long_one() -> None:
    events = pd.DataFrame({"start_time": [10.0], "stop_time": [40.0]})
    made = event_regressors(events, (), np.arange(50.0), KERNELS["GCaMP6f"])["event"]
    assert (made[:10] == 0).all()
    assert made[35] == pytest.approx(1, abs=1e-9)


def test_there_is_one_regressor_for_each_level_in_order() -> None:
    events = pd.DataFrame(
        {
            "start_time": [0, 2, 4, 6],
            "stop_time": [1, 3, 5, 7],
            "direction": [90.0, 7.5, 90.0, np.nan],
            "kind": list("abca"),
        }
    )
    made = event_regressors(events, ["direction"], TIMES, None)
    assert list(made.columns) == ["direction=7.5", "direction=90"]
    assert np.flatnonzero(made["direction=90"]).tolist() == [0, 1, 8, 9]
    assert made.index.name == "frame"
    crossed = event_regressors(events, ["direction", "kind"], TIMES, None)
    assert list(crossed.columns) == ["direction=7.5, kind=b", "direction=90, kind=a", "direction=90, kind=c"]


def test_without_a_kernel_a_regressor_is_the_share_of_the_frame_and_overlapping_events_add_up() -> None:
    events = pd.DataFrame({"start_time": [0.0, 0.5], "stop_time": [1.125, 1.0]})
    made = event_regressors(events, (), TIMES, None)["event"]
    assert made[:4].tolist() == [1, 2, 0.25, 0]


def test_columns_that_cannot_make_regressors_are_named() -> None:
    events = pd.DataFrame({"start_time": [0.0], "stop_time": [1.0], "kind": [np.nan]})
    with pytest.raises(TableError, match=r"there is no column 'speed'\. Its columns are: kind"):
        event_regressors(events, ["speed"], TIMES, None)
    with pytest.raises(TableError, match="no row has a value in 'kind'"):
        event_regressors(events, ["kind"], TIMES, None)
    with pytest.raises(TableError, match="no rows"):
        event_regressors(events[:0], [], TIMES, None)


def test_signals_from_a_table_are_indexed_by_time_frame_or_row(tmp_path: Path) -> None:
    by_time = read_signals(write(tmp_path, "a.csv", "time,swim\n0,1\n0.25,2\n"))
    assert (by_time.index.name, by_time.index.tolist(), by_time["swim"].tolist()) == ("time", [0, 0.25], [1, 2])
    by_frame = read_signals(write(tmp_path, "b.csv", "frame,swim\n3,1\n7,2\n"), n_frames=8)
    assert (by_frame.index.name, by_frame.index.tolist()) == ("frame", [3, 7])
    by_row = read_signals(write(tmp_path, "c.tsv", "swim\tgaze\n1\t2\n3\t4\n"), n_frames=2)
    assert (by_row.index.name, by_row.index.tolist(), list(by_row)) == ("frame", [0, 1], ["swim", "gaze"])


def test_signals_from_npz_take_what_has_a_value_for_each_frame(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    np.savez(
        path, swim=np.arange(6), xy=np.arange(12).reshape(2, 6), movie=np.zeros((6, 2, 2, 2)), rate=30, names=["a", "b"]
    )
    signals = read_signals(path, n_frames=6)
    assert list(signals) == ["swim", "xy_0", "xy_1"]
    assert signals["xy_1"].tolist() == [6, 7, 8, 9, 10, 11]


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    np.savez(path, swim=np.array([{"a": 1}, None], dtype=object))
    with pytest.raises(TableError, match=r"s\.npz: not an \.npz of plain numbers"):
        read_signals(path)


def test_signals_from_matlab(tmp_path: Path) -> None:
    path = tmp_path / "s.mat"
    savemat(path, {"swim": np.arange(5.0), "time": np.arange(5.0)[:, None] / 2, "fs": 2.0, "name": "fish"})
    signals = read_signals(path)
    assert (signals.index.name, signals.index.tolist(), list(signals)) == ("time", [0, 0.5, 1, 1.5, 2], ["swim"])


def matlab_73(path: Path, **arrays: np.ndarray) -> Path:
    """As MATLAB saves v7.3: HDF5 after a header of its own, axes the other way round."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in arrays.items():
            file[name] = np.atleast_2d(value).T
        file["name"] = np.array([[102], [105], [115], [104], [33]], np.uint16)
        file["name"].attrs["MATLAB_class"] = np.bytes_("char")
        file["table/movie"] = np.zeros((5, 1))
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return path


def test_signals_from_matlab_7_3(tmp_path: Path) -> None:
    pairs = np.arange(10.0).reshape(5, 2)
    path = matlab_73(tmp_path / "s.mat", swim=np.arange(5.0)[:, None], time=np.arange(5.0) / 2, heading=pairs)
    signals = read_signals(path)
    assert signals.index.tolist() == [0, 0.5, 1, 1.5, 2]
    assert sorted(signals) == ["heading_0", "heading_1", "swim"]
    assert signals["heading_1"].tolist() == [1, 3, 5, 7, 9]


def test_a_damaged_matlab_7_3_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "s.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(512))
    with pytest.raises(TableError, match=r"s\.mat: not a MATLAB file that can be read"):
        read_signals(path)


@pytest.mark.parametrize("name", ["s.mat", "s.npz", "s.json"])
def test_damaged_or_missing_signal_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TableError, match="there is no such file"):
        read_signals(tmp_path / name)
    (tmp_path / name).write_bytes(b"\x00\x01 neither this nor that" * 20)
    with pytest.raises(TableError, match=f"{name}: not"):
        read_signals(tmp_path / name)


def test_a_truncated_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    np.savez(path, swim=np.arange(1000))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(TableError, match=r"s\.npz: not"):
        read_signals(path)


def test_signals_from_thunder_covariates_keep_their_units(tmp_path: Path) -> None:
    entries = [{"name": "swim", "value": [1, 2, 3], "unit": "V"}, {"name": "gaze", "value": [0.5, None, 2]}]
    signals = read_signals(write(tmp_path, "covariates.json", json.dumps(entries)), n_frames=3)
    assert signals["swim"].tolist() == [1, 2, 3]
    assert np.isnan(signals["gaze"][1])
    assert signals.attrs["units"] == {"swim": "V"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "must hold a list"),
        ([{"value": [1]}], "entry 1: must be"),
        ([{"name": "a", "value": ["x"]}], r"entry 1 \('a'\): its value is not a list of numbers"),
        ([{"name": "a", "value": [1]}, {"name": "a", "value": [1]}], "'a' is there twice"),
        ([{"name": "a", "value": [1, 2]}, {"name": "b", "value": [1]}], "'b' has shape"),
        ([{"name": "a", "value": 3}], r"entry 1 \('a'\): its value is not a list of numbers"),
    ],
)
def test_covariates_that_do_not_fit_are_named(tmp_path: Path, entries: object, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_signals(write(tmp_path, "covariates.json", json.dumps(entries)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swim\n1\n2\n", "2 rows for 4 frames"),
        ("time,swim\n0,1\n0,2\n", "row 3: time 0 is not after that of the row above"),
        ("time,swim\n0,1\n,2\n", "row 3: column 'time' must be a finite number in every row"),
        ("frame,swim\n0,1\n4,2\n", "row 3: frame 4: frames of this recording are whole numbers from 0 to 3"),
        ("frame,swim\n0,1\n1.5,2\n", "row 3: frame 1.5"),
        ("frame,swim\n0,fast\n", "row 2: column 'swim': 'fast' is not a number"),
        ("time,swim\n0,1\n1,inf\n", "row 3: column 'swim': inf is not a finite number"),
        ("time\n0\n1\n", "there is no signal in it, only 'time'"),
        ("swim,swim\n0,1\n", "'swim' is there twice"),
    ],
)
def test_what_is_wrong_with_signals_is_said_with_file_row_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message) as raised:
        read_signals(write(tmp_path, "s.csv", text), n_frames=4)
    assert str(raised.value).startswith("s.csv")


def test_arrays_of_which_none_fits_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    np.savez(path, swim=np.arange(6), gaze=np.arange(7))
    with pytest.raises(TableError, match=r"no array in it has 8 values .* swim \(6,\), gaze \(7,\)"):
        read_signals(path, n_frames=8)
    with pytest.raises(TableError, match="one value for each frame, or an array 'time'"):
        read_signals(path)


def test_signals_are_sampled_linearly_at_frame_starts() -> None:
    signals = check_signals(pd.DataFrame({"time": [0.0, 4.0, 10.0], "swim": [0.0, 4.0, -2.0]}))
    sampled = sample_signals(signals, TIMES, 20)
    np.testing.assert_allclose(sampled["swim"], np.where(TIMES <= 4, TIMES, 8 - TIMES))
    by_frame = check_signals(pd.DataFrame({"frame": [0, 4], "swim": [0.0, 2.0]}), n_frames=5)
    assert sample_signals(by_frame, None, 5)["swim"].tolist() == [0, 0.5, 1, 1.5, 2]


def test_signals_that_do_not_cover_the_recording_are_refused() -> None:
    signals = check_signals(pd.DataFrame({"time": [0.0, 5.0], "swim": [0.0, 4.0]}))
    with pytest.raises(TableError, match=r"they cover time 0 to 5 s, .* run from time 0 to 9\.5 s"):
        sample_signals(signals, TIMES, 20)
    with pytest.raises(MissingMetadataError, match="frame_rate="):
        sample_signals(signals, None, 20)


def test_a_gap_is_an_error_only_where_it_is_used() -> None:
    signals = check_signals(pd.DataFrame({"swim": [0.0, 1, 2], "gaze": [0.0, np.nan, 2]}), n_frames=3)
    assert sample_signals(signals[["swim"]], None, 3)["swim"].tolist() == [0, 1, 2]
    with pytest.raises(TableError, match="column 'gaze' has no value at 1 of 3 frames, the first at frame 1"):
        sample_signals(signals, None, 3)


def test_checked_signals_stay_as_they_are_when_checked_again() -> None:
    signals = check_signals(pd.DataFrame({"time": [0.0, 1.0], "swim": [1.0, 2.0]}))
    pd.testing.assert_frame_equal(check_signals(signals), signals)


def test_a_design_is_read_from_a_table_or_a_file(tmp_path: Path) -> None:
    design = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 0, 1]})
    design.to_csv(tmp_path / "d.csv", index=False)
    pd.testing.assert_frame_equal(read_design(tmp_path / "d.csv", 3), read_design(design, 3))
    assert read_design(design, 3).dtypes.tolist() == [np.float64, np.float64]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,4\n", "2 rows and 2 columns, but the recording has 3 frames"),
        ("a,b\n1,2\n3,x\n5,6\n", "row 3: column 'b': 'x' is not a number"),
        ("a,b\n1,2\n3,\n5,6\n", "row 3: column 'b': the cell is empty"),
        ("a,b\n1,2\n3,inf\n5,6\n", "row 3: column 'b': inf is not a finite number"),
        (",b\n0,2\n1,3\n2,4\n", r"column 1 has no name. .*to_csv\(path, index=False\)"),
        ("a,a\n1,2\n", "'a' is there twice"),
    ],
)
def test_what_is_wrong_with_a_design_is_said_with_file_row_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_design(write(tmp_path, "d.csv", text), 3)


def test_a_design_without_names_is_refused() -> None:
    with pytest.raises(TableError, match="its columns have no names"):
        read_design(pd.DataFrame(np.eye(3)), 3)


def test_the_fish_signals_are_read_from_its_archive(fish_folder: Path) -> None:
    signals = read_signals(fish_folder / "fish.npz", n_frames=240)
    assert {"stim_on", "stim_index", "swim_or_motor_regressor"} <= set(signals)
    assert signals["stim_on"].sum() == 120
    assert len(read_signals(fish_folder / "mats" / "fish_linear_X.mat", n_frames=240)) == 240


def test_tables_are_found_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "events.csv").write_text("start_time,stop_time\n1,2\n")
    np.savez(tmp_path / "signals.npz", swim=np.arange(5))
    assert read_events("~/events.csv")["stop_time"].tolist() == [2]
    assert read_signals("~/signals.npz")["swim"].tolist() == [0, 1, 2, 3, 4]
    assert len(read_design("~/events.csv", 1)) == 1


def test_signals_of_another_byte_order_or_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", swim=np.arange(5, dtype=">f8"), eyes=np.ones((5, 2), ">i2"))
    assert read_signals(tmp_path / "a.npz", n_frames=5)["eyes_1"].tolist() == [1] * 5
    (tmp_path / "a.json").write_text(json.dumps([{"name": "swim", "value": [1, 2]}]), encoding="utf-8-sig")
    assert read_signals(tmp_path / "a.json")["swim"].tolist() == [1, 2]


def test_structs_and_complex_numbers_of_matlab_are_called_so(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"data": {"swim": np.arange(5.0)}, "phase": np.arange(5) * 1j})
    with pytest.raises(
        TableError, match=r"data \(a struct of swim.*save its fields.*phase \(5,\) of complex128, not real"
    ):
        read_signals(tmp_path / "a.mat", n_frames=5)


def test_a_folder_is_not_a_file_of_signals(tmp_path: Path) -> None:
    (tmp_path / "a.mat").mkdir()
    with pytest.raises(TableError, match=r"a\.mat: cannot be read: Is a directory\."):
        read_signals(tmp_path / "a.mat")
