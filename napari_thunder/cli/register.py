"""`napari-thunder register`: how far each frame of a recording moved."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import xarray as xr

from napari_thunder.cli.given import pairs
from napari_thunder.cli.options import (
    Commands,
    command,
    engine_of,
    engine_option,
    output_options,
    recording_of,
    recording_options,
)
from napari_thunder.cli.saying import say
from napari_thunder.cli.watching import watched
from napari_thunder.engine import Job
from napari_thunder.parameters import Parameter, build, parameters
from napari_thunder.recording import open
from napari_thunder.registering import register, shifts_of
from napari_thunder.registration.settings import Registration
from napari_thunder.result import check_place, save_result


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "register", _register, "find how far each frame of a recording moved", json_too=True)
    recording_options(parser)
    engine_option(parser)
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="how; see the end of this help"
    )
    parser.add_argument(
        "--template", metavar="FILE", help="register to this recording, anatomy stack or template of a registration"
    )
    parser.add_argument("--by", metavar="FILE", help="estimate on this recording: another channel of the same frames")
    parser.add_argument("--mask", metavar="FILE", help="look inside these regions or labels only, such as the brain")
    output_options(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["NAME=VALUE of --set:", *map(_line, parameters(Registration))])


def _register(options: argparse.Namespace) -> None:
    settings = build(Registration, pairs(options.set))
    check_place(options.output, overwrite=options.overwrite)
    with watched("register", options) as job, engine_of(options, job) as engine:
        recording = recording_of(options, engine)
        by = None if options.by is None else open(options.by, engine=engine)
        found = register(
            recording, settings, template=options.template, by=by, mask=options.mask, engine=engine, job=job
        )
    path = save_result(found, options.output, overwrite=options.overwrite)
    facts = _facts(found, str(path), job)
    say(options, facts, lambda: print(_sentence(facts)))


def _facts(found: xr.Dataset, path: str, job: Job) -> dict[str, Any]:
    shifts = shifts_of(found)
    correlation = found["frame_correlation"].values
    known = correlation[np.isfinite(correlation)]
    return {
        "result": path,
        "kind": shifts.kind,
        "frames": shifts.n_frames,
        "not_estimated": int((~shifts.estimated).sum()),
        "largest_shift": [round(s, 3) for s in shifts.largest],
        "median_frame_correlation": float(np.median(known)) if known.size else None,
        "seconds": round(job.seconds, 3),
    }


def _sentence(facts: dict[str, Any]) -> str:
    z, y, x = facts["largest_shift"]
    lost = f", {facts['not_estimated']} not estimated" if facts["not_estimated"] else ""
    return (
        f"{facts['result']}: {facts['frames']} frames ({facts['kind']}{lost}) in {facts['seconds']:.1f} s; "
        f"largest shift {z:g}, {y:g}, {x:g} voxels (z, y, x)"
    )


def _line(p: Parameter) -> str:
    default = (
        "none" if p.default is None else ",".join(map(str, p.default)) if isinstance(p.default, tuple) else p.default
    )
    choices = f" ({' | '.join(map(str, p.choices))})" if p.choices else ""
    unit = f" {p.unit}" if p.unit else ""
    return f"  {p.name}={default}{unit}{choices}\n      {p.help}"
