"""The work behind the Registration tab, as it is done on threads of its own; everything here blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_thunder.engine import Engine, Job
from napari_thunder.engine.blas import ONE_BLAS_THREAD
from napari_thunder.errors import RegistrationError, ResultError
from napari_thunder.judging import judge
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.given_shifts import registration_by
from napari_thunder.models.registration.reference import Opens, Reference, ReferenceKind, looked_up
from napari_thunder.models.registration.trial import Trial
from napari_thunder.models.registration.trying import Wish, tried
from napari_thunder.recording import Recording
from napari_thunder.registering import RegistrationProgress, shifts_of, stream_registration
from napari_thunder.registration.quality import Quality
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shift_files import Convention, read_shifts, write_shifts
from napari_thunder.reporting import report
from napari_thunder.result import is_result, load_result, save_result

if TYPE_CHECKING:
    import xarray as xr


_ZARR, _QUALITY = ".zarr", ".quality.zarr"


class Works:
    """Registers, tries, judges, reads and writes.

    Parameters
    ----------
    open_recording
        Opens references, as `Desk.open_recording`.
    """

    def __init__(self, open_recording: Opens) -> None:
        self._open = open_recording

    def register(
        self, recording: Recording, settings: Registration, reference: Reference, engine: Engine, job: Job
    ) -> Iterator[RegistrationProgress]:
        """Register a recording and yield how far it is."""
        if reference.kind is ReferenceKind.FRAMES and not reference.why_not(recording):
            settings = replace(settings, chosen_frames=tuple(map(float, range(*reference.frames))))
            reference = Reference()
        found = looked_up(reference, recording, engine, self._open, job)
        with ONE_BLAS_THREAD:
            yield from stream_registration(recording, settings, **found, engine=engine, job=job)

    def try_out(self, wish: Wish, engine: Engine, job: Job) -> Trial:
        """Try a registration on few frames of a small box."""
        return tried(wish, engine, self._open, job)

    def judge(
        self, recording: Recording, entry: RegistrationEntry, settings: Quality, engine: Engine, job: Job
    ) -> xr.Dataset:
        """Judge a registration of a recording; as it is interpolated where it is used."""
        settings = replace(settings, interpolation=entry.interpolation)
        with ONE_BLAS_THREAD:
            return judge(recording, entry.registration, settings, engine=engine, job=job)

    def load(
        self, recording: Recording, path: str, convention: Convention | None = None
    ) -> tuple[str, xr.Dataset, xr.Dataset | None, str]:
        """A registration from a Zarr, or from a file of shifts in this convention; see `read_shifts`.

        Returns
        -------
        name, registration
        quality
            Its judgement, if that was saved with it.
        path
            Where it is saved as it is; empty for a table.

        Raises
        ------
        ThunderError
            If it is not there, damaged, something else, or of another recording.
        """
        if not path.rstrip("/").endswith(_ZARR):
            shifts = read_shifts(path, recording.shape, voxel_size=recording.voxel_size, convention=convention)
            return Path(path).name, registration_by(shifts, recording, path), None, ""
        if path.rstrip("/").endswith(_QUALITY):
            path = f"{path.rstrip('/').removesuffix(_QUALITY)}{_ZARR}"
        registration = load_result(path)
        if registration.attrs.get("analysis") != "registration":
            what = registration.attrs.get("title", "something else")
            raise RegistrationError(f"{path}: this is a result ({what}), not a registration. Load it under Results.")
        recording.registered(shifts_of(registration))
        beside = quality_path(path)
        return Path(path).stem, registration, load_result(beside) if is_result(beside) else None, path

    def save(self, entry: RegistrationEntry, path: str, overwrite: bool) -> None:
        """Save a registration, and its judgement beside it.

        Raises
        ------
        ResultError
            If the place is taken or cannot be written.
        """
        save_result(entry.registration, path, overwrite=overwrite)
        if entry.quality is not None:
            save_result(entry.quality, quality_path(path), overwrite=overwrite)

    def report(self, entry: RegistrationEntry, path: str) -> None:
        """Write an HTML page on a registration.

        Raises
        ------
        ThunderError
            If it was not judged yet, or cannot be written.
        """
        if entry.quality is None:
            raise ResultError("The registration was not judged yet. Judge it first, then write the report.")
        report(entry.registration, entry.quality, path)

    def export_csv(self, entry: RegistrationEntry, path: str) -> None:
        """Write the shifts as a table."""
        write_shifts(entry.shifts, path)


def quality_path(path: str | Path) -> Path:
    """Where the judgement of a registration is saved: `fish.quality.zarr` beside `fish.zarr`."""
    path = Path(path)
    return path.with_name(path.name.removesuffix(_ZARR) + _QUALITY)
