"""`napari-thunder show`: a recording and results in napari."""

from __future__ import annotations

import argparse

from napari_thunder.cli.options import Commands, command, recording_of, recording_options
from napari_thunder.result import load_result


def add(commands: Commands) -> None:
    """Add the command."""
    shown = command(commands, "show", _show, "open a recording, and results over it, in napari")
    recording_options(shown)
    shown.add_argument("results", nargs="*", metavar="RESULT.zarr")
    shown.add_argument("--screenshot", metavar="F", help="save a picture of the window and leave")


def _show(options: argparse.Namespace) -> None:
    from napari_thunder.widgets.app import show

    results = [load_result(path) for path in options.results]
    show(recording_of(options), results, screenshot=options.screenshot)
