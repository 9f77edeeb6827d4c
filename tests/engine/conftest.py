"""Engines to test with, beside those that all tests share."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_thunder.cluster.embedded import EmbeddedSpark, start_embedded
from napari_thunder.engine import Engine, connect
from napari_thunder.engine.spark import SparkEngine
from napari_thunder.engine.spark.address import TOKEN
from tests.storage.s3 import s3

__all__ = ["s3"]

BARE_PYTHON = """#!/bin/sh
PYTHONPATH="{packages}:$PYTHONPATH" exec "{python}" -S "$@"
"""
"""A Python with the installed packages and no editable ones: as on a cluster where nothing of ours is installed."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, s3_port: int) -> Iterator[EmbeddedSpark]:
    """A Spark Connect server that someone else runs, with workers that have nothing of ours installed."""
    python = tmp_path_factory.mktemp("worker") / "python"
    python.write_text(BARE_PYTHON.format(packages=sysconfig.get_paths()["purelib"], python=sys.executable))
    python.chmod(0o755)
    running = start_embedded(cores=2, python=str(python))
    yield running
    running.stop()


@pytest.fixture
def token(server: EmbeddedSpark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, server.token)


@pytest.fixture(scope="session")
def remote(server: EmbeddedSpark) -> Iterator[SparkEngine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN, server.token)
        engine = connect(f"sc://localhost:{server.port}")
    assert isinstance(engine, SparkEngine)
    yield engine
    engine.close()


@pytest.fixture(params=["threads", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    """A file that work on workers writes to, so that the desk sees what they do."""
    return tmp_path / "counter"
