"""Parts of files: together where they lie together, and no more than is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_thunder.errors import RecordingError
from napari_thunder.io.remote.path import RemotePath
from napari_thunder.io.remote.ranges import RangeFile, merge, read_ranges
from tests.storage.web_server import WebServer


@pytest.fixture
def path(web: WebServer, tmp_path: Path) -> RemotePath:
    (tmp_path / "file.bin").write_bytes(os.urandom(3_000_000))
    return RemotePath(f"{web.url}/file.bin")


def test_neighbours_are_put_together() -> None:
    assert merge([(50, 10), (0, 10), (12, 8)], gap=2) == [(0, 20), (50, 10)]
    assert merge([(0, 10), (10, 10), (20, 10)], gap=0, largest=20) == [(0, 20), (20, 10)]
    assert merge([(0, 100), (10, 10)]) == [(0, 100)]


def test_ranges_are_those_of_the_file(path: RemotePath, tmp_path: Path, web: WebServer) -> None:
    data = (tmp_path / "file.bin").read_bytes()
    wanted = [(0, 10), (2_000_000, 5000), (20, 7), (2_999_990, 10)]
    found = read_ranges(path, wanted)
    for start, count in wanted:
        assert found.get(start, count) == data[start : start + count]
    assert len(web.asked) == 3


def test_a_file_is_read_here_and_there(path: RemotePath, tmp_path: Path) -> None:
    data, file = (tmp_path / "file.bin").read_bytes(), RangeFile(path)
    for at, n in [(0, 8), (70_000, 100), (2_999_000, 5000), (65_530, 12), (3, 65_533)]:
        file.seek(at)
        assert file.read(n) == data[at : at + n]
    file.seek(-4, os.SEEK_END)
    assert file.read() == data[-4:]
    assert file.read(5) == b""


def test_what_lies_at_equal_distances_is_asked_for_ahead(path: RemotePath, tmp_path: Path, web: WebServer) -> None:
    data, file = (tmp_path / "file.bin").read_bytes(), RangeFile(path)
    for at in range(100_000, 3_000_000, 20_000):
        file.seek(at)
        assert file.read(16) == data[at : at + 16]
    sent = [r for method, _, r in web.asked if method == "GET"]
    assert len(sent) < 150 + 2 * 64
    assert sum(int(r.split("-")[1]) - int(r.split("=")[1].split("-")[0]) + 1 for r in sent) < len(data) / 2


def test_a_server_that_sends_whole_files_only_is_said(path: RemotePath, web: WebServer) -> None:
    web.knows_ranges = False
    with pytest.raises(RecordingError, match="sends whole files only"):
        read_ranges(path, [(5, 10)])


def test_a_file_that_got_shorter_is_said(path: RemotePath, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(b"short")
    with pytest.raises(RecordingError, match="shorter than it was"):
        read_ranges(path, [(2, 10)])
