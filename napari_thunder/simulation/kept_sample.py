"""The sample recording: known at once, made when it is first read."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source
from napari_thunder.io.source import Array, Metadata, Source
from napari_thunder.io.storing.layout import plan_layout
from napari_thunder.recording import Recording, from_source
from napari_thunder.simulation.behaviour import frame_times, make_events, make_signals
from napari_thunder.simulation.settings import VERSION, Settings
from napari_thunder.simulation.simulator import default_settings, simulate


def sample() -> Recording:
    """A simulated zebrafish; returns at once.

    It is written to the user's cache when it is first read, which takes a few seconds, and kept there.
    """
    return from_source(SampleSource(default_settings()))


@dataclass(frozen=True)
class SampleSource:
    """The sample recording: what it is follows from its settings, its voxels are read from where it is kept."""

    settings: Settings
    format: str = "napari-thunder store"

    @property
    def uri(self) -> str:
        return str(_place())

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return self.settings.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint16)

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return plan_layout(self.shape, self.dtype, self.settings.voxel_size).series.chunk

    @property
    def metadata(self) -> Metadata:
        known = self.settings
        return Metadata(known.voxel_size, frame_times(known), make_signals(known), make_events(known))

    def read_volume(self, t: int) -> Array:
        return _kept().read_volume(t)

    def read_block(self, block: Block) -> Array:
        return _kept().read_block(block)

    def fingerprint(self) -> str:
        return _kept().fingerprint()


@cache
def _kept() -> Source:
    path = _place()
    if not path.exists():
        try:
            _make(path)
        except OSError as error:
            raise RecordingError(f"{path}: the sample recording cannot be kept there: {error.strerror}.") from error
    return open_source(path)


def _place() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("napari-thunder") / f"simulated_zebrafish_{VERSION}.ome.zarr"


def _make(path: Path) -> None:
    """Whole or not at all, however many make it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        simulate(made)
        try:
            os.rename(made, path)
        except OSError:
            if not path.exists():
                raise
