"""Shifts from files of this program and of others, and what is wrong with those that cannot be taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import shift as scipy_shift

from napari_thunder.errors import RegistrationError
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts
from napari_thunder.registration.shift_files import read_shifts, write_shifts

SHAPE = (4, 3, 20, 30)
VALUES = np.array([[0, 0, 0], [0.5, -1.25, 2], [np.nan] * 3, [-1, 3.5, 0.1]], np.float32)


def written(folder: Path, text: str, name: str = "shifts.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "shifts",
    [
        Shifts.rigid(VALUES, SHAPE[1:]),
        Shifts.of_planes(np.random.default_rng(0).normal(size=(4, 3, 2)), SHAPE[1:]),
        Shifts(
            np.random.default_rng(0).normal(size=(4, 2, 1, 3, 3)),
            (np.array([0.5, 1.5]), np.array([9.5]), np.array([4.25, 14.5, 25.0])),
            SHAPE[1:],
        ),
    ],
    ids=["rigid", "planes", "piecewise"],
)
def test_what_is_written_is_read_again(tmp_path: Path, shifts: Shifts) -> None:
    write_shifts(shifts, tmp_path / "shifts.csv")
    found = read_shifts(tmp_path / "shifts.csv", SHAPE)
    np.testing.assert_array_equal(found.values, shifts.values)
    assert found.kind == shifts.kind
    for mine, theirs in zip(found.centers, shifts.centers, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert found.path == str(tmp_path / "shifts.csv")


def test_rows_may_come_in_any_order_and_axes_that_are_left_out_do_not_move(tmp_path: Path) -> None:
    path = written(tmp_path, rows("x,frame", "1,2", "2,0", "3,3", "4,1"))
    np.testing.assert_array_equal(read_shifts(path, SHAPE).mean, [[0, 0, 2], [0, 0, 4], [0, 0, 1], [0, 0, 3]])


def test_micrometres_become_voxels(tmp_path: Path) -> None:
    path = written(tmp_path, rows("frame;z_um;y_um;x_um", "0;0;0;0", "1;5;1;2", "2;0;0;0", "3;0;0;0"))
    found = read_shifts(path, SHAPE, voxel_size=(10, 2, 0.5))
    np.testing.assert_allclose(found.mean[1], [0.5, 0.5, 4])
    with pytest.raises(RegistrationError, match="the voxel size of the recording is not known"):
        read_shifts(path, SHAPE)


@pytest.mark.parametrize("delimiter", [",", " ", "\t"])
def test_what_caiman_saves_is_minus_the_displacement(tmp_path: Path, delimiter: str) -> None:
    corrections = np.array([[0, 0], [1.5, -2], [0, 1], [3, 4]])
    np.savetxt(tmp_path / "shifts_rig.csv", corrections, delimiter=delimiter)
    found = read_shifts(tmp_path / "shifts_rig.csv", SHAPE, convention="correction")
    np.testing.assert_allclose(found.mean[:, 1:], -corrections)
    with pytest.raises(RegistrationError, match="say what they mean"):
        read_shifts(tmp_path / "shifts_rig.csv", SHAPE)


def test_a_frame_displaced_by_scipy_is_taken_back_by_shifts_of_either_convention(tmp_path: Path) -> None:
    still = np.random.default_rng(0).normal(size=SHAPE[1:]).astype(np.float32)
    movie = np.stack([still, scipy_shift(still, (0, 2, -3), order=1, cval=np.nan), still, still])
    displaced = written(tmp_path, rows("y,x", "0,0", "2,-3", "0,0", "0,0"))
    corrected = written(tmp_path, rows("y,x", "0,0", "-2,3", "0,0", "0,0"), "back.csv")
    for found in (read_shifts(displaced, SHAPE), read_shifts(corrected, SHAPE, convention="correction")):
        frame = Recording.from_array(movie).registered(found).read_volume(1)
        np.testing.assert_allclose(frame[:, :18, 3:], still[:, :18, 3:])
        assert np.isnan(frame[:, 18:]).all()


def test_suite2p_offsets_are_displacements(tmp_path: Path) -> None:
    np.save(tmp_path / "yoff.npy", np.array([0, 2, 0, 1]))
    np.save(tmp_path / "xoff.npy", np.array([0, -3, 0, 1]))
    expected = [[0, 0, 0], [0, 2, -3], [0, 0, 0], [0, 1, 1]]
    np.testing.assert_array_equal(read_shifts(tmp_path / "yoff.npy", SHAPE).mean, expected)
    np.savez(tmp_path / "offsets.npz", yoff=[0, 2, 0, 1], xoff=[0, -3, 0, 1])
    np.testing.assert_array_equal(read_shifts(tmp_path / "offsets.npz", SHAPE).mean, expected)


def test_arrays_of_frames_and_of_planes_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "rigid.npy", VALUES)
    np.testing.assert_array_equal(read_shifts(tmp_path / "rigid.npy", SHAPE).mean, VALUES)
    np.save(tmp_path / "planes.npy", np.ones((4, 3, 2)))
    assert read_shifts(tmp_path / "planes.npy", SHAPE).kind == "planes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rows("frame,y,x", "0,0,0", "1,a,0", "2,0,0", "3,0,0"), r"shifts.csv: row 3: column 'y': 'a' is not a number"),
        (rows("frame,y,x", "0,0,0", "1,0,0", "3,0,0"), r"3 rows, but 4 are wanted; frame 2 is missing"),
        (rows("frame,y,x", "0,0,0", "1,0,0", "1,0,0", "3,0,0"), r"row 4: the same frame is there twice"),
        (rows("frame,y,x", "0,0,0", "1,0,0", "2,0,0", "4,0,0"), r"row 5: frame 4 is not one of 0 to 3"),
        (rows("frame,y,x", "0,0,0", "1.5,0,0", "2,0,0", "3,0,0"), r"row 3: frame 1.5 is not one of"),
        (rows("frame,y,x", "0,0,0", ",0,0", "2,0,0", "3,0,0"), r"row 3: frame is empty"),
        (rows("frame,y,x", "0,0,0", "1,inf,0", "2,0,0", "3,0,0"), r"row 3: y is infinite"),
        (rows("y,x", "0,0", "1,0"), r"shifts of 2 frames; the recording has 4"),
        (rows("frame,dy,dx", "0,0,0"), r"row 1 must name shifts either in voxels"),
        (rows("frame,y,x_um", "0,0,0"), r"either in voxels \(z, y, x\) or in µm"),
        (rows("frame,plane,y,x", "0,3,0,0"), r"row 2: plane 3 is not one of 0 to 2"),
        (rows("frame,plane,z,y", "0,0,1,0"), r"planes shift along y and x only"),
        (rows("plane,y,x", "0,0,0"), r"row 1 must name a column frame"),
        (rows("0,0,0,0", "1,0,0,0"), r"row 1 holds numbers"),
        ("", r"row 1 is empty"),
        (rows("frame,y,x", "0,0,0,0,0"), r"more cells than row 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        read_shifts(written(tmp_path, text), SHAPE)


def test_columns_without_names_must_be_two_or_three(tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match="4 columns without names"):
        read_shifts(written(tmp_path, rows("0,0,0,0", "1,0,0,0")), SHAPE, convention="displacement")


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "ops.npy", {"yoff": [1, 2]}, allow_pickle=True)  # type: ignore[arg-type]
    with pytest.raises(RegistrationError, match="Pickled files"):
        read_shifts(tmp_path / "ops.npy", SHAPE)


@pytest.mark.parametrize("array", [np.zeros((3, 2)), np.zeros((4, 4)), np.zeros((4, 2, 2)), np.zeros(4), np.array("a")])
def test_arrays_of_another_recording_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "shifts.npy", array)
    with pytest.raises(RegistrationError, match=r"shifts\.npy: (its shape is|holds)"):
        read_shifts(tmp_path / "shifts.npy", SHAPE)


def test_files_that_are_not_there_and_conventions_that_are_not_known_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match="there is no such file"):
        read_shifts(tmp_path / "none.csv", SHAPE)
    with pytest.raises(RegistrationError, match="choose one of displacement, correction"):
        read_shifts(tmp_path / "none.csv", SHAPE, convention="caiman")  # type: ignore[arg-type]
