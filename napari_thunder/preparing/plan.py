"""What preparing a recording will make, and what it needs, as a person reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from napari_thunder.errors import RecordingError
from napari_thunder.io.storing.conversion import Conversion, Mask
from napari_thunder.io.storing.kept import Kept
from napari_thunder.io.storing.layout import StoreLayout
from napari_thunder.preparing.cropping import Crop
from napari_thunder.preparing.memory import Memory
from napari_thunder.regions import Region, region_of_mask


@dataclass(frozen=True)
class PreparationPlan:
    """What preparing a recording will make, and what it needs.

    Parameters
    ----------
    place
        Of the store.
    layout
        How it is cut.
    crop, conversion
        Which part of the recording is stored, and how its volumes are changed.
    masks
        (z, y, x) of the store, by name: `brain` and `valid`.
    within
        The names of those outside of which nothing is kept.
    kept
        What is written of the store.
    memory
        Of each worker.
    expected_bytes, most_bytes
        On disk: as measured on a few frames, and if nothing could be compressed.
    free_bytes
        On the disk of the store.
    """

    place: str
    layout: StoreLayout
    crop: Crop
    conversion: Conversion
    masks: Mapping[str, Mask]
    within: tuple[str, ...]
    kept: Kept
    memory: Memory
    expected_bytes: int
    most_bytes: int
    free_bytes: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(t, z, y, x) of the store."""
        return self.layout.shape

    @property
    def n_shards(self) -> int:
        """Files of voxels."""
        return sum(int(self.kept.shards[a.key].sum()) * a.grid[0] for a in self.layout.arrays)

    @property
    def brain(self) -> Region | None:
        """The brain in the store's voxels, if it is known."""
        mask = self.masks.get("brain")
        return None if mask is None else region_of_mask(mask, "brain", "#ffffff")

    @property
    def brain_share(self) -> float:
        """Share of the voxels that is kept."""
        return 1.0 if self.kept.mask is None else float(self.kept.mask.mean())

    def check_room(self) -> None:
        """Refuse a disk that will be full.

        Raises
        ------
        RecordingError
        """
        if self.free_bytes < self.expected_bytes:
            raise RecordingError(
                f"{self.place}: the disk has {_size(self.free_bytes)} free, but the store needs about "
                f"{_size(self.expected_bytes)}. Free some space, choose another disk, or crop, bin or compress more "
                "(compression=small)."
            )

    def __str__(self) -> str:
        """As a table that a person reads."""
        rows = self.rows()
        width = max(map(len, rows))
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows.items())

    def rows(self) -> dict[str, str]:
        """What it says, by name."""
        rows = {
            "store": self.place,
            "shape": f"{_by(self.shape)} (t, z, y, x), {self.layout.dtype}",
            "kept": f"{self.brain_share:.0%} of the voxels" if self.kept.mask is not None else "all voxels",
            "dark level": f"{self.conversion.background:g} counts" if self.conversion.background else "",
        }
        for array in self.layout.arrays:
            title = "series" if array is self.layout.series else f"image level {array.key}"
            shards = int(self.kept.shards[array.key].sum()) * array.grid[0]
            rows[title] = (
                f"{_by(array.shape)}; chunks {_by(array.chunk)}, in {shards} shards of {_by(array.shard)} "
                f"(at most {_size(math.prod(array.shard) * self.layout.voxel_type.itemsize)})"
            )
        rows["disk"] = (
            f"about {_size(self.expected_bytes)} (measured on a few frames), at most {_size(self.most_bytes)}; "
            f"{_size(self.free_bytes)} free"
        )
        rows["memory"] = f"{_size(self.memory.needed)} per worker, of {_size(self.memory.limit)} allowed"
        return {name: text for name, text in rows.items() if text}


def _by(numbers: tuple[int, ...]) -> str:
    return " × ".join(map(str, numbers))


def _size(n_bytes: float) -> str:
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.1f} {name}"
    return f"{n_bytes / 1e3:.0f} kB"
