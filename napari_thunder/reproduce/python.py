"""A result's provenance as a Python program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

import napari_thunder
from napari_thunder.analysis.again import model_of
from napari_thunder.analysis.registry import analyses
from napari_thunder.differences import is_difference
from napari_thunder.errors import ResultError
from napari_thunder.provenance import read_provenance
from napari_thunder.registration.settings import Registration
from napari_thunder.reproduce.beside import Beside
from napari_thunder.reproduce.recipe import GONE, Recipe, is_registration, parameters_of, stem_of
from napari_thunder.tables import table_from_plain

_INLINE = 400
"""Numbers that a person still scrolls over in a program; more go to a file."""

_SIMULATED = re.compile(r"memory:simulated zebrafish (\d+)")


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
    writer.lines += ["", f"nt.save_result({name}, {stem_of(record) + '.zarr'!r}, overwrite=True)"]
    return Recipe("\n".join([*_heading(record), *writer.imports(), "", *writer.lines, ""]), tuple(writer.files))


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
        files = Beside(self.folder, stem_of(record) + mark)
        more: list[str] = []
        if record.get("engine", "threads") != "threads":
            self.lines.append(f"engine{mark} = nt.connect({record['engine']!r})")
            more.append(f"engine=engine{mark}")
        recording = self._recording(record["recording"], files, more, mark)
        self.lines.append(f"recording{mark} = {recording}")
        self.lines.append(f"analysis{mark} = {self._analysis(record, files)}")
        if record["preprocess"]:
            more.append(f"preprocess={record['preprocess']!r}")
        if record.get("mask"):
            more.append(f"mask={str(files.mask(record['mask']))!r}")
        if record.get("regions"):
            more.append(f"regions={str(files.regions(record['regions']))!r}")
        call, first = ("nt.run", [f"analysis{mark}", f"recording{mark}"])
        if is_registration(record):
            call, first = "nt.register", [f"recording{mark}", f"analysis{mark}"]
        self.lines.append(f"result{mark} = {call}({', '.join([*first, *more])})")
        self.files += files.written
        return f"result{mark}"

    def _difference(self, record: Mapping[str, Any], mark: str) -> str:
        operands, chosen = [], []
        for letter, operand in zip("ab", record["of"], strict=True):
            operands.append(self.result(operand["provenance"], f"{mark}_{letter}"))
            chosen.append(f"nt.MapChoice({operand['map']!r}, {tuple(operand['at'])!r})")
        self.lines.append(f"result{mark} = nt.difference({', '.join([*operands, *chosen])})")
        return f"result{mark}"

    def _recording(self, stored: Mapping[str, Any], files: Beside, more: Sequence[str], mark: str) -> str:
        known = [f"{name}={code}" for name, code in self._metadata(stored, files)]
        if simulated := _SIMULATED.fullmatch(stored["uri"]):
            made = f"nt.simulate(shape={tuple(stored['shape'])}, seed={simulated[1]})"
            return f"{made}.with_known({', '.join(known)})" + self._registered(stored, files)
        if of_maps := (stored.get("maps") or {}).get("provenance"):
            before = self.result(of_maps, f"{mark}_of")
            scaled = ", standardize=True" if stored["maps"]["standardize"] else ""
            known = [f"exclude_frames={stored['exclude_frames']!r}"] if stored["exclude_frames"] else []
            made = f"nt.maps_as_recording({before}, {stored['maps']['names']!r}{scaled})"
            return f"{made}.with_known({known[0]})" if known else made
        if stored["uri"].startswith("memory:"):
            raise ResultError(GONE)
        return _call("nt.open", [repr(stored["uri"]), *known, *more]) + self._registered(stored, files)

    def _registered(self, stored: Mapping[str, Any], files: Beside) -> str:
        if not stored.get("registration"):
            return ""
        path, way = str(files.shifts(stored["registration"]["shifts"])), stored["registration"]["interpolation"]
        return f".registered(nt.read_shifts({path!r}, {tuple(stored['shape'])}), {way!r})"

    def _metadata(self, stored: Mapping[str, Any], files: Beside) -> list[tuple[str, str]]:
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

    def _times(self, stored: Any, n_frames: int, files: Beside) -> tuple[str, str]:
        if isinstance(stored, Mapping) and stored["start"] == 0:
            return "frame_rate", repr(stored["rate"])
        if isinstance(stored, Mapping):
            self._modules.add("np")
            return "frame_times", f"np.arange({n_frames}) / {stored['rate']!r} + {stored['start']!r}"
        if len(stored) <= _INLINE:
            return "frame_times", repr(list(stored))
        self._modules.add("np")
        return "frame_times", f"np.loadtxt({str(files.times(stored))!r})"

    def _table(self, what: str, stored: Mapping[str, Any], n_frames: int, files: Beside) -> str:
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

    def _analysis(self, record: Mapping[str, Any], files: Beside) -> str:
        cls = Registration if is_registration(record) else analyses().get(record["analysis"])
        n_frames = record["recording"]["shape"][0]
        given = []
        for p in parameters_of(record):
            value = record["parameters"].get(p.name)
            table = p.kind == "table" and isinstance(value, Mapping)
            code = self._table("design", value, n_frames, files) if table else repr(_as_tuple(value))
            given.append(f"{p.name}={code}")
        kept = model_of(record)
        if kept is not None:
            return _call("nt.own_model", [repr(str(files.model(kept))), repr(record["model"]["function"]), *given])
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


def _heading(record: Mapping[str, Any]) -> list[str]:
    name = record["recording"]["uri"].rstrip("/").rsplit("/", 1)[-1].removeprefix("memory:")
    what = record.get("title") or record["analysis"].replace("_", " ")
    version = record.get("versions", {}).get("napari-thunder", "")
    words = f"{what} of {name}, as made on {record.get('time', '')[:10]} by napari-thunder {version}"
    return [f'"""{words[0].upper() + words[1:]}."""', ""]
