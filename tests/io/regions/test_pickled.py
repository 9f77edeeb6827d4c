"""Plain numbers come out of a pickle; no code in it runs, whatever it names."""

from __future__ import annotations

import builtins
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.pickled import load_pickled
from tests.io.regions.other_programs import suite2p_stat


class Evil:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> Any:
        return self._call


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return np.array_equal(one, other) and np.asarray(one).dtype == np.asarray(other).dtype


def test_what_numpy_reads_is_read(tmp_path: Path) -> None:
    path = tmp_path / "stat.npy"
    np.save(path, suite2p_stat([(3, 4), (8, 9)]))
    numpys = np.load(path, allow_pickle=True)
    for mine, its in zip(load_pickled(path), numpys, strict=True):
        assert same(mine, its)


@pytest.mark.parametrize("protocol", range(6))
def test_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "ops.npy"
    values = {"a": np.arange(6, dtype=">i2").reshape(2, 3), "f": np.asfortranarray(np.eye(3)), "s": np.float32(2),
              "n": None, "t": "β", "b": True, "u": np.array(["a", "bc"]), "l": [1, 2.5]}  # fmt: skip
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        pickle.dump(np.array(values, dtype=object), file, protocol=protocol)
    found = load_pickled(path)
    assert same(found, values)


def write(path: Path, thing: Any, protocol: int = 4) -> Path:
    holder = np.empty(1, object)
    holder[0] = thing
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (1,)})
        pickle.dump(holder, file, protocol=protocol)
    return path


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    "evil",
    [
        lambda mark: Evil(os.system, f"touch {mark}"),
        lambda mark: Evil(subprocess.call, ["touch", str(mark)]),
        lambda mark: Evil(builtins.eval, f"open({str(mark)!r}, 'w')"),
        lambda mark: Evil(builtins.exec, f"open({str(mark)!r}, 'w')"),
        lambda mark: Evil(builtins.open, str(mark), "w"),
        lambda mark: Evil(np.save, str(mark), 1),
        lambda mark: Evil(np.load, str(mark)),
        lambda mark: Evil(getattr, "text", "upper"),
        lambda mark: Evil(pickle.loads, pickle.dumps(Evil(os.system, f"touch {mark}"))),
        lambda mark: {"ypix": Evil(os.mkdir, str(mark)), "xpix": 0},
    ],
    ids=["system", "subprocess", "eval", "exec", "open", "save", "load", "getattr", "loads", "inside"],
)
def test_no_code_runs(tmp_path: Path, evil: Callable[[Path], Any], protocol: int) -> None:
    mark = tmp_path / "mark"
    path = write(tmp_path / "stat.npy", evil(mark), protocol)
    with pytest.raises(RegionError, match=r"stat\.npy: holds .+, which is neither a number nor an array"):
        load_pickled(path)
    assert list(tmp_path.iterdir()) == [path]


def test_these_pickles_do_harm_to_who_trusts_numpy(tmp_path: Path) -> None:
    path = write(tmp_path / "stat.npy", Evil(os.mkdir, str(tmp_path / "mark")))
    np.load(path, allow_pickle=True)
    assert (tmp_path / "mark").exists(), "else the test above would show nothing"


class _Shape:
    """An array whose state says something else than its numbers."""

    def __init__(self, *state: Any) -> None:
        self._state = state

    def __reduce__(self) -> Any:
        made = np.zeros(0).__reduce__()
        return made[0], made[1], (1, *self._state)


@pytest.mark.parametrize(
    "state",
    [
        ((10**9,), np.dtype("f8"), False, b"12345678"),
        ((-1,), np.dtype("f8"), False, b""),
        ((2,), np.dtype("O"), False, [1]),
        ((2,), np.dtype("O"), False, b"no list"),
        ((1,), "f8", False, b"12345678"),
        (("a",), np.dtype("f8"), False, b"12345678"),
    ],
)
def test_arrays_that_lie_are_refused(tmp_path: Path, state: tuple[Any, ...]) -> None:
    with pytest.raises(RegionError):
        load_pickled(write(tmp_path / "stat.npy", {"ypix": _Shape(*state)}))


def test_a_list_that_holds_itself_many_times_costs_nothing(tmp_path: Path) -> None:
    nested: list[Any] = [1, 2]
    for _ in range(60):
        nested = [nested, nested]
    assert load_pickled(write(tmp_path / "stat.npy", nested))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00v\x00{"])
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stat.npy").write_bytes(content)
    with pytest.raises(RegionError, match="damaged, or not a file of numpy"):
        load_pickled(tmp_path / "stat.npy")


def test_a_cut_short_file_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "stat.npy", suite2p_stat([(3, 4)]))
    whole = (tmp_path / "stat.npy").read_bytes()
    (tmp_path / "stat.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RegionError):
        load_pickled(tmp_path / "stat.npy")
