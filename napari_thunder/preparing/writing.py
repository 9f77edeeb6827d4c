"""Writing a recording as a store, by all workers of an engine at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from napari_thunder.blocks import Block
from napari_thunder.engine import Engine, Job
from napari_thunder.engine.protocol import BlockFunction
from napari_thunder.errors import RecordingError
from napari_thunder.io.regions.mask import MaskLike
from napari_thunder.io.storing.checksums import Verification, verify_store
from napari_thunder.io.storing.draft_source import DraftSource
from napari_thunder.io.storing.errands import Begin, Finish, Look, Verify, draft_of
from napari_thunder.io.storing.layout import StoreLayout
from napari_thunder.io.storing.units import WriteImage, WriteSeries, image_unit, series_unit
from napari_thunder.pipeline import default_engine
from napari_thunder.preparing import planning
from napari_thunder.preparing.asking import ask
from napari_thunder.preparing.cropping import Crop
from napari_thunder.preparing.plan import PreparationPlan
from napari_thunder.preparing.planning import place_of
from napari_thunder.preparing.record import header_of, request_for
from napari_thunder.preparing.settings import Preparation
from napari_thunder.recording import Recording, open


def prepare(
    recording: Recording,
    path: str | Path,
    settings: Preparation | None = None,
    *,
    mask: MaskLike | None = None,
    engine: Engine | None = None,
    job: Job | None = None,
    restart: bool = False,
) -> Recording:
    """Write a recording as a store that is fast to look at and to analyse.

    The store is an OME-Zarr 0.5 with a pyramid for viewing, beside the same voxels chunked for time series, and all
    that is known of the recording. Motion that is undone on reading (`Recording.registered`) is undone for good. It is
    made in a folder beside its place, `STORE.preparing`; whatever is killed or cancelled meanwhile, the same call goes
    on where it was stopped, and the bytes are the same in the end. The source is read once, but for a few frames to
    plan by.

    Parameters
    ----------
    recording
        From `open`.
    path
        Where the store shall be, as the engine's workers see it; by custom named `*.ome.zarr`.
    settings
        What to make of it.
    mask
        Keep these voxels only: a `Region`, an array (z, y, x) of the recording that is not 0 there, or a file of
        regions or labels. The recording's own mask if left out. The others are 0 (NaN in float), and chunks of nothing
        else are not written.
    engine
        From `connect`; threads of this process when left out.
    job
        To watch and to cancel it.
    restart
        Whether to begin anew if it was begun before.

    Returns
    -------
    Recording
        The store, opened.

    Raises
    ------
    ParameterError
        If settings do not fit the recording.
    RecordingError
        If there is something at the place, the disk has not enough room or becomes full, the recording or the settings
        are others than when it was begun, or the recording cannot be read.
    """
    settings = settings or Preparation()
    engine = engine or default_engine()
    job = job or Job(f"Prepare {recording.name}")
    place = place_of(path)
    with job.running():
        recording = recording.without_frames(int(f) for f in settings.exclude_frames)
        request = request_for(recording, settings, mask)
        found = ask(engine, recording, Look(place), job)
        _check_free(place, found)
        begun = "request" in found and not restart
        if begun:
            _check_same(place, found["request"], request)
        ticket = ""
        if not (begun and found.get("whole")):
            if not begun:
                found = _begin(recording, place, settings, mask, engine, job)
            _write(recording, place, found, Crop.of(settings, recording), engine, job)
            ticket = found["ticket"]
        with job.stage(0.98, 1.0, "finishing"):
            said = ask(engine, recording, Finish(place, ticket), job)
        job.advance(1.0, _clipped(said["clipped"]))
        return open(place, engine=engine)


def plan_preparation(
    recording: Recording,
    path: str | Path,
    settings: Preparation | None = None,
    *,
    mask: MaskLike | None = None,
    engine: Engine | None = None,
    job: Job | None = None,
) -> PreparationPlan:
    """What `prepare` would make, and what it needs: chunks, shards, room on the disk, memory; parameters as there.

    A few frames are read, to find the brain if that is asked for, and to measure how small they become.

    Raises
    ------
    ParameterError
        If settings do not fit the recording.
    RecordingError
        If the place cannot be written to, or the recording not be read.
    """
    job = job or Job(f"Plan to prepare {recording.name}")
    with job.running():
        return planning.plan_preparation(
            recording, path, settings, mask=mask, engine=engine or default_engine(), job=job
        )


def verify(path: str | Path, *, engine: Engine | None = None, job: Job | None = None) -> Verification:
    """Compare every shard of a prepared store with its checksum.

    Parameters
    ----------
    path
        The store.
    engine
        Of which a worker does it, where only those see the disk; this process when left out.
    job
        To watch and to cancel it.

    Raises
    ------
    RecordingError
        If there is no store with checksums.
    """
    place = Path(path).expanduser().absolute()
    job = job or Job(f"Verify {place.name}")
    with job.running():
        if engine is None:
            return verify_store(place, progress=partial(_watch, job))
        said = ask(engine, open(place, engine=engine), Verify(str(place)), job)
        return Verification(**said | {name: tuple(said[name]) for name in ("damaged", "missing")})


def _clipped(said: dict[str, int]) -> str:
    """What of the values could not be kept, in words."""
    words = {
        "below": "values were below what the type can hold and were raised to it",
        "above": "values were above what the type can hold and were lowered to it",
        "not_numbers": "values were not numbers and became 0",
    }
    return "; ".join(f"{said[name]:,} {text}" for name, text in words.items() if said[name])


def _watch(job: Job, fraction: float) -> None:
    job.check()
    job.advance(fraction)


def _check_free(place: str, found: dict[str, Any]) -> None:
    if found["taken"]:
        raise RecordingError(f"{place}: there is something already. Choose another name, or remove it first.")


def _check_same(place: str, begun: dict[str, Any], asked: dict[str, Any]) -> None:
    """Raise unless what was begun is what is asked for."""
    other = [name for name in begun["parameters"] if begun["parameters"][name] != asked["parameters"].get(name)]
    words = {
        "recording": "the recording",
        "shape": "the recording",
        "mask": "the mask",
        "metadata": "what is known of it",
    }
    changed = list(dict.fromkeys(words[name] for name in words if begun[name] != asked[name]))
    if other or changed:
        what = ", ".join([*changed, *(f"{n}={begun['parameters'][n]!r} then" for n in other)])
        raise RecordingError(
            f"{draft_of(place)}: was begun otherwise; since then changed: {what}. Ask for the same to go on, or begin "
            "anew (restart=True, on the command line --restart)."
        )


def _begin(
    recording: Recording, place: str, settings: Preparation, mask: MaskLike | None, engine: Engine, job: Job
) -> dict[str, Any]:
    """Plan a store and begin it; what there is to do, as `Look` says it of one that was begun before."""
    plan = planning.plan_preparation(recording, place, settings, mask=mask, engine=engine, job=job, share=0.05)
    plan.check_room()
    begin = Begin(place, header_of(plan, recording, request_for(recording, settings, mask), engine))
    return {"layout": plan.layout.to_plain(), "done": []} | ask(engine, recording, begin, job)


def _write(recording: Recording, place: str, work: dict[str, Any], crop: Crop, engine: Engine, job: Job) -> None:
    """Do what is not done yet."""
    folder, ticket, done = draft_of(place), work["ticket"], set(work["done"])
    layout = StoreLayout.from_plain(work["layout"])
    stretches = [crop.block(b.index, b.times) for b in layout.stretches() if image_unit(b.index) not in done]
    wanted = {index for index in work["columns"] if series_unit(index) not in done}
    columns = [block for block in layout.columns() if block.index in wanted]
    source = DraftSource(folder, ticket, layout.shape, layout.voxel_type, layout.levels[0].chunk)
    with job.stage(0.05, 0.7, "writing the image"):
        _map(engine, WriteImage(folder, ticket), recording, stretches, job)
    with job.stage(0.7, 0.98, "writing the time series"):
        _map(engine, WriteSeries(folder, ticket), Recording(source), columns, job)


def _map(engine: Engine, function: BlockFunction, recording: Recording, blocks: Sequence[Block], job: Job) -> None:
    if blocks:
        for _ in engine.map(function, recording, blocks, job, keep=False):
            pass
