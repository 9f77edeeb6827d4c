"""`napari-thunder info`: what a recording is."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_thunder.cli.options import Commands, command, engine_of, engine_option, recording_of, recording_options
from napari_thunder.cli.saying import aligned, say
from napari_thunder.cli.watching import watched
from napari_thunder.recording import Recording
from napari_thunder.tables import plain


def add(commands: Commands) -> None:
    """Add the command."""
    info = command(commands, "info", _info, "what a recording is: shape, size, rate, what is missing", json_too=True)
    recording_options(info)
    engine_option(info)


def _info(options: argparse.Namespace) -> None:
    with watched("info", options) as job, engine_of(options, job) as engine:
        facts = facts_of(recording_of(options, engine))
    say(options, facts, lambda: aligned(readable(facts)))


def facts_of(recording: Recording) -> dict[str, Any]:
    """What a recording is, as JSON can hold it."""
    return {
        "uri": recording.uri,
        "format": recording.source.format,
        "shape": list(recording.shape),
        "dtype": str(recording.dtype),
        "nbytes": recording.nbytes,
        "voxel_size": plain(recording.voxel_size),
        "frame_rate": recording.frame_rate,
        "duration": None if recording.frame_times is None else float(np.ptp(recording.frame_times)),
        "events": None if recording.events is None else {"n": len(recording.events), "columns": list(recording.events)},
        "signals": None if recording.signals is None else [str(name) for name in recording.signals],
        "exclude_frames": list(recording.exclude_frames),
        "mask": None if recording.mask is None else {"name": recording.mask.name, "voxels": recording.mask.n_voxels},
        "motion_undone": None if recording.shifts is None else recording.shifts.kind,
        "missing": list(recording.missing),
    }


def readable(facts: Mapping[str, Any]) -> dict[str, str]:
    """The same in a person's words."""
    t, z, y, x = facts["shape"]
    rows = {
        "recording": facts["uri"],
        "format": facts["format"],
        "shape": f"{t} frames of {z} × {y} × {x} voxels (z, y, x), {facts['dtype']}",
        "size": f"{facts['nbytes'] / 1e6:,.1f} MB",
        "voxel size": facts["voxel_size"] and " × ".join(f"{s:g}" for s in facts["voxel_size"]) + " µm (z, y, x)",
        "frame rate": facts["frame_rate"] and f"{facts['frame_rate']:g} per second",
        "events": facts["events"] and f"{facts['events']['n']} ({', '.join(facts['events']['columns'])})",
        "signals": facts["signals"] and ", ".join(facts["signals"]),
        "excluded": facts["exclude_frames"] and f"{len(facts['exclude_frames'])} frames",
        "mask": facts["mask"] and f"{facts['mask']['name']}, {facts['mask']['voxels']:,} voxels",
        "motion": facts["motion_undone"] and f"undone as it is read ({facts['motion_undone']})",
        "missing": ", ".join(name.replace("_", " ") for name in facts["missing"]),
    }
    return {name: text for name, text in rows.items() if text}
