"""The same work without a window: `napari-thunder info | simulate | analyses | run | traces | rerun | show | demo`."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from napari_thunder import __version__
from napari_thunder.analysis.registry import analyses, make_analysis, steps
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.errors import JobCancelled, ThunderError
from napari_thunder.io.regions import read_regions
from napari_thunder.parameters import Parameter, build, parameters, values
from napari_thunder.pipeline import run
from napari_thunder.recording import Recording, open
from napari_thunder.result import check_place, load_result, rerun, save_result
from napari_thunder.simulation import simulate
from napari_thunder.tables import plain
from napari_thunder.traces.of_regions import region_traces
from napari_thunder.traces.settings import TraceSettings
from napari_thunder.traces.table import check_csv_place, write_csv

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 1 (it failed, the reason on stderr), 2 (wrong usage) or 130 (interrupted)."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (KeyboardInterrupt, JobCancelled):
        print("napari-thunder: interrupted; nothing was saved.", file=sys.stderr)
        return INTERRUPTED
    except ThunderError as error:
        print(f"napari-thunder: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        return FAILED
    return OK


def _info(options: argparse.Namespace) -> None:
    with _watched("info", options) as job, _engine(options, job) as engine:
        facts = _facts(_recording(options, engine))
    _say(options, facts, lambda: _aligned(_readable(facts)))


def _simulate(options: argparse.Namespace) -> None:
    known = {} if options.shape is None else {"shape": options.shape}
    with _watched("simulate", options) as job:
        recording = simulate(options.out, seed=options.seed, job=job, **known)
    facts = _facts(recording)
    _say(options, facts, lambda: _aligned(_readable(facts)))


def _analyses(options: argparse.Namespace) -> None:
    kinds: Mapping[str, Mapping[str, type]] = {"analyses": analyses(), "preprocessing": steps()}
    facts = {kind: {name: _about(cls) for name, cls in classes.items()} for kind, classes in kinds.items()}
    _say(options, facts, lambda: _catalogue(kinds))


def _run(options: argparse.Namespace) -> None:
    analysis = make_analysis(options.analysis, _pairs(options.set))
    check_place(options.output, overwrite=options.overwrite)
    with _watched(type(analysis).title, options) as job, _engine(options, job) as engine:
        recording = _recording(options, engine)
        result = run(analysis, recording, engine=engine, preprocess=options.preprocess, mask=options.mask, job=job)
    _save(result, job, options)


def _traces(options: argparse.Namespace) -> None:
    settings = build(TraceSettings, _pairs(options.set))
    target = check_csv_place(options.output, overwrite=options.overwrite)
    with _watched("traces", options) as job, _engine(options, job) as engine:
        recording = _recording(options, engine)
        regions = read_regions(options.regions, recording.shape[1:], say=_warn)
        table = region_traces(recording, regions, settings=settings, engine=engine, job=job)
    about = {"recording": recording.uri, "regions": options.regions} | values(settings)
    write_csv(target, table, about)
    facts = {"traces": str(target), "regions": list(table)[1:], "frames": len(table), "seconds": round(job.seconds, 3)}
    _say(options, facts, lambda: print(f"{target}: {len(regions)} traces of {len(table)} frames"))


def _rerun(options: argparse.Namespace) -> None:
    result = load_result(options.result)
    check_place(options.output, overwrite=options.overwrite)
    with _watched("run again", options) as job, _engine(options, job) as engine:
        again = rerun(result, engine=engine, job=job)
    _save(again, job, options)


def _show(options: argparse.Namespace) -> None:
    from napari_thunder.widgets.app import show

    results = [load_result(path) for path in options.results]
    show(_recording(options), results, screenshot=options.screenshot)


def _demo(options: argparse.Namespace) -> None:
    from napari_thunder.widgets.app import demo

    demo(engine=options.engine, screenshot=options.screenshot)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "napari-thunder", description="Whole-brain functional recordings, analysed and mapped."
    )
    parser.add_argument("--version", action="version", version=f"napari-thunder {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    info = _command(commands, "info", _info, "what a recording is: shape, size, rate, what is missing", json_too=True)
    _recording_options(info)
    _engine_option(info)

    simulated = _command(
        commands, "simulate", _simulate, "write a simulated zebrafish with known answers", json_too=True
    )
    simulated.add_argument("out", metavar="OUT", help="folder to write, by custom ending in .zarr")
    simulated.add_argument("--shape", type=_shape, metavar="T,Z,Y,X", help="frames and voxels")
    simulated.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same fish (default 0)")

    _command(commands, "analyses", _analyses, "what can be run, with parameters", json_too=True)

    ran = _command(commands, "run", _run, "run an analysis and save its result", json_too=True)
    ran.add_argument("analysis", metavar="ANALYSIS", help="a name from `napari-thunder analyses`")
    _recording_options(ran)
    _engine_option(ran)
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
    _output_options(ran)

    traced = _command(commands, "traces", _traces, "the traces of regions, as CSV", json_too=True)
    _recording_options(traced)
    _engine_option(traced)
    traced.add_argument(
        "--regions", required=True, metavar="FILE", help="GeoJSON, ImageJ .roi or .zip, or labels as TIFF or OME-Zarr"
    )
    traced.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE",
        help="measure=raw|dff|z, baseline_percentile=, neuropil=true, neuropil_factor=",
    )  # fmt: skip
    traced.add_argument("-o", "--output", required=True, metavar="TRACES.csv", help="where to write them")
    traced.add_argument("--overwrite", action="store_true", help="replace a file that is there already")

    again = _command(commands, "rerun", _rerun, "make a saved result again; the numbers are the same", json_too=True)
    again.add_argument("result", metavar="RESULT.zarr")
    _engine_option(again)
    _output_options(again)

    shown = _command(commands, "show", _show, "open a recording, and results over it, in napari")
    _recording_options(shown)
    shown.add_argument("results", nargs="*", metavar="RESULT.zarr")
    shown.add_argument("--screenshot", metavar="F", help="save a picture of the window and leave")

    demo = _command(commands, "demo", _demo, "a simulated fish and its direction map, in napari")
    _engine_option(demo)
    demo.add_argument("--screenshot", metavar="F", help="save a picture of the window and leave")
    return parser


def _command(
    commands: Any, name: str, call: Callable[[argparse.Namespace], None], summary: str, *, json_too: bool = False
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
    parser.set_defaults(command=call, json=False)
    if json_too:
        parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    return parser


def _recording_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "recording", metavar="RECORDING", help="a TIFF or folder of them, a Zarr, a Thunder folder, .npy, .npz"
    )
    parser.add_argument("--events", metavar="F", help="CSV or TSV with start_time, stop_time (s) and further columns")
    parser.add_argument("--signals", metavar="F", help="behaviour: CSV, .npz, .mat or Thunder's JSON")
    parser.add_argument("--frame-rate", type=float, metavar="HZ", help="volumes per second")
    parser.add_argument("--frame-times", type=_times, metavar="F", help="text file with the start of each frame in s")
    parser.add_argument("--voxel-size", type=_numbers, metavar="Z,Y,X", help="in µm")
    parser.add_argument("--planes", type=int, metavar="N", help="planes per volume of a plain multi-page TIFF")
    parser.add_argument("--exclude-frames", type=_frames, metavar="A,B-C", help="frames no analysis may use, from 0")


def _engine_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", default="threads", metavar="E", help="threads (default), spark, or sc://host:port")


def _output_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", required=True, metavar="RESULT.zarr", help="where to save the result")
    parser.add_argument("--overwrite", action="store_true", help="replace a result that is there already")


def _recording(options: argparse.Namespace, engine: Engine | None = None) -> Recording:
    names = ("events", "signals", "frame_rate", "frame_times", "voxel_size", "planes", "exclude_frames")
    given = {name: getattr(options, name) for name in names}
    return open(options.recording, engine=engine, **{name: value for name, value in given.items() if value is not None})


def _engine(options: argparse.Namespace, job: Job) -> AbstractContextManager[Engine]:
    """The engine asked for; connecting shows on the job, which goes on from there."""
    starting = Job(job.title)
    starting.changed.connect(lambda: job.advance(0.0, starting.message), check_nargs=False)
    with job.on_cancel(starting.cancel):
        return closing(connect(options.engine, job=starting))


def _save(result: xr.Dataset, job: Job, options: argparse.Namespace) -> None:
    path = save_result(result, options.output, overwrite=options.overwrite)
    maps = {str(name): list(v.sizes.items()) for name, v in result.data_vars.items()}
    facts = {"result": str(path), "analysis": result.attrs["analysis"], "seconds": round(job.seconds, 3), "maps": maps}
    _say(options, facts, lambda: print(f"{path}: {result.attrs['title']} in {job.seconds:.1f} s — {', '.join(maps)}"))


@contextmanager
def _watched(title: str, options: argparse.Namespace) -> Iterator[Job]:
    """A job with a progress bar when a person is watching; Ctrl+C cancels it."""
    job = Job(title)
    before = signal.signal(signal.SIGINT, lambda *_: job.cancel())
    quiet = options.json or not sys.stderr.isatty()
    shape = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    try:
        with tqdm(total=1.0, desc=title, disable=quiet, bar_format=shape, leave=False) as bar:
            job.changed.connect(lambda: _draw(bar, job), check_nargs=False)
            yield job
    finally:
        signal.signal(signal.SIGINT, before)


def _draw(bar: Any, job: Job) -> None:
    bar.set_description_str(f"{job.title}{': ' + job.message if job.message else ''}", refresh=False)
    bar.n = job.fraction
    bar.refresh()


def _facts(recording: Recording) -> dict[str, Any]:
    return {
        "uri": recording.uri,
        "format": recording.source.format,
        "shape": list(recording.shape),
        "dtype": str(recording.dtype),
        "nbytes": recording.nbytes,
        "voxel_size": plain(recording.voxel_size),
        "frame_rate": recording.frame_rate,
        "duration": None if recording.frame_times is None else float(np.ptp(recording.frame_times)),
        "events": None if recording.events is None else {"n": len(recording.events), "columns": list(recording.events)},
        "signals": None if recording.signals is None else [str(name) for name in recording.signals],
        "exclude_frames": list(recording.exclude_frames),
        "missing": list(recording.missing),
    }


def _readable(facts: Mapping[str, Any]) -> dict[str, str]:
    t, z, y, x = facts["shape"]
    rows = {
        "recording": facts["uri"],
        "format": facts["format"],
        "shape": f"{t} frames of {z} × {y} × {x} voxels (z, y, x), {facts['dtype']}",
        "size": f"{facts['nbytes'] / 1e6:,.1f} MB",
        "voxel size": facts["voxel_size"] and " × ".join(f"{s:g}" for s in facts["voxel_size"]) + " µm (z, y, x)",
        "frame rate": facts["frame_rate"] and f"{facts['frame_rate']:g} per second",
        "events": facts["events"] and f"{facts['events']['n']} ({', '.join(facts['events']['columns'])})",
        "signals": facts["signals"] and ", ".join(facts["signals"]),
        "excluded": facts["exclude_frames"] and f"{len(facts['exclude_frames'])} frames",
        "missing": ", ".join(name.replace("_", " ") for name in facts["missing"]),
    }
    return {name: text for name, text in rows.items() if text}


def _about(cls: Any) -> dict[str, Any]:
    described = [
        {"name": p.name, "kind": p.kind, "default": plain(p.default), "help": p.help, "unit": p.unit,
         "minimum": p.minimum, "maximum": p.maximum, "choices": list(p.choices)}
        for p in parameters(cls)
    ]  # fmt: skip
    return {"title": cls.title, "summary": cls.summary, "parameters": described}


def _catalogue(kinds: Mapping[str, Mapping[str, Any]]) -> None:
    for kind, classes in kinds.items():
        print(kind.upper())
        for name, cls in classes.items():
            print(f"  {name}\n      {cls.summary}")
            for p in parameters(cls):
                print(f"      {p.name}={_default(p)}  {p.help}{_limits(p)}")
            print()


def _default(p: Parameter) -> str:
    return ",".join(map(str, p.default)) if isinstance(p.default, tuple) else str(p.default)


def _limits(p: Parameter) -> str:
    parts = [p.unit] if p.unit else []
    if p.choices:
        parts.append(" | ".join(map(str, p.choices)))
    if p.minimum is not None or p.maximum is not None:
        low = "" if p.minimum is None else f"{p.minimum:g}"
        high = "" if p.maximum is None else f"{p.maximum:g}"
        parts.append(f"{low} … {high}".strip())
    return f" [{'; '.join(parts)}]" if parts else ""


def _say(options: argparse.Namespace, facts: Mapping[str, Any], readable: Callable[[], None]) -> None:
    if options.json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        readable()


def _aligned(rows: Mapping[str, str]) -> None:
    width = max(map(len, rows))
    for name, text in rows.items():
        print(f"{name:<{width}}  {text}")


def _warn(sentence: str) -> None:
    print(f"napari-thunder: {sentence}", file=sys.stderr)


def _pairs(given: Sequence[str]) -> dict[str, str]:
    for pair in given:
        if "=" not in pair:
            raise ThunderError(f"--set {pair}: give NAME=VALUE.")
    return dict(pair.split("=", 1) for pair in given)


def _shape(text: str) -> tuple[int, ...]:
    sizes = text.split(",")
    if len(sizes) != 4 or not all(n.strip().isdecimal() for n in sizes):
        raise argparse.ArgumentTypeError(f"{text}: give four whole numbers t,z,y,x")
    return tuple(map(int, sizes))


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(n) for n in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: give three numbers z,y,x") from None


def _times(path: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        return np.loadtxt(path, np.float64, ndmin=1)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path}: not a text file with one number a line ({error})") from None


def _frames(text: str) -> tuple[int, ...]:
    return tuple(frame for part in text.split(",") for frame in _span(part))


def _span(text: str) -> range:
    found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r}: give frames and spans of them from 0, such as 0,5-7")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise argparse.ArgumentTypeError(f"{text!r}: a span runs from the lower frame to the higher: {last}-{first}")
    return range(first, last + 1)


if __name__ == "__main__":
    sys.exit(main())
