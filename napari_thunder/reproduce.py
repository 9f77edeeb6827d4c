"""A result's provenance as a program: Python, or a command line, that gives the same numbers again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import napari_thunder
from napari_thunder.analysis.registry import analyses
from napari_thunder.differences import is_difference
from napari_thunder.errors import ResultError
from napari_thunder.events import read_design, read_events, read_signals
from napari_thunder.parameters import Parameter, parameters
from napari_thunder.provenance import read_provenance
from napari_thunder.regions import region_from_plain
from napari_thunder.tables import table_from_plain

_INLINE = 400
"""Numbers that a person still scrolls over in a program; more go to a file."""

_SIMULATED = re.compile(r"memory:simulated zebrafish (\d+)")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a result is made again.

    Parameters
    ----------
    text
        A Python program, or a command line.
    files
        What it needs beside the recording, written for it.
    """

    text: str
    files: tuple[Path, ...] = ()


def as_python(result: xr.Dataset, folder: str | Path | None = None) -> Recipe:
    """The Python program that makes a result again; its numbers are the same to the last bit.

    Metadata given by hand stand in the program itself; long tables go to files.

    Parameters
    ----------
    result
        Any result, a difference too.
    folder
        Where files go; needed only where there are any.

    Raises
    ------
    ResultError
        If the recording was in memory only, or a folder is needed and none is given or it cannot be written.
    """
    writer = _Python(Path(folder).expanduser().absolute() if folder is not None else None)
    record = read_provenance(result)
    name = writer.result(record, "")
    writer.lines += ["", f"nt.save_result({name}, {_stem(record) + '.zarr'!r}, overwrite=True)"]
    return Recipe("\n".join([*_heading(record), *writer.imports(), "", *writer.lines, ""]), tuple(writer.files))


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
    if stored["uri"].startswith("memory:"):
        raise ResultError(_GONE)
    files = _Files(Path(folder).expanduser().absolute() if folder is not None else None, _stem(record))
    words = ["napari-thunder", "run", record["analysis"], stored["uri"], *_metadata_words(stored, files)]
    if record.get("engine", "threads") != "threads":
        words += ["--engine", record["engine"]]
    if record["preprocess"]:
        words += ["--preprocess", *record["preprocess"]]
    if record.get("mask"):
        words += ["--mask", str(files.mask(record["mask"]))]
    given = [_pair(p, record["parameters"].get(p.name), files) for p in _parameters_of(record)]
    words += ["--set", *(pair for pair in given if pair)] if any(given) else []
    words += ["--output", f"{_stem(record)}.zarr"]
    return Recipe(shlex.join(words), tuple(files.written))


def needs_folder(result: xr.Dataset, *, command_line: bool) -> bool:
    """Whether making it again takes files that have to be written somewhere; looks only."""
    try:
        (as_command_line if command_line else as_python)(result)
    except _NeedsFolderError:
        return True
    return False


_GONE = (
    "This result was made of a movie in memory, which no program can open again. Save the movie to a file, open that, "
    "and run the analysis anew."
)


class _NeedsFolderError(ResultError):
    """There are files to be written, and no folder to write them to."""


@dataclass
class _Files:
    """Writes what does not fit into a program, each in a form that is read back exactly."""

    folder: Path | None
    stem: str
    written: list[Path] = field(default_factory=list)

    def table(self, what: str, table: pd.DataFrame, n_frames: int) -> Path:
        path = self._path(f"{what}.csv")
        named = table.index.name is not None
        self._write(path, lambda draft: table.to_csv(draft, index=named))
        if not _same_table(_READERS[what](path, n_frames), table):
            path.unlink(missing_ok=True)
            raise ResultError(f"The {what} of this result cannot be written as CSV exactly. Copy it as Python instead.")
        return path

    def times(self, times: Sequence[float]) -> Path:
        path = self._path("frame-times.txt")
        self._write(path, lambda draft: draft.write_text("\n".join(map(repr, times)) + "\n", "utf-8"))
        return path

    def mask(self, stored: Mapping[str, Any]) -> Path:
        import tifffile

        region = region_from_plain(stored)
        labels = np.zeros(region.volume, np.uint8)
        labels[region.box] = region.mask
        path = self._path("mask.tif")
        self._write(
            path, lambda draft: tifffile.imwrite(draft, labels, photometric="minisblack", metadata={"axes": "ZYX"})
        )
        return path

    def _path(self, name: str) -> Path:
        if self.folder is None:
            raise _NeedsFolderError("Say in which folder the tables that this needs shall be written (folder=).")
        return self.folder / f"{self.stem}-{name}"

    def _write(self, path: Path, write: Any) -> None:
        draft = path.with_name(f".{path.stem}-draft{path.suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(draft)
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ResultError(f"{path}: cannot be written ({error.strerror or error}).") from error
        self.written.append(path)


_READERS: Mapping[str, Any] = {
    "events": lambda path, _: read_events(path),
    "signals": lambda path, n_frames: read_signals(path, n_frames=n_frames),
    "design": lambda path, n_frames: read_design(path, n_frames),
}


def _same_table(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(
            a, b, check_dtype=False, check_exact=True, check_index_type=False, check_names=False
        )
    except AssertionError:
        return False
    return True


class _Python:
    """Puts a program together."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.files: list[Path] = []
        self._modules: set[str] = set()

    def imports(self) -> list[str]:
        others = {"np": "import numpy as np", "pd": "import pandas as pd"}
        found = [others[name] for name in sorted(self._modules)]
        return [*found, "", "import napari_thunder as nt"] if found else ["import napari_thunder as nt"]

    def result(self, record: Mapping[str, Any], mark: str) -> str:
        """Lines that make a result; returns the name of its variable."""
        if is_difference(dict(record)):
            return self._difference(record, mark)
        files = _Files(self.folder, _stem(record) + mark)
        more: list[str] = []
        if record.get("engine", "threads") != "threads":
            self.lines.append(f"engine{mark} = nt.connect({record['engine']!r})")
            more.append(f"engine=engine{mark}")
        self.lines.append(f"recording{mark} = {self._recording(record['recording'], files, more)}")
        self.lines.append(f"analysis{mark} = {self._analysis(record, files)}")
        if record["preprocess"]:
            more.append(f"preprocess={record['preprocess']!r}")
        if record.get("mask"):
            more.append(f"mask={str(files.mask(record['mask']))!r}")
        self.lines.append(f"result{mark} = nt.run({', '.join([f'analysis{mark}', f'recording{mark}', *more])})")
        self.files += files.written
        return f"result{mark}"

    def _difference(self, record: Mapping[str, Any], mark: str) -> str:
        operands, chosen = [], []
        for letter, operand in zip("ab", record["of"], strict=True):
            operands.append(self.result(operand["provenance"], f"{mark}_{letter}"))
            chosen.append(f"nt.MapChoice({operand['map']!r}, {tuple(operand['at'])!r})")
        self.lines.append(f"result{mark} = nt.difference({', '.join([*operands, *chosen])})")
        return f"result{mark}"

    def _recording(self, stored: Mapping[str, Any], files: _Files, more: Sequence[str]) -> str:
        known = [f"{name}={code}" for name, code in self._metadata(stored, files)]
        if simulated := _SIMULATED.fullmatch(stored["uri"]):
            made = f"nt.simulate(shape={tuple(stored['shape'])}, seed={simulated[1]})"
            return f"{made}.with_known({', '.join(known)})"
        if stored["uri"].startswith("memory:"):
            raise ResultError(_GONE)
        return _call("nt.open", [repr(stored["uri"]), *known, *more])

    def _metadata(self, stored: Mapping[str, Any], files: _Files) -> list[tuple[str, str]]:
        n_frames = stored["shape"][0]
        found = []
        if stored["voxel_size"]:
            found.append(("voxel_size", repr(tuple(stored["voxel_size"]))))
        if stored["frame_times"] is not None:
            found.append(self._times(stored["frame_times"], n_frames, files))
        for what in ("events", "signals"):
            if stored[what]:
                found.append((what, self._table(what, stored[what], n_frames, files)))
        if stored["exclude_frames"]:
            found.append(("exclude_frames", repr(stored["exclude_frames"])))
        return found

    def _times(self, stored: Any, n_frames: int, files: _Files) -> tuple[str, str]:
        if isinstance(stored, Mapping) and stored["start"] == 0:
            return "frame_rate", repr(stored["rate"])
        if isinstance(stored, Mapping):
            self._modules.add("np")
            return "frame_times", f"np.arange({n_frames}) / {stored['rate']!r} + {stored['start']!r}"
        if len(stored) <= _INLINE:
            return "frame_times", repr(list(stored))
        self._modules.add("np")
        return "frame_times", f"np.loadtxt({str(files.times(stored))!r})"

    def _table(self, what: str, stored: Mapping[str, Any], n_frames: int, files: _Files) -> str:
        size = len(stored["index"]) * (len(stored["columns"]) + 1)
        if size > _INLINE:
            return repr(str(files.table(what, table_from_plain(stored), n_frames)))
        self._modules.add("pd")
        columns = ", ".join(
            f"{name!r}: {_values_code(values, name in stored.get('floats', ()))}"
            for name, values in stored["columns"].items()
        )
        plain_index = stored["index_name"] is None and stored["index"] == list(range(len(stored["index"])))
        index = "" if plain_index else f", index=pd.Index({stored['index']!r}, name={stored['index_name']!r})"
        return f"pd.DataFrame({{{columns}}}{index})"

    def _analysis(self, record: Mapping[str, Any], files: _Files) -> str:
        cls = analyses().get(record["analysis"])
        n_frames = record["recording"]["shape"][0]
        given = []
        for p in _parameters_of(record):
            value = record["parameters"].get(p.name)
            table = p.kind == "table" and isinstance(value, Mapping)
            code = self._table("design", value, n_frames, files) if table else repr(_as_tuple(value))
            given.append(f"{p.name}={code}")
        public = cls is not None and getattr(cls, "__name__", "") in napari_thunder.__all__
        name = f"nt.{getattr(cls, '__name__', '')}" if public else f"nt.analyses()[{record['analysis']!r}]"
        return _call(name, given)


def _call(name: str, given: Sequence[str]) -> str:
    """A call in one line, or one argument a line if that is too long."""
    one_line = f"{name}({', '.join(given)})"
    return one_line if len(one_line) <= 100 else f"{name}(\n" + "".join(f"    {part},\n" for part in given) + ")"


def _values_code(values: Sequence[Any], floats: bool) -> str:
    if not floats:
        return repr(list(values))
    return f"[{', '.join(map(_float_code, values))}]"


def _float_code(value: float | str | None) -> str:
    """NaN is kept as None, infinity as text."""
    if value is None or isinstance(value, str):
        return f"float({value or 'nan'!r})"
    return repr(float(value))


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _metadata_words(stored: Mapping[str, Any], files: _Files) -> list[str]:
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
    return words


def _spans(frames: Sequence[int]) -> str:
    """`0,5-7` for 0, 5, 6, 7."""
    starts = [f for f in frames if f - 1 not in set(frames)]
    stops = [f for f in frames if f + 1 not in set(frames)]
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, stops, strict=True))


def _pair(p: Parameter, value: Any, files: _Files) -> str:
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


def _parameters_of(record: Mapping[str, Any]) -> tuple[Parameter, ...]:
    cls = analyses().get(record["analysis"])
    if cls is None:
        raise ResultError(f"There is no analysis {record['analysis']!r} in this version of napari-thunder.")
    return tuple(p for p in parameters(cls) if p.name in record["parameters"])


def _heading(record: Mapping[str, Any]) -> list[str]:
    name = record["recording"]["uri"].rstrip("/").rsplit("/", 1)[-1].removeprefix("memory:")
    what = record.get("title") or record["analysis"].replace("_", " ")
    version = record.get("versions", {}).get("napari-thunder", "")
    words = f"{what} of {name}, as made on {record.get('time', '')[:10]} by napari-thunder {version}"
    return [f'"""{words[0].upper() + words[1:]}."""', ""]


def _stem(record: Mapping[str, Any]) -> str:
    return str(record["analysis"])
