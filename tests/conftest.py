"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


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
