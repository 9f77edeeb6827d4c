"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import scipy.linalg  # noqa: F401 - brings a BLAS of its own, which is to be held to one thread too
from threadpoolctl import threadpool_limits

from napari_thunder.engine import Engine, connect
from tests.storage.s3 import s3_port

__all__ = ["s3_port"]

os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """Tests run two lanes at a time, and threads of BLAS that wait for a busy core spin: one thread is far faster."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real recordings, beside the repository or where NAPARI_THUNDER_DATA says."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NAPARI_THUNDER_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}: set NAPARI_THUNDER_DATA to the folder that holds fish/")
    return folder


@pytest.fixture(scope="session")
def fish_folder(data_folder: Path) -> Path:
    """The zebrafish hindbrain: fish.npz, series/, images/."""
    folder = data_folder / "fish"
    if not folder.is_dir():
        pytest.skip(f"no zebrafish at {folder}: set NAPARI_THUNDER_DATA to the folder that holds fish/")
    return folder


@pytest.fixture(scope="session")
def threads() -> Iterator[Engine]:
    engine = connect("threads")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def spark(s3_port: int) -> Iterator[Engine]:
    """Started once for all tests, as that takes ten seconds; a test that ends an engine starts its own.

    Its workers have the environment of this process, and so know the S3 server that may be started later.
    """
    engine = connect("spark")
    yield engine
    engine.close()
