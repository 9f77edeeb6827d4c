"""What was registered, how, and with what: so that it can be done again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from napari_thunder.judging import Quality
from napari_thunder.parameters import parameters
from napari_thunder.provenance import read_provenance
from napari_thunder.registering import shifts_of
from napari_thunder.registration.settings import Registration
from napari_thunder.reporting.markup import Html, element, joined, table

_MOST_ROWS = 200


def name_of(registration: xr.Dataset) -> str:
    """A short name of the recording."""
    uri = str(read_provenance(registration)["recording"]["uri"])
    return uri.split("?")[0].rstrip("/").rsplit("/", 1)[-1].removeprefix("memory:")


def facts(registration: xr.Dataset) -> Html:
    """The recording in a line."""
    stored = read_provenance(registration)["recording"]
    t, z, y, x = stored["shape"]
    said = [f"{t} frames of {z} × {y} × {x} voxels (z, y, x)"]
    if stored["voxel_size"]:
        said.append(" × ".join(f"{s:g}" for s in stored["voxel_size"]) + " µm")
    if "time" in registration.coords and t > 1:
        times = registration["time"].values
        said.append(f"{1 / np.median(np.diff(times)):.3g} frames per second")
        said.append(f"{np.ptp(times) / 60:.1f} minutes")
    return element("p", " · ".join(said), class_="dim")


def outliers(quality: xr.Dataset) -> Html:
    """Frames to exclude, and those that were."""
    reasons = json.loads(quality.attrs["outlier_reasons"])
    frames = [int(t) for t in quality.attrs["outlier_frames"]]
    excluded = np.flatnonzero(quality["excluded"].values)
    parts = [element("h2", "Frames to exclude")]
    if frames:
        times = quality["time"].values if "time" in quality.coords else None
        rows = [
            (str(t), "" if times is None else f"{times[t]:.2f}", "; ".join(reasons.get(str(t), ())))
            for t in frames[:_MOST_ROWS]
        ]
        more = len(frames) - len(rows)
        parts.append(element("p", f"{len(frames)} outliers. As an option: ", element("code", _option(frames))))
        parts.append(table(("Frame", "Time (s)", "Why"), rows, numbers=(0, 1)))
        parts.append(element("p", f"And {more} more.") if more else Html(""))
    else:
        parts.append(element("p", "No frame stands out."))
    already = f"Excluded before: {ranges(excluded)}." if len(excluded) else "No frame was excluded before."
    return joined(*parts, element("p", already, class_="dim"))


def made_with(registration: xr.Dataset, quality: xr.Dataset | None) -> Html:
    """Parameters, fingerprint, engines and versions."""
    record = read_provenance(registration)
    stored, shifts = record["recording"], shifts_of(registration)
    rows = [
        ("Recording", stored["uri"]),
        ("Format", stored["format"]),
        ("Fingerprint", stored["fingerprint"]),
        ("Kind of shifts", f"{shifts.kind}, {' × '.join(map(str, shifts.grid))} blocks (z, y, x)"),
        ("Digest of the shifts", shifts.digest),
        ("Excluded frames", ranges(stored["exclude_frames"]) or "none"),
        ("Mask", str((record.get("mask") or {}).get("name", "none"))),
        ("Registered", f"{record['time']} on {record['engine']}{_seconds(record)}"),
    ]
    parts = [element("h2", "Made with"), table(("What", ""), [(a, b) for a, b in rows])]
    parts += [element("h3", "Parameters of the registration"), _parameters(record["parameters"], Registration)]
    if quality is not None:
        judged = read_provenance(quality)
        parts += [element("h3", "Parameters of the judgement"), _parameters(judged["parameters"], Quality)]
        parts.append(element("p", f"Judged {judged['time']} on {judged['engine']}{_seconds(judged)}.", class_="dim"))
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return joined(*parts, element("p", versions, class_="dim"))


def ranges(frames: Iterable[int]) -> str:
    """Frames as spans: 3, 7–9."""
    spans: list[list[int]] = []
    for t in sorted(int(f) for f in frames):
        if spans and t == spans[-1][1] + 1:
            spans[-1][1] = t
        else:
            spans.append([t, t])
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)


def _option(frames: list[int]) -> str:
    return "--exclude-frames " + ranges(frames).replace("–", "-").replace(" ", "")


def _parameters(given: dict[str, Any], cls: type) -> Html:
    labels = {p.name: p.label for p in parameters(cls)}
    return table(("Parameter", "Value"), [(labels.get(name, name), _value(value)) for name, value in given.items()])


def _value(value: Any) -> str:
    if value is None:
        return "not given"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _seconds(record: dict[str, Any]) -> str:
    return f", {record['seconds']:.1f} s" if record.get("seconds") else ""
