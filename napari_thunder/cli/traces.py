"""`napari-thunder traces`: the traces of regions, as CSV."""

from __future__ import annotations

import argparse

from napari_thunder.cli.given import pairs
from napari_thunder.cli.options import Commands, command, engine_of, engine_option, recording_of, recording_options
from napari_thunder.cli.saying import say, warn
from napari_thunder.cli.watching import watched
from napari_thunder.io.regions import read_regions
from napari_thunder.parameters import build, values
from napari_thunder.traces.of_regions import region_traces
from napari_thunder.traces.settings import TraceSettings
from napari_thunder.traces.table import check_csv_place, write_csv


def add(commands: Commands) -> None:
    """Add the command."""
    traced = command(commands, "traces", _traces, "the traces of regions, as CSV", json_too=True)
    recording_options(traced)
    engine_option(traced)
    traced.add_argument(
        "--regions", required=True, metavar="FILE", help="GeoJSON, ImageJ .roi or .zip, or labels as TIFF or OME-Zarr"
    )
    traced.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE",
        help="measure=raw|dff|z, baseline_percentile=, neuropil=true, neuropil_factor=",
    )  # fmt: skip
    traced.add_argument("-o", "--output", required=True, metavar="TRACES.csv", help="where to write them")
    traced.add_argument("--overwrite", action="store_true", help="replace a file that is there already")


def _traces(options: argparse.Namespace) -> None:
    settings = build(TraceSettings, pairs(options.set))
    target = check_csv_place(options.output, overwrite=options.overwrite)
    with watched("traces", options) as job, engine_of(options, job) as engine:
        recording = recording_of(options, engine)
        regions = read_regions(options.regions, recording.shape[1:], say=warn)
        table = region_traces(recording, regions, settings=settings, engine=engine, job=job)
    about = {"recording": recording.uri, "regions": options.regions} | values(settings)
    write_csv(target, table, about)
    facts = {"traces": str(target), "regions": list(table)[1:], "frames": len(table), "seconds": round(job.seconds, 3)}
    say(options, facts, lambda: print(f"{target}: {len(regions)} traces of {len(table)} frames"))
