"""Results on disk: saved whole or not at all, loaded, and run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xarray as xr

from napari_thunder.analysis.again import analysis_again
from napari_thunder.chaining import maps_as_recording
from napari_thunder.differences import is_difference
from napari_thunder.engine import Engine, Job
from napari_thunder.errors import ResultError
from napari_thunder.io.whole import written_whole
from napari_thunder.pipeline import run
from napari_thunder.provenance import known_metadata, read_provenance
from napari_thunder.recording import Recording, open
from napari_thunder.regions import region_from_plain


def save_result(result: xr.Dataset, path: str | Path, *, overwrite: bool = False) -> Path:
    """Save a result as a Zarr v3 group.

    It is written beside its place and moved there when whole, so that a full disk or a crash leaves nothing
    that looks like a result.

    Parameters
    ----------
    path
        Where to; by custom it ends in `.zarr`.
    overwrite
        Whether a result that is already there may be replaced. Anything else is never replaced.

    Raises
    ------
    ResultError
        If the place is taken or cannot be written, or the dataset has no provenance.
    """
    path = Path(path).expanduser().absolute()
    if "preview" in result.attrs:
        raise ResultError(
            f"This is a preview, made of {result.attrs['preview']} on a coarse grid. "
            "Run the analysis in full to save it."
        )
    read_provenance(result)
    check_place(path, overwrite=overwrite)
    with written_whole(path, ResultError) as draft:
        _write(_plain_index(result), draft)
    return path


def load_result(path: str | Path) -> xr.Dataset:
    """Load a saved result into memory.

    Raises
    ------
    ResultError
        If there is none there, or it is damaged.
    """
    path = Path(path).expanduser().absolute()
    if not path.exists():
        raise ResultError(f"{path}: there is no such result.")
    if _is_zarr(path) and not is_result(path):
        raise ResultError(f"{path}: a Zarr, but not a result of napari-thunder (it has no provenance).")
    try:
        with xr.open_zarr(path, consolidated=False, chunks=None) as stored:
            result: xr.Dataset = stored.load()
    except Exception as error:
        raise ResultError(f"{path}: not a result this program can read ({error}).") from error
    return result


def is_result(path: str | Path) -> bool:
    """Whether a path holds a saved result; a quick look."""
    marker = Path(path) / "zarr.json"
    return marker.is_file() and '"provenance"' in marker.read_text("utf-8", errors="replace")


def _is_zarr(path: Path) -> bool:
    try:
        return "zarr_format" in json.loads((path / "zarr.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False


def rerun(
    result: xr.Dataset | str | Path,
    *,
    recording: Recording | None = None,
    engine: Engine | None = None,
    job: Job | None = None,
    model: str | Path | None = None,
) -> xr.Dataset:
    """Make a result again from its provenance; the numbers are the same.

    Parameters
    ----------
    result
        A result, or where one is saved.
    recording
        Needed only if the recording was in memory, or has moved.
    engine
        Threads when left out, whatever it was made on.
    model
        Of a result of a model of your own: its file. The result holds the text of the model, which is never run by
        itself: whoever gives one a result could have put anything there.

    Raises
    ------
    ResultError
        If the recording or the model is not what it was, or the file of the model is not given.
    """
    dataset = result if isinstance(result, xr.Dataset) else load_result(result)
    record = read_provenance(dataset)
    if is_difference(record):
        raise ResultError(
            "This is a difference of two maps, which no analysis makes: run the two results again, and subtract them "
            "(difference), or copy it as Python, which does both."
        )
    if record["analysis"] == "registration_quality":
        raise ResultError(
            "This is the judgement of a registration, which holds no shifts. Judge the registration again: "
            "napari_thunder.judge, on the command line `napari-thunder judge`."
        )
    in_memory = (record["recording"].get("maps") or {}).get("provenance")
    if recording is None and in_memory is not None:
        recording = _maps_again(record["recording"]["maps"], engine, job, model)
        recording = recording.with_known(exclude_frames=record["recording"]["exclude_frames"])
    recording = recording or recording_of(record, engine)
    if in_memory is None and recording.source.fingerprint() != record["recording"]["fingerprint"]:
        raise ResultError(
            f"{recording.uri}: the recording changed since this result was made, so the numbers would not be the "
            "same. Run the analysis anew if that is what you want."
        )
    if record["analysis"] == "registration":
        from napari_thunder.registering.again import registered_again

        return registered_again(dataset, record, recording, engine, job)
    analysis = analysis_again(record, model)
    mask = region_from_plain(record["mask"]) if record.get("mask") else None
    regions = [region_from_plain(plain) for plain in record.get("regions", ())]
    return run(analysis, recording, engine=engine, preprocess=record["preprocess"], mask=mask, regions=regions, job=job)


def _maps_again(stored: dict[str, Any], engine: Engine | None, job: Job | None, model: str | Path | None) -> Recording:
    """The maps of a result that was not saved, which is made again first."""
    before = xr.Dataset(attrs={"provenance": json.dumps(stored["provenance"])})
    made = rerun(before, engine=engine, job=job, model=model if stored["provenance"].get("model") else None)
    return maps_as_recording(made, stored["names"], standardize=stored["standardize"])


def recording_of(record: dict[str, object], engine: Engine | None = None) -> Recording:
    """Open the recording of a provenance record, with the metadata it had; by an engine if only that one sees it.

    Raises
    ------
    ResultError
        If it was in memory only.
    """
    stored = record["recording"]
    assert isinstance(stored, dict)
    if stored["uri"].startswith("memory:"):
        raise ResultError(
            "This result was made of an array in memory, which is gone. Give recording=, or save the movie to a file "
            "first."
        )
    return open(stored["uri"], engine=engine, **known_metadata(record))


def check_place(path: str | Path, *, overwrite: bool = False) -> None:
    """Check that a result may be saved there, as is well done before an analysis that takes hours.

    Raises
    ------
    ResultError
        If the place is taken or its folder does not exist.
    """
    path = Path(path).expanduser().absolute()
    if not path.parent.is_dir():
        raise ResultError(f"{path.parent}: there is no such folder to save the result in.")
    if path.exists() and not (overwrite and is_result(path)):
        hint = (
            "Choose another name, or overwrite it (overwrite=True, on the command line --overwrite)."
            if is_result(path)
            else "Choose another name."
        )
        raise ResultError(f"{path}: there is something there already. {hint}")


def _write(result: xr.Dataset, draft: Path) -> None:
    from napari_thunder.io.draft_store import DraftStore

    store = DraftStore(draft)
    try:
        result.to_zarr(store, mode="w", zarr_format=3, consolidated=False)
    finally:
        store.stop()


def _plain_index(result: xr.Dataset) -> xr.Dataset:
    """The result with text labels as plain variable-length strings, the one kind Zarr v3 specifies."""
    texts = {name: c.astype(object) for name, c in result.coords.items() if c.dtype.kind == "U"}
    return result.assign_coords(texts)
