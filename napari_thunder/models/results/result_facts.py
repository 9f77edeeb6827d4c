"""What a list says of a result, from its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from napari_thunder.analysis.registry import analyses
from napari_thunder.differences import is_difference
from napari_thunder.errors import ResultError
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.parameters import parameters
from napari_thunder.provenance import read_provenance
from napari_thunder.tables import plain

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """What a list says of a result; empty or None where it is not known (yet).

    Parameters
    ----------
    analysis
        Its title.
    parameters
        Those that are not as by default, in one line.
    in_full
        All parameters, preprocessing, mask and versions, in lines.
    recording
        Name of the recording.
    when
        When it was finished, in local time.
    engine
        On which it was computed.
    seconds
        How long that took.
    """

    analysis: str
    parameters: str = ""
    in_full: str = ""
    recording: str = ""
    when: datetime | None = None
    engine: str = ""
    seconds: float | None = None


def facts_of(entry: ResultEntry) -> ResultFacts:
    """What is known of a result."""
    title = str(entry.dataset.attrs.get("title", "Result"))
    try:
        record = read_provenance(entry.dataset)
        return _facts(title, record)
    except (ResultError, KeyError, TypeError, ValueError):
        return _facts_of_preview(title, entry.dataset)


def _facts_of_preview(title: str, dataset: xr.Dataset) -> ResultFacts:
    """What a preview is made of, and in full what it tells of the whole brain; nothing of other results."""
    made_of = str(dataset.attrs.get("preview", ""))
    told = list(map(str, dataset.attrs.get("preview_estimates", ())))
    heading = ["Of the whole brain, with intervals of 95 %:"] if told else []
    return ResultFacts(title, made_of, "\n".join([made_of, *heading, *told]).strip())


def warnings_of(dataset: xr.Dataset) -> tuple[str, ...]:
    """What a person must know of a result before believing its numbers."""
    stored = dataset.attrs.get("warnings", ())
    return (stored,) if isinstance(stored, str) else tuple(map(str, stored))


def _facts(title: str, record: Mapping[str, Any]) -> ResultFacts:
    uri = str(record["recording"]["uri"])
    return ResultFacts(
        title,
        str(record["title"]) if is_difference(dict(record)) else _short(record),
        "\n".join(_lines(record)),
        uri.split("?")[0].rstrip("/").rsplit("/", 1)[-1].removeprefix("memory:"),
        datetime.fromisoformat(record["time"]).astimezone() if "time" in record else None,
        str(record.get("engine", "")),
        None if record.get("seconds") is None else float(record["seconds"]),
    )


def _short(record: Mapping[str, Any]) -> str:
    cls = analyses().get(record["analysis"])
    usual = {} if cls is None else {p.name: plain(p.default) for p in parameters(cls)}
    changed = [
        f"{name.replace('_', ' ')} {_said(value)}"
        for name, value in record["parameters"].items()
        if value != usual.get(name)
    ]
    steps = [str(step).split(" ")[0].replace("_", " ") for step in record["preprocess"]]
    mask = [f"in {record['mask'].get('name', 'a mask')}"] if record.get("mask") else []
    return "; ".join([", ".join(part) for part in (changed, mask, steps) if part]) or "as by default"


def _lines(record: Mapping[str, Any]) -> list[str]:
    lines = [f"{name.replace('_', ' ')}: {_said(value)}" for name, value in record["parameters"].items()]
    lines += [f"before: {step}" for step in record["preprocess"]]
    if record.get("mask"):
        lines.append(f"only in: {record['mask'].get('name', 'a mask')}")
    if excluded := record["recording"].get("exclude_frames"):
        lines.append(f"excluded frames: {len(excluded)}")
    if motion := record["recording"].get("registration"):
        lines.append(f"motion: undone as it was read ({motion['interpolation']})")
    lines.append(f"recording: {record['recording']['uri']}")
    versions = record.get("versions", {})
    return [*lines, ", ".join(f"{name} {versions[name]}" for name in ("napari-thunder", "python") if name in versions)]


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a table of {', '.join(value.get('columns', {}))}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)
