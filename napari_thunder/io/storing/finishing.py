"""The end of making a store: what lies beside the voxels, the counts, the checksums; last of all its name."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from zarr.codecs import BloscCname, BloscCodec, BloscShuffle

from napari_thunder.errors import RecordingError
from napari_thunder.io.storing.checksums import checksum_of, write_checksums
from napari_thunder.io.storing.conversion import Misfits, coarser_mask
from napari_thunder.io.storing.disk import disk_errors
from napari_thunder.io.storing.draft import LEDGER, Draft
from napari_thunder.io.storing.kept import Kept
from napari_thunder.io.storing.layout import ArrayLayout, StoreLayout
from napari_thunder.io.storing.metadata import label_attributes, ome_attributes
from napari_thunder.io.storing.ours import VERSION
from napari_thunder.io.storing.shard import LEVEL, Written, make_folders
from napari_thunder.io.storing.units import image_unit, series_unit
from napari_thunder.tables import table_from_plain

_LABEL_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known only when the voxels are written.

    Parameters
    ----------
    events, signals
        Tables, in place of those that were planned.
    attributes
        Further ones of the group, as JSON can hold them.
    """

    events: pd.DataFrame | None = None
    signals: pd.DataFrame | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


def finish_draft(draft: Draft, place: Path, beside: Beside | None = None) -> None:
    """Make a store of a draft of which every unit is done; it may be called again after it was killed.

    Raises
    ------
    RecordingError
        If units or shards are missing, or the disk cannot be written.
    """
    with disk_errors(draft.root):
        shards, misfits = _checked_units(draft)
        skeleton = draft.ledger / "skeleton"
        shutil.rmtree(skeleton, ignore_errors=True)
        _write_skeleton(draft, skeleton, misfits, beside or Beside())
        _publish(draft, skeleton, shards)
    publish_whole(draft.root, place)


def publish_whole(root: Path, place: Path) -> None:
    """Give a draft that is whole the name of the store.

    Raises
    ------
    RecordingError
        If there is something of this name.
    """
    with disk_errors(root):
        shutil.rmtree(root / LEDGER, ignore_errors=True)
        if place.exists():
            raise RecordingError(f"{place}: there is something already; the finished store is {root}.")
        root.rename(place)


def is_whole(root: Path) -> bool:
    """Whether a folder is a store that is finished, whatever its name."""
    try:
        return bool(attributes_of(root)["thunder"]["complete"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def attributes_of(root: Path) -> dict[str, Any]:
    """The attributes of a store's group."""
    found: dict[str, Any] = json.loads((root / "zarr.json").read_text("utf-8"))["attributes"]
    return found


def _checked_units(draft: Draft) -> tuple[dict[str, Written], Misfits]:
    """All shards by name, after counting units and shards and comparing sizes."""
    units = {unit.name: unit for unit in draft.units()}
    wanted = [image_unit(block.index) for block in draft.layout.stretches()]
    wanted += [series_unit(index) for index in columns_kept(draft.layout, draft.kept)]
    missing = [name for name in wanted if name not in units]
    if missing:
        raise RecordingError(f"{draft.root}: {len(missing)} of {len(wanted)} parts are missing, such as {missing[0]}.")
    shards = {name: written for unit in units.values() for name, written in unit.shards.items()}
    for array in draft.layout.arrays:
        for name in draft.kept.names(array):
            _check_shard(draft.root / name, shards.get(name))
    misfits = sum((unit.misfits for unit in units.values()), Misfits())
    return shards, misfits


def columns_kept(layout: StoreLayout, kept: Kept) -> list[int]:
    """Indices of the series' shards that are written."""
    present = np.broadcast_to(kept.shards["series"], layout.series.grid)
    return [int(index) for index in np.flatnonzero(present)]


def _check_shard(path: Path, written: Written | None) -> None:
    size = path.stat().st_size if path.exists() else None
    if written is None or size != written.n_bytes:
        raise RecordingError(
            f"{path}: {'is missing' if size is None else 'is not as it was written'}. Something else touched the "
            "folder; remove it and begin again."
        )


def _write_skeleton(draft: Draft, folder: Path, misfits: Misfits, beside: Beside) -> None:
    """All but the shards."""
    known = draft.header["known"]
    group = zarr.open_group(folder, mode="w", zarr_format=3)
    for array in draft.layout.arrays:
        _declare(group, array, draft.layout)
    if known["frame_times"] is not None:
        times = np.asarray(known["frame_times"], np.float64)
        group.create_array("frame_times", data=times, chunks=times.shape, dimension_names=("t",))
    _write_labels(draft, group)
    _write_registration(draft, group)
    _write_tables(beside, known, folder)
    group.attrs.update(_attributes(draft, misfits) | dict(beside.attributes))


def _declare(group: zarr.Group, array: ArrayLayout, layout: StoreLayout) -> None:
    dtype = layout.voxel_type
    shuffle = BloscShuffle.bitshuffle if dtype.kind in "ui" else BloscShuffle.shuffle
    group.create_array(
        array.key,
        shape=array.shape,
        dtype=dtype,
        chunks=array.chunk,
        shards=array.shard,
        compressors=BloscCodec(
            cname=BloscCname(layout.compressor), clevel=LEVEL, shuffle=shuffle, typesize=dtype.itemsize
        ),
        dimension_names=("t", "z", "y", "x"),
        fill_value=layout.fill,
    )


def _write_labels(draft: Draft, group: zarr.Group) -> None:
    masks = draft.masks()
    if not masks:
        return
    labels = group.create_group("labels", attributes={"ome": {"version": "0.5", "labels": list(masks)}})
    for name, mask in masks.items():
        about = label_attributes(name, draft.layout, draft.header["known"]["voxel_size"])
        image = labels.create_group(name, attributes=about)
        levels = itertools.accumulate(draft.layout.factors, coarser_mask, initial=mask)
        for array, level in zip(draft.layout.levels, levels, strict=True):
            y, x = min(level.shape[1], 1024), min(level.shape[2], 1024)
            chunks = (max(1, min(level.shape[0], _LABEL_CHUNK // (y * x))), y, x)
            image.create_array(array.key, data=level.astype(np.uint8), chunks=chunks, dimension_names=("z", "y", "x"))


def _write_registration(draft: Draft, group: zarr.Group) -> None:
    found = draft.registration()
    if found is None:
        return
    values, centers, about = found
    inside = group.create_group("registration", attributes=about)
    names = ("t", "grid_z", "grid_y", "grid_x", "axis")
    inside.create_array("shift", data=values, chunks=values.shape, dimension_names=names)
    for name, along in zip(names[1:4], centers, strict=True):
        inside.create_array(name, data=along, chunks=along.shape, dimension_names=(name,))


def _write_tables(beside: Beside, known: Mapping[str, Any], folder: Path) -> None:
    events = table_from_plain(known["events"]) if known["events"] else beside.events
    if events is not None:
        events.to_csv(folder / "events.csv", index=False)
    signals = table_from_plain(known["signals"]) if known["signals"] else beside.signals
    if signals is not None:
        signals.to_csv(folder / "signals.csv", index_label=str(signals.index.name or "frame"))


def _attributes(draft: Draft, misfits: Misfits) -> dict[str, Any]:
    header, kept = draft.header, draft.kept
    written = {key: _bits(shards) for key, shards in kept.shards.items() if not shards.all()}
    thunder = {
        "version": VERSION,
        "complete": True,
        "exclude_frames": header["known"]["exclude_frames"],
        "mask": header["mask"],
        "shards_written": written,
    }
    size, interval = header["known"]["voxel_size"], header["frame_interval"]
    found = {"ome": ome_attributes(header["name"], draft.layout, size, interval), "thunder": thunder}
    if header["about"] is not None:
        clipped = {"below": misfits.below, "above": misfits.above, "not_numbers": misfits.not_numbers}
        found["preparation"] = {"request": header["request"], **header["about"], "clipped": clipped}
    return found


def _bits(shards: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Which shards of an array are written, by place (z, y, x): a bit for each, as hexadecimal digits."""
    return {"grid": list(shards.shape), "bits": np.packbits(shards).tobytes().hex()}


def _publish(draft: Draft, skeleton: Path, shards: Mapping[str, Written]) -> None:
    """Put what lies beside the shards in its place; the group's own metadata, which say it is whole, last."""
    files = sorted(_files(skeleton))
    small = {name: checksum_of(skeleton / name) for name in files if not name.endswith("zarr.json")}
    write_checksums(skeleton / "checksums.sha256", {**{n: w.sha256 for n, w in shards.items()}, **small})
    for name in (*(f for f in files if f != "zarr.json"), "checksums.sha256", "zarr.json"):
        _sync(skeleton / name)
        make_folders(draft.root, (draft.root / name).parent)
        (skeleton / name).replace(draft.root / name)


def _files(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
