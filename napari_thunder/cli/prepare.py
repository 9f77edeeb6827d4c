"""`napari-thunder prepare`: a recording as a store that is fast to look at and to analyse."""

from __future__ import annotations

import argparse
from typing import Any

from napari_thunder.cli.given import pairs
from napari_thunder.cli.options import Commands, command, engine_of, engine_option, recording_of, recording_options
from napari_thunder.cli.saying import aligned, say
from napari_thunder.cli.watching import watched
from napari_thunder.engine import Engine, Job
from napari_thunder.parameters import build
from napari_thunder.preparing import Preparation, PreparationPlan, plan_preparation, prepare
from napari_thunder.recording import Recording

_INTERRUPTED = "what is done is kept: the same command goes on with it."


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "prepare", _prepare, "write a recording as a store that is fast to look at and to analyse",
        json_too=True,
    )  # fmt: skip
    recording_options(parser)
    engine_option(parser)
    parser.add_argument("-o", "--output", required=True, metavar="STORE.zarr", help="where to write the store")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE",
        help="crop_t=10,500 crop_z= crop_y= crop_x= bin=1,2,2 dtype=uint16 background=100 background_percentile= "
        "out_of_range=clip|error exclude_frames= brain=given|automatic|everything brain_margin= "
        "compression=fast|small memory_limit=",
    )  # fmt: skip
    parser.add_argument("--mask", metavar="FILE", help="keep only what is inside these regions or labels")
    parser.add_argument("--plan", action="store_true", help="say what would be made and what it needs, and stop")
    parser.add_argument("--restart", action="store_true", help="begin anew what was begun before")
    parser.set_defaults(if_interrupted=_INTERRUPTED)


def _prepare(options: argparse.Namespace) -> None:
    settings = build(Preparation, pairs(options.set))
    with watched("prepare", options) as job, engine_of(options, job) as engine:
        recording = recording_of(options, engine)
        if options.plan:
            plan = plan_preparation(recording, options.output, settings, mask=options.mask, engine=engine, job=job)
        else:
            store = _made(recording, settings, options, engine, job)
    if options.plan:
        say(options, _facts_of_plan(plan), lambda: aligned(plan.rows()))
    else:
        facts = {"store": store.uri, "shape": list(store.shape), "seconds": round(job.seconds, 3), "said": job.message}
        more = f". {job.message}." if job.message else ""
        say(options, facts, lambda: print(f"{store.uri}: prepared in {job.seconds:.1f} s{more}"))


def _made(
    recording: Recording, settings: Preparation, options: argparse.Namespace, engine: Engine, job: Job
) -> Recording:
    return prepare(
        recording, options.output, settings, mask=options.mask, engine=engine, job=job, restart=options.restart
    )


def _facts_of_plan(plan: PreparationPlan) -> dict[str, Any]:
    return {
        "store": plan.place,
        "shape": list(plan.shape),
        "dtype": plan.layout.dtype,
        "arrays": {
            array.key: {"shape": list(array.shape), "chunk": list(array.chunk), "shard": list(array.shard)}
            for array in plan.layout.arrays
        },
        "n_shards": plan.n_shards,
        "expected_bytes": plan.expected_bytes,
        "most_bytes": plan.most_bytes,
        "free_bytes": plan.free_bytes,
        "memory_per_worker": plan.memory.needed,
        "kept_share": plan.brain_share,
    }
