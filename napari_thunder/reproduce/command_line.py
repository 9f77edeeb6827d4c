"""A result's provenance as a command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from napari_thunder.analysis.again import model_of
from napari_thunder.differences import is_difference
from napari_thunder.errors import ResultError
from napari_thunder.parameters import Parameter
from napari_thunder.provenance import read_provenance
from napari_thunder.reproduce.beside import Beside
from napari_thunder.reproduce.recipe import GONE, Recipe, is_registration, parameters_of, stem_of
from napari_thunder.tables import table_from_plain


def as_command_line(result: xr.Dataset, folder: str | Path | None = None) -> Recipe:
    """The command that makes a result again; its numbers are the same to the last bit.

    Raises
    ------
    ResultError
        If the recording was in memory only, a folder is needed and none is given or it cannot be written, or the
        result is of a kind that Python alone can make.
    """
    record = read_provenance(result)
    if is_difference(record):
        raise ResultError("A difference of two maps has no command line. Copy it as Python instead.")
    stored = record["recording"]
    if (stored.get("maps") or {}).get("provenance"):
        raise ResultError(
            "This was made of maps of a result that was not saved. Copy it as Python, which makes that first; or save "
            "the result and run this on the file."
        )
    if stored["uri"].startswith("memory:"):
        raise ResultError(GONE)
    files = Beside(Path(folder).expanduser().absolute() if folder is not None else None, stem_of(record))
    verb = ["register"] if is_registration(record) else ["run", _analysis_word(record, files)]
    words = ["napari-thunder", *verb, stored["uri"], *_metadata_words(stored, files)]
    if record.get("engine", "threads") != "threads":
        words += ["--engine", record["engine"]]
    if record["preprocess"]:
        words += ["--preprocess", *record["preprocess"]]
    if record.get("mask"):
        words += ["--mask", str(files.mask(record["mask"]))]
    if record.get("regions"):
        words += ["--regions", str(files.regions(record["regions"]))]
    if model_of(record) is not None:
        words += ["--function", record["model"]["function"]]
    given = [_pair(p, record["parameters"].get(p.name), files) for p in parameters_of(record)]
    words += ["--set", *(pair for pair in given if pair)] if any(given) else []
    words += ["--output", f"{stem_of(record)}.zarr"]
    return Recipe(shlex.join(words), tuple(files.written))


def _analysis_word(record: Mapping[str, Any], files: Beside) -> str:
    kept = model_of(record)
    return str(record["analysis"]) if kept is None else str(files.model(kept))


def _metadata_words(stored: Mapping[str, Any], files: Beside) -> list[str]:
    n_frames, times = stored["shape"][0], stored["frame_times"]
    words = []
    if stored["voxel_size"]:
        words += ["--voxel-size", ",".join(map(repr, stored["voxel_size"]))]
    if isinstance(times, Mapping) and times["start"] == 0:
        words += ["--frame-rate", repr(times["rate"])]
    elif times is not None:
        each = (np.arange(n_frames) / times["rate"] + times["start"]).tolist() if isinstance(times, Mapping) else times
        words += ["--frame-times", str(files.times(each))]
    for what in ("events", "signals"):
        if stored[what]:
            words += [f"--{what}", str(files.table(what, table_from_plain(stored[what]), n_frames))]
    if stored["exclude_frames"]:
        words += ["--exclude-frames", _spans(stored["exclude_frames"])]
    if motion := stored.get("registration"):
        words += ["--shifts", str(files.shifts(motion["shifts"])), "--interpolation", motion["interpolation"]]
    return words


def _spans(frames: Sequence[int]) -> str:
    """`0,5-7` for 0, 5, 6, 7."""
    starts = [f for f in frames if f - 1 not in set(frames)]
    stops = [f for f in frames if f + 1 not in set(frames)]
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, stops, strict=True))


def _pair(p: Parameter, value: Any, files: Beside) -> str:
    if isinstance(value, Mapping):
        table = table_from_plain(value)
        return f"{p.name}={files.table('design', table, len(table))}"
    if isinstance(value, list):
        words = [str(v) for v in value]
        if any("," in word or word != word.strip() for word in words) or (p.optional and words == ["none"]):
            raise ResultError(f"{p.name} holds a name with a comma or blanks at its end. Copy it as Python instead.")
        return f"{p.name}={','.join(map(str, value))}"
    if isinstance(value, bool):
        return f"{p.name}={str(value).lower()}"
    return f"{p.name}={'none' if value is None else value}"
