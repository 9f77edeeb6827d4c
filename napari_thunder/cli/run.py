"""`napari-thunder run`: an analysis of a recording."""

from __future__ import annotations

import argparse

from napari_thunder.analysis.own.model import own_model
from napari_thunder.analysis.protocol import Analysis
from napari_thunder.analysis.registry import make_analysis
from napari_thunder.cli.given import pairs
from napari_thunder.cli.options import (
    Commands,
    command,
    engine_of,
    engine_option,
    output_options,
    recording_of,
    recording_options,
    save,
)
from napari_thunder.cli.watching import watched
from napari_thunder.errors import ParameterError
from napari_thunder.pipeline import run
from napari_thunder.result import check_place


def add(commands: Commands) -> None:
    """Add the command."""
    ran = command(commands, "run", _run, "run an analysis and save its result", json_too=True)
    ran.add_argument(
        "analysis",
        metavar="ANALYSIS",
        help="a name from `napari-thunder analyses`, or a Python file of yours: my_model.py",
    )
    ran.add_argument("--function", default="", metavar="NAME", help="which function of your file, if it has several")
    recording_options(ran)
    engine_option(ran)
    ran.add_argument(
        "--preprocess", nargs="+", action="extend", default=[], metavar="STEP",
        help='steps in order, each in quotes: "delta_f_over_f percentile=20 offset=0.1"',
    )  # fmt: skip
    ran.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="parameters of the analysis"
    )
    ran.add_argument(
        "--mask", metavar="FILE", help="compute inside these regions or labels only: the others are NaN in the maps"
    )
    ran.add_argument(
        "--regions", metavar="FILE", default=(), help="regions or labels whose activity the analysis asks for"
    )
    output_options(ran)


def _run(options: argparse.Namespace) -> None:
    analysis = _analysis(options)
    check_place(options.output, overwrite=options.overwrite)
    with watched(type(analysis).title, options) as job, engine_of(options, job) as engine:
        recording = recording_of(options, engine)
        result = run(
            analysis,
            recording,
            engine=engine,
            preprocess=options.preprocess,
            mask=options.mask,
            regions=options.regions,
            job=job,
        )
    save(result, job, options)


def _analysis(options: argparse.Namespace) -> Analysis:
    given = pairs(options.set)
    if options.analysis.endswith(".py"):
        return own_model(options.analysis, options.function, **given)
    if options.function:
        raise ParameterError(f"--function is for a Python file of yours, not for {options.analysis}.")
    return make_analysis(options.analysis, given)
