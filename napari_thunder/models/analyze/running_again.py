"""Run the analysis of a result again, as it was or changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from napari_thunder.analysis.again import OWN, model_of
from napari_thunder.analysis.own.model import model_class
from napari_thunder.analysis.protocol import Analysis
from napari_thunder.analysis.registry import make_analysis, parse_step
from napari_thunder.chaining import maps_as_recording
from napari_thunder.differences import is_difference
from napari_thunder.errors import ResultError
from napari_thunder.models.analyze.draft import MapsInput, ModelChoice
from napari_thunder.models.analyze.jobs import Request, Run
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.desk import Desk
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.parameters import build, snake_case, values
from napari_thunder.provenance import known_metadata, read_provenance
from napari_thunder.recording import Recording
from napari_thunder.regions import region_from_plain, region_to_plain


def why_not_run_again(desk: Desk, entry: ResultEntry | None) -> str:
    """Why a result cannot be run again now, as the next step to take; empty if it can."""
    if entry is None:
        return "Choose a result first."
    if not entry.finished:
        return "Wait until it is computed."
    try:
        record = read_provenance(entry.dataset)
    except ResultError as error:
        return str(error)
    if is_difference(record):
        return "A difference is made of two results: run those again, and subtract them."
    kept = model_of(record)
    if kept is not None and not desk.own_models.has(kept.text):
        function = record["model"]["function"]
        return (
            f"It was made by a model of your own, {function} in {kept.path}, as it was then. Code that a result holds "
            "is not run by itself: choose that file under Analyze (Own models) first."
        )
    if maps := (record["recording"].get("maps") or {}).get("provenance"):
        return "" if _result_of(desk, maps) else "The result that it was made of is not on the desk: open it first."
    if _recording_of(desk.datasets, record) is None:
        return f"Open its recording first, under Data: {record['recording']['uri']}."
    return ""


def run_again(desk: Desk, entry: ResultEntry) -> Run:
    """Queue the analysis of a result as it was: same recording, metadata, parameters, preprocessing and mask.

    Raises
    ------
    ThunderError
        If that cannot be; see `why_not_run_again`.
    """
    record = _known(desk, entry)
    stored = record.get("mask")
    mask = region_from_plain(stored) if stored else None
    request = Request(
        _analysis(desk, record),
        _input(desk, record),
        tuple(parse_step(step) for step in record["preprocess"]),
        mask,
        mask.name if mask is not None else "",
        regions=tuple(region_from_plain(plain) for plain in record.get("regions", ())),
    )
    return desk.jobs.submit(request)


def prepare_again(desk: Desk, entry: ResultEntry) -> None:
    """Fill in under Analyze what a result was made with, to be changed.

    Raises
    ------
    ThunderError
        If that cannot be; see `why_not_run_again`.
    """
    record = _known(desk, entry)
    steps = [parse_step(step) for step in record["preprocess"]]
    stored = record["recording"].get("maps") or {}
    of = _result_of(desk, stored["provenance"]) if stored.get("provenance") else None
    if of is None and (dataset := _recording_of(desk.datasets, record)) is not None:
        desk.datasets.make_current(dataset.key)
    maps = None if of is None else MapsInput(of.key, tuple(stored["names"]), stored["standardize"])
    desk.draft.choose_maps(maps)
    chain = [(snake_case(type(step).__name__), values(step)) for step in steps]
    if record["analysis"] == OWN:
        desk.draft.choose_model(ModelChoice(record["model"]["path"], record["model"]["function"]))
    desk.draft.take(record["analysis"], _given(desk, record), chain)
    desk.draft.restrict(_region(desk, record["mask"]) if record.get("mask") else None)
    desk.attend.emit("analyze")


def _known(desk: Desk, entry: ResultEntry) -> dict[str, Any]:
    if why := why_not_run_again(desk, entry):
        raise ResultError(why)
    return read_provenance(entry.dataset)


def _input(desk: Desk, record: Mapping[str, Any]) -> Recording:
    """The recording, or the maps, that a result was made of."""
    stored = record["recording"].get("maps") or {}
    if of := stored.get("provenance") and _result_of(desk, stored["provenance"]):
        maps = maps_as_recording(of.dataset, stored["names"], standardize=stored["standardize"])
        return maps.with_known(exclude_frames=record["recording"]["exclude_frames"])
    dataset = _recording_of(desk.datasets, record)
    assert dataset is not None
    return dataset.recording.with_known(**known_metadata(dict(record)))


def _result_of(desk: Desk, record: Mapping[str, Any]) -> ResultEntry | None:
    """The result of the desk that has this very provenance."""
    for entry in desk.results:
        if entry.finished and not entry.preview and json.loads(entry.dataset.attrs.get("provenance", "null")) == record:
            return entry
    return None


def _analysis(desk: Desk, record: Mapping[str, Any]) -> Analysis:
    kept = model_of(record)
    if kept is None:
        return make_analysis(record["analysis"], record["parameters"])
    chosen = desk.own_models.cls
    assert chosen is not None
    return build(model_class(chosen.file, record["model"]["function"]), record["parameters"])


def _recording_of(datasets: Datasets, record: Mapping[str, Any]) -> Dataset | None:
    uri = record["recording"]["uri"]
    return next((dataset for dataset in datasets if dataset.recording.uri == uri), None)


def _given(desk: Desk, record: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the analysis itself has them, its tables as tables."""
    analysis = _analysis(desk, record)
    return {name: getattr(analysis, name) for name in record["parameters"]}


def _region(desk: Desk, stored: Mapping[str, Any]) -> int:
    """The region of the desk that is this one; put there anew if it is not there any more."""
    wanted = region_from_plain(stored)
    said = region_to_plain(wanted)
    same = (region.key for region in desk.regions if region_to_plain(region)["voxels"] == said["voxels"])
    found = next(same, None)
    return desk.regions.add(wanted).key if found is None else found
