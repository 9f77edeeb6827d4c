from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_thunder.cluster.embedded import EmbeddedSpark, start_embedded
from napari_thunder.engine.spark.address import TOKEN

ROOT = Path(__file__).resolve().parents[2]

_SAID_BY_OTHERS = ("XDG_RUNTIME_DIR", "PyQt5 backend is deprecated", "could not determine DPI")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedSpark]:
    running = start_embedded(cores=1)
    yield running
    running.stop()


def close_while(tmp_path: Path, doing: str, engine: str = "threads", token: str = "") -> dict[str, Any]:
    """What is left of a window that was closed while something was going on."""
    mine = {"NAPARI_CONFIG": str(tmp_path / "settings.yaml"), "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.widgets.closing_program", engine, doing]
    secret = {TOKEN: token} if token else {}
    ended = subprocess.run(
        command, env=os.environ | mine | secret, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    said = [line for line in ended.stderr.splitlines() if not any(known in line for known in _SAID_BY_OTHERS)]
    assert ended.returncode == 0, ended.stderr
    assert not said
    left: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return left


@pytest.mark.parametrize("doing", ["hang", "ask"])
def test_nothing_is_left_of_a_window_closed_in_the_middle_of_something(tmp_path: Path, doing: str):
    assert close_while(tmp_path, doing) == {"objects": [], "widgets": [], "threads": []}


def test_no_session_is_left_on_a_cluster(tmp_path: Path, server: EmbeddedSpark):
    left = close_while(tmp_path, "compute", f"sc://localhost:{server.port}", server.token)
    assert left == {"objects": [], "widgets": [], "threads": []}
    assert not [mark for marks in server.folder.glob("napari-thunder-blocks-*/sessions") for mark in marks.iterdir()]
