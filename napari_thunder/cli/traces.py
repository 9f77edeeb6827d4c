"""`napari-thunder traces`: the traces of regions, as CSV."""

from __future__ import annotations

import argparse

import pandas as pd

from napari_thunder.cli.given import pairs
from napari_thunder.cli.options import Commands, command, engine_of, engine_option, recording_of, recording_options
from napari_thunder.cli.saying import say, warn
from napari_thunder.cli.watching import watched
from napari_thunder.engine import Engine, Job
from napari_thunder.io.regions import read_regions, read_traces
from napari_thunder.parameters import build, values
from napari_thunder.recording import Recording
from napari_thunder.traces.of_regions import region_traces, stored_traces
from napari_thunder.traces.settings import TraceSettings
from napari_thunder.traces.table import check_csv_place, write_csv


def add(commands: Commands) -> None:
    """Add the command."""
    traced = command(commands, "traces", _traces, "the traces of regions, as CSV", json_too=True)
    recording_options(traced)
    engine_option(traced)
    traced.add_argument(
        "--regions", required=True, metavar="FILE",
        help="GeoJSON, ImageJ .roi or .zip, labels as TIFF or OME-Zarr, a suite2p folder, CaImAn's .hdf5, or .nwb",
    )  # fmt: skip
    traced.add_argument("--plane", type=int, metavar="Z", help="plane of regions that do not say theirs, from 0")
    traced.add_argument(
        "--allow-pickle", action="store_true",
        help="read suite2p's stat.npy, a pickle, because you trust whoever made it; no code in it is run",
    )  # fmt: skip
    traced.add_argument(
        "--stored", nargs="?", const="", metavar="KIND",
        help="the traces that the other program stored, instead of the recording's: suite2p F (default), Fneu, spks; "
        "CaImAn C (default), F_dff, S, YrA; NWB: the name of a series",
    )  # fmt: skip
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
        if options.stored is None:
            table, how = _measured(options, recording, settings, engine, job), values(settings)
        else:
            table, how = (
                stored_traces(recording, read_traces(options.regions, options.stored)),
                {"stored": options.stored or "default"},
            )
    write_csv(target, table, {"recording": recording.uri, "regions": options.regions} | how)
    facts = {"traces": str(target), "regions": list(table)[1:], "frames": len(table), "seconds": round(job.seconds, 3)}
    say(options, facts, lambda: print(f"{target}: {table.shape[1] - 1} traces of {len(table)} frames"))


def _measured(
    options: argparse.Namespace, recording: Recording, settings: TraceSettings, engine: Engine, job: Job
) -> pd.DataFrame:
    volume = recording.shape[1:]
    regions = read_regions(options.regions, volume, options.plane, say=warn, allow_pickle=options.allow_pickle)
    return region_traces(recording, regions, settings=settings, engine=engine, job=job)
