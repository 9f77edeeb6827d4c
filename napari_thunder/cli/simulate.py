"""`napari-thunder simulate`: a recording with known answers."""

from __future__ import annotations

import argparse

from napari_thunder.cli.given import shape
from napari_thunder.cli.info import facts_of, readable
from napari_thunder.cli.options import Commands, command
from napari_thunder.cli.saying import aligned, say
from napari_thunder.cli.watching import watched
from napari_thunder.simulation import simulate


def add(commands: Commands) -> None:
    """Add the command."""
    simulated = command(
        commands, "simulate", _simulate, "write a simulated zebrafish with known answers", json_too=True
    )
    simulated.add_argument("out", metavar="OUT", help="folder to write, by custom ending in .zarr")
    simulated.add_argument("--shape", type=shape, metavar="T,Z,Y,X", help="frames and voxels")
    simulated.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same fish (default 0)")


def _simulate(options: argparse.Namespace) -> None:
    known = {} if options.shape is None else {"shape": options.shape}
    with watched("simulate", options) as job:
        recording = simulate(options.out, seed=options.seed, job=job, **known)
    facts = facts_of(recording)
    say(options, facts, lambda: aligned(readable(facts)))
