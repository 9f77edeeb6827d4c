"""Options that several commands share, and what comes of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import xarray as xr

from napari_thunder.cli.given import frames, numbers, times
from napari_thunder.cli.saying import say
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.recording import Recording, open
from napari_thunder.registering import shifts_of
from napari_thunder.registration import Shifts
from napari_thunder.registration.apply import INTERPOLATIONS
from napari_thunder.registration.shift_files import CONVENTIONS, read_shifts
from napari_thunder.result import load_result, save_result

Commands = Any
"""What `argparse.ArgumentParser.add_subparsers` gives."""


def command(
    commands: Commands, name: str, call: Callable[[argparse.Namespace], None], summary: str, *, json_too: bool = False
) -> argparse.ArgumentParser:
    """A command with its help, which `call` carries out."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
    parser.set_defaults(command=call, json=False, if_interrupted="nothing was saved.")
    if json_too:
        parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    return parser


def recording_options(parser: argparse.ArgumentParser) -> None:
    """The recording, and what its files do not say; see `recording_of`."""
    parser.add_argument(
        "recording",
        metavar="RECORDING",
        help="a TIFF or folder of them, a Zarr (both also at s3://, gs://, https://), HDF5, NWB, NIfTI, NRRD, N5, "
        "a Thunder folder, .npy, .npz",
    )
    parser.add_argument(
        "--maps", metavar="A,B", help="of a saved result: take these of its maps for frames, to cluster or factor them"
    )
    parser.add_argument(
        "--standardize-maps", action="store_true", help="bring each of them to mean 0 and sd 1 over the voxels first"
    )
    parser.add_argument("--events", metavar="F", help="CSV or TSV with start_time, stop_time (s) and further columns")
    parser.add_argument("--signals", metavar="F", help="behaviour: CSV, .npz, .mat or Thunder's JSON")
    parser.add_argument("--frame-rate", type=float, metavar="HZ", help="volumes per second")
    parser.add_argument("--frame-times", type=times, metavar="F", help="text file with the start of each frame in s")
    parser.add_argument("--voxel-size", type=numbers, metavar="Z,Y,X", help="in µm")
    parser.add_argument("--planes", type=int, metavar="N", help="planes per volume of a plain multi-page TIFF")
    parser.add_argument("--exclude-frames", type=frames, metavar="A,B-C", help="frames no analysis may use, from 0")
    parser.add_argument(
        "--shifts", metavar="F", help="undo motion: a registration, or shifts as CSV or .npy, in voxels (or *_um)"
    )
    parser.add_argument(
        "--shifts-are", choices=CONVENTIONS, help="displacement of the brain (the default) or correction of the frame"
    )
    parser.add_argument("--interpolation", choices=INTERPOLATIONS, help="where motion is undone (default linear)")


def engine_option(parser: argparse.ArgumentParser) -> None:
    """Where the work runs; see `engine_of`."""
    parser.add_argument("--engine", default="threads", metavar="E", help="threads (default), spark, or sc://host:port")


def output_options(parser: argparse.ArgumentParser) -> None:
    """Where a result goes; see `save`."""
    parser.add_argument("-o", "--output", required=True, metavar="RESULT.zarr", help="where to save the result")
    parser.add_argument("--overwrite", action="store_true", help="replace a result that is there already")


def recording_of(options: argparse.Namespace, engine: Engine | None = None) -> Recording:
    """The recording asked for."""
    names = ("events", "signals", "frame_rate", "frame_times", "voxel_size", "planes", "exclude_frames")
    given = {name: getattr(options, name) for name in names}
    known = {name: value for name, value in given.items() if value is not None}
    if options.maps is not None:
        known |= {"maps": options.maps, "standardize": int(options.standardize_maps)}
    recording = open(options.recording, engine=engine, **known)
    if options.shifts is None:
        return recording
    return recording.registered(_shifts(options, recording), options.interpolation or "linear")


def _shifts(options: argparse.Namespace, recording: Recording) -> Shifts:
    if Path(options.shifts).is_dir():
        return shifts_of(load_result(options.shifts))
    return read_shifts(options.shifts, recording.shape, voxel_size=recording.voxel_size, convention=options.shifts_are)


def engine_of(options: argparse.Namespace, job: Job) -> AbstractContextManager[Engine]:
    """The engine asked for; connecting shows on the job, which goes on from there."""
    starting = Job(job.title)
    starting.changed.connect(lambda: job.advance(0.0, starting.message), check_nargs=False)
    with job.on_cancel(starting.cancel):
        return closing(connect(options.engine, job=starting))


def save(result: xr.Dataset, job: Job, options: argparse.Namespace) -> None:
    """Save a result where it was asked for, and say so."""
    path = save_result(result, options.output, overwrite=options.overwrite)
    maps = {str(name): list(v.sizes.items()) for name, v in result.data_vars.items()}
    facts: dict[str, Any] = {
        "result": str(path),
        "analysis": result.attrs["analysis"],
        "seconds": round(job.seconds, 3),
        "maps": maps,
    }
    facts["warnings"] = list(result.attrs.get("warnings", ()))
    for text in facts["warnings"]:
        print(f"napari-thunder: warning: {text}", file=sys.stderr)
    say(options, facts, lambda: print(f"{path}: {result.attrs['title']} in {job.seconds:.1f} s — {', '.join(maps)}"))
