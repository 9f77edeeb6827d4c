"""Run the analysis of a result again, as it was or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_thunder.analysis.registry import make_analysis, parse_step
from napari_thunder.differences import is_difference
from napari_thunder.errors import ResultError
from napari_thunder.models.analyze.jobs import Request, Run
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.desk import Desk
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.parameters import snake_case, values
from napari_thunder.provenance import known_metadata, read_provenance
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
    record, dataset = _known(desk, entry)
    recording = dataset.recording.with_known(**known_metadata(record))
    stored = record.get("mask")
    mask = region_from_plain(stored) if stored else None
    request = Request(
        make_analysis(record["analysis"], record["parameters"]),
        recording,
        tuple(parse_step(step) for step in record["preprocess"]),
        mask,
        mask.name if mask is not None else "",
    )
    return desk.jobs.submit(request)


def prepare_again(desk: Desk, entry: ResultEntry) -> None:
    """Fill in under Analyze what a result was made with, to be changed.

    Raises
    ------
    ThunderError
        If that cannot be; see `why_not_run_again`.
    """
    record, dataset = _known(desk, entry)
    steps = [parse_step(step) for step in record["preprocess"]]
    desk.datasets.make_current(dataset.key)
    chain = [(snake_case(type(step).__name__), values(step)) for step in steps]
    desk.draft.take(record["analysis"], _given(record), chain)
    desk.draft.restrict(_region(desk, record["mask"]) if record.get("mask") else None)
    desk.attend.emit("analyze")


def _known(desk: Desk, entry: ResultEntry) -> tuple[dict[str, Any], Dataset]:
    if why := why_not_run_again(desk, entry):
        raise ResultError(why)
    record = read_provenance(entry.dataset)
    dataset = _recording_of(desk.datasets, record)
    assert dataset is not None
    return record, dataset


def _recording_of(datasets: Datasets, record: Mapping[str, Any]) -> Dataset | None:
    uri = record["recording"]["uri"]
    return next((dataset for dataset in datasets if dataset.recording.uri == uri), None)


def _given(record: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the analysis itself has them, its tables as tables."""
    analysis = make_analysis(record["analysis"], record["parameters"])
    return {name: getattr(analysis, name) for name in record["parameters"]}


def _region(desk: Desk, stored: Mapping[str, Any]) -> int:
    """The region of the desk that is this one; put there anew if it is not there any more."""
    wanted = region_from_plain(stored)
    said = region_to_plain(wanted)
    same = (region.key for region in desk.regions if region_to_plain(region)["voxels"] == said["voxels"])
    found = next(same, None)
    return desk.regions.add(wanted).key if found is None else found
