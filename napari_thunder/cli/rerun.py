"""`napari-thunder rerun`: a saved result made again."""

from __future__ import annotations

import argparse

from napari_thunder.cli.options import Commands, command, engine_of, engine_option, output_options, save
from napari_thunder.cli.watching import watched
from napari_thunder.result import check_place, load_result, rerun


def add(commands: Commands) -> None:
    """Add the command."""
    again = command(commands, "rerun", _rerun, "make a saved result again; the numbers are the same", json_too=True)
    again.add_argument("result", metavar="RESULT.zarr")
    again.add_argument(
        "--model", metavar="FILE.py",
        help="of a result of a model of your own: its file, which is run; never the code that a result holds",
    )  # fmt: skip
    engine_option(again)
    output_options(again)


def _rerun(options: argparse.Namespace) -> None:
    result = load_result(options.result)
    check_place(options.output, overwrite=options.overwrite)
    with watched("run again", options) as job, engine_of(options, job) as engine:
        again = rerun(result, engine=engine, job=job, model=options.model)
    save(again, job, options)
