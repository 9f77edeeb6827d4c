"""`napari-thunder judge`: whether a registration is good, by number."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from typing import Any

import xarray as xr

from napari_thunder.cli.given import pairs
from napari_thunder.cli.options import Commands, command, engine_of, engine_option, recording_of, recording_options
from napari_thunder.cli.saying import say
from napari_thunder.cli.watching import watched
from napari_thunder.events import read_events
from napari_thunder.judging import Quality, judge, verdict_of
from napari_thunder.judging.table import table_of
from napari_thunder.parameters import build
from napari_thunder.result import check_place, load_result, save_result


def add(commands: Commands) -> None:
    """Add the command."""
    judged = command(commands, "judge", _judge, "judge a registration by number: a verdict, and why", json_too=True)
    recording_options(judged)
    engine_option(judged)
    judged.add_argument("--registration", required=True, metavar="REG.zarr", help="from `napari-thunder register`")
    judged.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE",
        help="components=, sample_frames=, memory= (MB), drift_period= (s), epochs_by=COLUMN, epochs_signal=NAME, "
        "epochs_threshold=, largest_shift=Z,Y,X …",
    )  # fmt: skip
    judged.add_argument(
        "--epochs", metavar="F", help="CSV with start_time, stop_time (s) and a condition: judge each for itself"
    )
    judged.add_argument("--mask", metavar="FILE", help="measure inside these regions or labels only")
    judged.add_argument("-o", "--output", metavar="QUALITY.zarr", help="where to save all of it")
    judged.add_argument("--overwrite", action="store_true", help="replace a result that is there already")


def _judge(options: argparse.Namespace) -> None:
    settings = build(Quality, pairs(options.set))
    if options.output is not None:
        check_place(options.output, overwrite=options.overwrite)
    registration = load_result(options.registration)
    epochs = None if options.epochs is None else read_events(options.epochs)
    with watched("judge", options) as job, engine_of(options, job) as engine:
        recording = recording_of(options, engine)
        quality = judge(recording, registration, settings, epochs=epochs, mask=options.mask, engine=engine, job=job)
    facts = _facts(quality) | {"seconds": round(job.seconds, 3)}
    if options.output is not None:
        facts["result"] = str(save_result(quality, options.output, overwrite=options.overwrite))
    say(options, facts, lambda: _readable(quality, facts))


def _facts(quality: xr.Dataset) -> dict[str, Any]:
    stages = [str(stage) for stage in quality["stage"].values]
    return {
        "verdict": verdict_of(quality).as_plain(),
        "measures": {
            row.title: {stage: _plain(value) for stage, value in zip(stages, row.values, strict=True)}
            for row in table_of(quality)
        },
        "valid_fraction": float(quality["valid_fraction"]),
        "outlier_frames": [int(t) for t in quality.attrs["outlier_frames"]],
        "epochs": _epochs(quality),
    }


def _epochs(quality: xr.Dataset) -> dict[str, dict[str, Any]]:
    if "epoch" not in quality.dims:
        return {}
    moved = quality["epoch_shift"].sel(stage="registered").values
    columns = (quality["epoch"], quality["epoch_frames"], quality["epoch_outliers"], quality["epoch_word"])
    return {
        str(name): {"frames": int(n), "outliers": int(bad), "shift": _plain(float(shift)), "verdict": str(word)}
        for name, n, bad, word, shift in zip(*(c.values for c in columns), moved, strict=True)
    }


def _readable(quality: xr.Dataset, facts: dict[str, Any]) -> None:
    verdict = verdict_of(quality)
    print(verdict.line)
    for reason in verdict.reasons:
        print(f"  {reason}")
    print()
    rows = [(f"{'*' if row.decides else ' '} {row.title}", *row.texts, row.good) for row in table_of(quality)]
    _print_table([("", "raw", "control", "registered", "good"), *rows])
    print("* the verdict rests on these; control: the raw movie, blurred as interpolation may blur")
    if facts["epochs"]:
        print()
        _print_table([("epoch", "frames", "outliers", "shift (voxel)", "verdict"), *_epoch_rows(facts["epochs"])])
    if facts["outlier_frames"]:
        print(f"\n--exclude-frames {','.join(map(str, facts['outlier_frames']))}")
    if "result" in facts:
        print(f"\n{facts['result']}")


def _epoch_rows(epochs: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for name, e in epochs.items():
        shift = "–" if e["shift"] is None else f"{e['shift']:.2f}"
        yield name, str(e["frames"]), str(e["outliers"]), shift, e["verdict"] or "–"


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        first, *numbers, last = (
            text.ljust(width) if i in (0, len(row) - 1) else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join((first, *numbers, last)).rstrip())


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
