"""From what was typed to the command that does it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from napari_thunder import __version__
from napari_thunder.cli import (
    analyses,
    demo,
    info,
    judge,
    prepare,
    register,
    report,
    rerun,
    run,
    show,
    simulate,
    traces,
    verify,
)
from napari_thunder.errors import JobCancelled, ThunderError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_COMMANDS = (info, simulate, register, judge, report, prepare, verify, analyses, run, traces, rerun, show, demo)
"""In the order in which the help names them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 1 (it failed, the reason on stderr), 2 (wrong usage) or 130 (interrupted)."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (KeyboardInterrupt, JobCancelled):
        print(f"napari-thunder: interrupted; {options.if_interrupted}", file=sys.stderr)
        return INTERRUPTED
    except ThunderError as error:
        print(f"napari-thunder: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        return FAILED
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "napari-thunder", description="Whole-brain functional recordings, analysed and mapped."
    )
    parser.add_argument("--version", action="version", version=f"napari-thunder {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.add(commands)
    return parser
