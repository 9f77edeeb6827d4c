"""`napari-thunder demo`: a simulated fish and its direction map."""

from __future__ import annotations

import argparse

from napari_thunder.cli.options import Commands, command, engine_option


def add(commands: Commands) -> None:
    """Add the command."""
    demo = command(commands, "demo", _demo, "a simulated fish and its direction map, in napari")
    engine_option(demo)
    demo.add_argument("--screenshot", metavar="F", help="save a picture of the window and leave")


def _demo(options: argparse.Namespace) -> None:
    from napari_thunder.widgets.app import demo

    demo(engine=options.engine, screenshot=options.screenshot)
