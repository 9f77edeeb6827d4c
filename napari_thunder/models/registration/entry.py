"""One registration of a recording on the desk, and how good it was found to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from napari_thunder.errors import ResultError
from napari_thunder.judging import Verdict, verdict_of
from napari_thunder.models.registration.verdicts import EpochVerdict, Outlier, epochs_of, outliers_of
from napari_thunder.provenance import read_provenance
from napari_thunder.registering import shifts_of
from napari_thunder.registration.apply import INTERPOLATIONS, Interpolation
from napari_thunder.registration.shifts import Shifts

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class RegistrationEntry:
    """A registration on the desk; it never changes, another one takes its place.

    Parameters
    ----------
    key
        Stays the same while it is being filled, judged and saved.
    dataset
        Key of the recording it is of.
    name
        Of its own, for lists.
    registration
        As `napari_thunder.register` gives it: shifts, confidence, correlation of the frames, template.
    quality
        As `napari_thunder.judge` gives it; None while it was not judged.
    finished
        Whether all frames were estimated.
    path
        The file it is saved in as it is; empty while it is not saved.
    judgement
        Number of its judgement, another one whenever it is judged anew.
    """

    key: int
    dataset: int
    name: str
    registration: xr.Dataset
    quality: xr.Dataset | None = None
    finished: bool = True
    path: str = ""
    judgement: int = 0

    @cached_property
    def shifts(self) -> Shifts:
        """Of all frames; NaN where they are still to come."""
        return shifts_of(self.registration)

    @cached_property
    def interpolation(self) -> Interpolation:
        """Between voxels, as it was set for this registration."""
        return interpolation_of(self.registration)

    @cached_property
    def verdict(self) -> Verdict | None:
        """What came of judging it."""
        return None if self.quality is None else verdict_of(self.quality)

    @cached_property
    def epochs(self) -> tuple[EpochVerdict, ...]:
        """What came of judging it by conditions, if that was asked for."""
        return () if self.quality is None else epochs_of(self.quality)

    @cached_property
    def outliers(self) -> tuple[Outlier, ...]:
        """Frames that stand out, with the reason, in their order; none while it was not judged."""
        return () if self.quality is None else outliers_of(self.quality)

    def read(self) -> None:
        """Take the time here that shifts, verdict and outliers take when they are asked for first."""
        _ = self.shifts.digest, self.verdict, self.outliers, self.epochs

    @property
    def state(self) -> Literal["running", "done", "saved"]:
        """What has become of it."""
        if not self.finished:
            return "running"
        return "saved" if self.path else "done"


def interpolation_of(registration: xr.Dataset) -> Interpolation:
    """How a registration is to be applied, as it was set when it was made; linear where that is not known."""
    try:
        said = read_provenance(registration).get("parameters", {}).get("interpolation")
    except ResultError:
        said = None
    return next((known for known in INTERPOLATIONS if known == said), "linear")
