"""A small recording that is cut into several shards of each kind, as a large one would be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zarr

import napari_thunder as nt
from napari_thunder.io.storing import layout
from napari_thunder.preparing import memory

Array = np.ndarray[Any, Any]
SHAPE = (70, 5, 150, 140)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)


def small(patch: pytest.MonkeyPatch) -> None:
    """Shards of 1 MiB, stretches of 32 frames, chunks of 16 KiB."""
    patch.setattr(memory, "SHARD_BYTES", 2**20)
    patch.setattr(layout, "_CHUNK_BYTES", 2**14)
    patch.setattr(layout, "_LONGEST_STRETCH", 32)


@pytest.fixture(scope="session")
def movie() -> Array:
    """A bright ball in noise, (t, z, y, x)."""
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE[1:]), indexing="ij")
    ball = 400.0 * (z**2 / 2 + y**2 + x**2 < 0.4)
    rng = np.random.default_rng(5)
    return (100 + ball + rng.normal(0, 5, SHAPE)).astype(np.uint16)


@pytest.fixture
def recording(movie: Array, tmp_path: Path) -> nt.Recording:
    return recorded(movie, tmp_path)


@pytest.fixture(scope="module")
def control(movie: Array, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the recording, prepared without trouble; not to be changed."""
    folder = tmp_path_factory.mktemp("control")
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        nt.prepare(recorded(movie, folder), folder / "control.ome.zarr")
    return folder / "control.ome.zarr"


def recorded(movie: Array, folder: Path) -> nt.Recording:
    """The movie as a file, with all that can be known of a recording."""
    np.save(folder / "movie.npy", movie)
    times = np.arange(len(movie)) * 0.5 + 3
    times[40:] += 0.25
    events = pd.DataFrame({"start_time": [4.0, 10.0, 30.0], "stop_time": [5.0, 12.0, 31.0], "direction": [0, 90, 180]})
    signals = pd.DataFrame({"swim": np.arange(len(movie)) * 1.0}, index=pd.Index(range(len(movie)), name="frame"))
    return nt.open(
        folder / "movie.npy",
        voxel_size=(4.0, 1.0, 1.5),
        frame_times=times,
        events=events,
        signals=signals,
        exclude_frames=[3, 50],
    )


@pytest.fixture
def arrays() -> Callable[[Path], tuple[Array, Array]]:
    """The image and the series of a store, as plain Zarr reads them."""

    def read(path: str | Path) -> tuple[Array, Array]:
        group = zarr.open_group(path, mode="r")
        return np.asarray(group["0"][:]), np.asarray(group["series"][:])

    return read


def bytes_of(store: str | Path) -> dict[str, str]:
    """The hash of every file of a store; of the group's attributes without what may differ from run to run."""
    files = sorted(p for p in Path(store).rglob("*") if p.is_file())
    found = {p.relative_to(store).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    attributes = dict(zarr.open_group(store, mode="r").attrs)
    about = {k: v for k, v in attributes["preparation"].items() if k not in ("started", "engine")}
    found["zarr.json"] = repr(attributes | {"preparation": about | {"source": None}})
    return found
