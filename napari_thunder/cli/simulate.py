"""`napari-thunder simulate`: a recording with known answers."""

from __future__ import annotations

import argparse

from napari_thunder.cli.given import frames, pairs, shape
from napari_thunder.cli.info import facts_of, readable
from napari_thunder.cli.options import Commands, command
from napari_thunder.cli.saying import aligned, say
from napari_thunder.cli.watching import watched
from napari_thunder.parameters import build, parameters
from napari_thunder.simulation import Motion, simulate


def add(commands: Commands) -> None:
    """Add the command."""
    simulated = command(
        commands, "simulate", _simulate, "write a simulated zebrafish with known answers", json_too=True
    )
    simulated.add_argument("out", metavar="OUT", help="folder to write, by custom ending in .zarr")
    simulated.add_argument("--shape", type=shape, metavar="T,Z,Y,X", help="frames and voxels")
    simulated.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same fish (default 0)")
    simulated.add_argument("--noise", type=float, metavar="N", help="of photons and camera; 1 is usual, 0 none")
    simulated.add_argument("--activity", type=float, metavar="N", help="of the cells; 1 is usual, 0 none")
    simulated.add_argument("--dim-planes", type=frames, metavar="A,B-C", help="planes with little light, from 0")
    motion = ", ".join(f"{p.name}{f' ({p.unit})' if p.unit else ''}" for p in parameters(Motion))
    simulated.add_argument(
        "--motion", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help=f"move the fish: {motion}"
    )


def _simulate(options: argparse.Namespace) -> None:
    given = {name: getattr(options, name) for name in ("shape", "noise", "activity", "dim_planes")}
    known = {name: value for name, value in given.items() if value is not None}
    if options.motion:
        known["motion"] = build(Motion, pairs(options.motion))
    with watched("simulate", options) as job:
        recording = simulate(options.out, seed=options.seed, job=job, **known)
    facts = facts_of(recording)
    say(options, facts, lambda: aligned(readable(facts)))
