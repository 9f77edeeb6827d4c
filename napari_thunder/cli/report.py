"""`napari-thunder report`: a registration as a page to read and hand on."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_thunder.cli.options import Commands, command
from napari_thunder.cli.saying import say
from napari_thunder.errors import ResultError
from napari_thunder.judging import verdict_of
from napari_thunder.reporting import report
from napari_thunder.result import load_result


def add(commands: Commands) -> None:
    """Add the command."""
    told = command(commands, "report", _report, "write a registration and its verdict as a page", json_too=True)
    told.add_argument("registration", metavar="REG.zarr", help="from `napari-thunder register`")
    told.add_argument("--quality", metavar="QUALITY.zarr", help="from `napari-thunder judge`")
    told.add_argument("-o", "--output", required=True, metavar="PAGE.html", help="where to write the page")
    told.add_argument("--overwrite", action="store_true", help="replace a page that is there already")


def _report(options: argparse.Namespace) -> None:
    target = Path(options.output).expanduser().absolute()
    if target.exists() and not (options.overwrite and target.is_file()):
        raise ResultError(f"{target}: there is something there already. Choose another name, or --overwrite a page.")
    registration = load_result(options.registration)
    quality = None if options.quality is None else load_result(options.quality)
    page = report(registration, quality, target)
    verdict = "not judged" if quality is None else verdict_of(quality).line
    say(options, {"page": str(page), "verdict": verdict}, lambda: print(f"{page}: {verdict}"))
