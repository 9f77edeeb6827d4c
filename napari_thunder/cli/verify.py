"""`napari-thunder verify`: whether a prepared store is as it was written."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from napari_thunder.cli.options import Commands, command, engine_of, engine_option
from napari_thunder.cli.saying import say
from napari_thunder.cli.watching import watched
from napari_thunder.errors import RecordingError
from napari_thunder.preparing import verify


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "verify", _verify, "compare every shard of a prepared store with its checksum", json_too=True
    )
    parser.add_argument("store", metavar="STORE.zarr")
    engine_option(parser)


def _verify(options: argparse.Namespace) -> None:
    with watched("verify", options) as job, engine_of(options, job) as engine:
        found = verify(options.store, engine=None if options.engine == "threads" else engine, job=job)
    if not found.sound and not options.json:
        raise RecordingError(str(found))
    say(options, asdict(found) | {"sound": found.sound}, lambda: print(found))
    if not found.sound:
        raise RecordingError(f"{options.store}: not as it was written.")
