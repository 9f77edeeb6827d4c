"""What stands behind the Registration tab, without a window."""

from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.reference import Reference, ReferenceKind
from napari_thunder.models.registration.registrations import Registrations
from napari_thunder.models.registration.trial import Trial
from napari_thunder.models.registration.verdicts import Outlier

__all__ = ["Outlier", "Reference", "ReferenceKind", "RegistrationEntry", "Registrations", "Trial"]
