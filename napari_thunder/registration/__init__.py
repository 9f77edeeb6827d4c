"""Registration: how far each frame moved, undoing it, and judging whether it was undone well."""

from napari_thunder.registration.registered import RegisteredSource
from napari_thunder.registration.shifts import Shifts, shifts_from_plain, shifts_to_plain

__all__ = ["RegisteredSource", "Shifts", "shifts_from_plain", "shifts_to_plain"]
